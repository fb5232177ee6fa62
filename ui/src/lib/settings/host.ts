// What the settings need of the window that shows them.
import type { Backend } from "../api/backend";
import type { DoorStates } from "../api/types";
import type { Machines } from "../machines/machines.svelte";
import type { SettingsState } from "./settings.svelte";

export type SettingsSection = "general" | "logs" | "environment" | "api" | "connections" | "about";

/** Asked before something is done that cannot be taken back. */
export interface Question {
  title: string;
  body: string;
  verb: string;
  act: () => void;
}

export interface SettingsHost {
  readonly backend: Backend;
  readonly machines: Machines;
  readonly settings: SettingsState;
  readonly doors: DoorStates | undefined;
  question: Question | undefined;
  settingsAt: SettingsSection | undefined;
  chooseMachine(name: string | null): void;
  report(thrown: unknown): void;
}
