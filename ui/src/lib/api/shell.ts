// Generated from the shell's own shapes by `make bindings`. Do not edit.
import type { OutputEvent } from "./bindings";

export type Message<T> = { 
/**
 * What the page acknowledges, from 1.
 */
frame: number, item: T, } | { frame: number, ended: true, };

export type OutputFrame = { events: Array<OutputEvent>, 
/**
 * No further frame follows.
 */
end: boolean, };

export type AppInfo = { version: string, dataDir: string, homeDir: string, platform: string, 
/**
 * The database was damaged when the app started, and another one is in its place.
 */
recovered?: Recovered, 
/**
 * The program whose engine holds the tasks, when it is not this app.
 */
engine?: OtherEngine, };

export type Recovered = { 
/**
 * The damaged file.
 */
setAside?: string, 
/**
 * When the copy was taken that is in use now, in Unix milliseconds; without one the database began empty.
 */
backupTakenAt?: number, };

export type OtherEngine = { pid: number, version: string, };

export type CloseQuestion = { running: number, waiting: number, leads: Leads, };

export type Leads = "toTray" | "toEnd";

export type CloseAnswer = "cancel" | "background" | "stopAll";

export type DoorStates = { 
/**
 * The Unix socket.
 */
socket: DoorState, 
/**
 * HTTP over TCP.
 */
http: DoorState, 
/**
 * gRPC over TCP.
 */
grpc: DoorState, };

export type DoorState = { "state": "shut" } | { "state": "open", 
/**
 * A URL, or the socket's path.
 */
address: string, 
/**
 * Of the certificate, SHA-256.
 */
fingerprint?: string, } | { "state": "failed", 
/**
 * A sentence.
 */
problem: string, };

export type MachineList = { 
/**
 * The machine that this window is on; null is this one.
 */
chosen: string | null, 
/**
 * The machine that this window is on is none of the connections any more.
 */
removed: boolean, 
/**
 * How this machine is: whether its engine answers.
 */
here: Reach, machines: Array<ListedMachine>, };

export type ListedMachine = { hasToken: boolean, reach: Reach, 
/**
 * Another number is another client: what was opened with the one before is to be opened again.
 */
link: number, 
/**
 * What the person calls it.
 */
name: string, 
/**
 * `https://…`, `http://` to this machine only, or `ssh://[user@]host[:port]`.
 */
url: string, 
/**
 * Of the one certificate that is trusted there, SHA-256; without it the public authorities judge. For `https` only.
 */
fingerprint?: string, };

export type Reach = { "state": "idle" } | { "state": "connecting" } | { "state": "reached" } | { "state": "lost", 
/**
 * A sentence.
 */
problem: string, };

export type ConnectionTest = { "outcome": "reached", running: number, } | { "outcome": "unknownCertificate", fingerprint: string, };

export type ServiceStatus = { 
/**
 * What starts it, or would.
 */
kind: ServiceKind, enabled: boolean, 
/**
 * Whether the unit runs now; not known of an autostart entry.
 */
running?: boolean, 
/**
 * Whether the unit is there without a session too: from boot on, and after log-out.
 */
lingers?: boolean, 
/**
 * The file that says so, or would.
 */
file: string, };

export type ServiceKind = "systemd" | "autostart";

export type LineReading = { 
/**
 * Why the line is for a shell, in a sentence; nothing where it needs none.
 */
advice?: string, 
/**
 * What keeps a shell from reading it, and where.
 */
flaw?: string, };
