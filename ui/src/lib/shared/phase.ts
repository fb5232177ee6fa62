// What each phase is called, and which phases belong together. Icons are in StateIcon.svelte, colours in tokens.css.
import type { Phase, TaskRow } from "../api/types";

export const PHASES: readonly Phase[] = [
  "running",
  "pending",
  "succeeded",
  "failed",
  "timeout",
  "canceled",
  "exhausted",
];

const WORDS: Record<Phase, string> = {
  pending: "Waiting",
  running: "Running",
  succeeded: "Succeeded",
  failed: "Failed",
  timeout: "Timed out",
  canceled: "Canceled",
  exhausted: "Gave up",
};

export function phaseWord(phase: Phase, stopping = false): string {
  return stopping && (phase === "running" || phase === "pending") ? "Stopping" : WORDS[phase];
}

/** What it is called to stop these: nothing that only waits has begun. */
export const stopWord = (active: readonly TaskRow[]): "Cancel" | "Stop" =>
  active.every(({ task }) => task.status.phase === "pending") ? "Cancel" : "Stop";

/** What an engine says of an end begins with its word for the phase: `exhausted` is read "gave up". What follows stays. */
export function withPhaseWord(told: string): string {
  const [word = ""] = /^[a-z]+/.exec(told) ?? [];
  const phase = PHASES.find((one) => one === word);
  return phase === undefined ? told : WORDS[phase].toLowerCase() + told.slice(word.length);
}

export const isFinished = (phase: Phase): boolean => phase !== "pending" && phase !== "running";
export const isFailure = (phase: Phase): boolean =>
  phase === "failed" || phase === "timeout" || phase === "exhausted";

/** Nothing cut it short: how long it took says how long such a task takes. The engine's statistics and forecasts go by the same rule. */
export const endedByItself = ({
  phase,
  exitCode,
}: Pick<TaskRow["task"]["status"], "phase" | "exitCode">): boolean =>
  phase === "succeeded" || ((phase === "failed" || phase === "exhausted") && exitCode != null);

/** The groups of the sidebar. `states` is what the filter token `state:` is called by. */
export const GROUPS = [
  { key: "all", word: "All", phases: [] },
  { key: "running", word: "Running", phases: ["running"] },
  { key: "waiting", word: "Waiting", phases: ["pending"] },
  { key: "failed", word: "Failed", phases: ["failed", "timeout", "exhausted"] },
  { key: "finished", word: "Finished", phases: ["succeeded", "failed", "timeout", "canceled", "exhausted"] },
] as const satisfies readonly { key: string; word: string; phases: readonly Phase[] }[];

/** Whether it holds a place in its lane and waits for its next attempt: it does not run. */
export const isBetweenAttempts = ({ waiting }: TaskRow): boolean =>
  waiting?.reason === "backoff" || waiting?.reason === "crashLoop";
