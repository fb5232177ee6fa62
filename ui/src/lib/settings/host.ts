// What the settings need of the window that shows them.
import type { Backend } from "../api/backend";
import type { DoorStates } from "../api/types";
import type { Machines } from "../machines/machines.svelte";
import type { LogUsage } from "./log-usage.svelte";
import type { SettingsState } from "./settings.svelte";

export type SettingsSection =
  "general" | "notifications" | "logs" | "environment" | "runners" | "api" | "connections" | "about";

/** Asked before something is done that cannot be taken back. */
export interface Question {
  title: string;
  body: string;
  verb: string;
  act: () => void;
  /** Another way to go on, beside the first. */
  other?: { verb: string; act: () => void };
  /** On the button that does nothing, where "Cancel" is what is asked about. */
  back?: string;
  /** Nothing is lost by it: the first button is as any other. */
  harmless?: boolean;
  /** When the answer is neither. */
  cancel?: () => void;
}

/** Asks, and says whether to go on. */
export function asked(
  host: { ask(question: Question): void },
  question: Omit<Question, "act">,
): Promise<boolean> {
  return new Promise((resolve) => {
    host.ask({ ...question, act: () => resolve(true), cancel: () => resolve(false) });
  });
}

/** Asked before a form goes that somebody has typed into. */
export const discarding = (what: string, act: () => void): Question => ({
  title: `Discard ${what}?`,
  body: "What you typed is not saved.",
  verb: "Discard",
  act,
});

/** What is typed in the form that is open and not saved. Whatever takes the form away goes through `leave`, which asks first. */
export class Unsaved {
  #what: string | undefined;

  constructor(private readonly ask: (question: Question) => void) {}

  hold(what: string): void {
    this.#what = what;
  }

  /** It is saved, or gone. */
  release(): void {
    this.#what = undefined;
  }

  leave(then: () => void): void {
    if (this.#what === undefined) return then();
    this.ask(
      discarding(this.#what, () => {
        this.release();
        then();
      }),
    );
  }
}

export interface SettingsHost {
  readonly backend: Backend;
  readonly machines: Machines;
  readonly settings: SettingsState;
  readonly logs: LogUsage;
  readonly doors: DoorStates | undefined;
  readonly question: Question | undefined;
  ask(question: Question): void;
  readonly unsaved: Unsaved;
  /** Back to the tasks, and on from there. */
  closeSettings(then?: () => void): void;
  chooseMachine(name: string | null): void;
  report(thrown: unknown): void;
}
