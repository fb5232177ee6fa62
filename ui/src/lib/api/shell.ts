// Generated from the shell's own shapes by `make bindings`. Do not edit.
import type { Connection, OutputEvent } from "./bindings";

export type Message<T> = { frame: number, item: T, } | { frame: number, ended: true, };
export type OutputFrame = { events: Array<OutputEvent>, end: boolean, };
export type AppInfo = { version: string, dataDir: string, homeDir: string, platform: string, recovered?: Recovered, };
export type Recovered = { setAside?: string, backupTakenAt?: number, };
export type CloseQuestion = { running: number, waiting: number, leads: Leads, };
export type Leads = "toTray" | "toEnd";
export type CloseAnswer = "cancel" | "background" | "stopAll";
export type DoorStates = { socket: DoorState, http: DoorState, grpc: DoorState, };
export type DoorState = { "state": "shut" } | { "state": "open", address: string, fingerprint?: string, } | { "state": "failed", problem: string, };
export type ToldMachines = { chosen: string | null, removed: boolean, machines: Array<ToldMachine>, };
export type ToldMachine = { hasToken: boolean, reach: Reach, link: number, } & Connection;
export type Reach = { "state": "idle" } | { "state": "connecting" } | { "state": "reached" } | { "state": "lost", problem: string, };
export type ConnectionTest = { "outcome": "reached", running: number, } | { "outcome": "unknownCertificate", fingerprint: string, };
