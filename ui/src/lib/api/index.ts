// Where the page gets its backend: the app's, or the one that is put in its place.
import type { Backend } from "./backend";
import { tauriBackend } from "./tauri";

export type { Backend, Unsubscribe } from "./backend";
export { ApiError } from "./errors";
export type { Asks } from "./operations";
export type * from "./types";

let chosen: Backend = tauriBackend;

export function backend(): Backend {
  return chosen;
}

/** Answers every later `backend()` with the one given: for tests, and for a page outside the app. */
export function useBackend(replacement: Backend) {
  chosen = replacement;
}
