// Where the page gets its backend: the app's when it runs in the app, else one in memory.
import type { Backend } from "./backend";
import { createFakeBackend } from "./fake";
import { tauriBackend } from "./tauri";

export type { Backend, Unsubscribe } from "./backend";
export { ApiError } from "./errors";
export type { Asks } from "./operations";
export type * from "./types";

let chosen: Backend | undefined;

export function backend(): Backend {
  chosen ??= "__TAURI_INTERNALS__" in window ? tauriBackend : createFakeBackend(fakeOptions());
  return chosen;
}

/** For tests: answers every later `backend()` with the one given. */
export function useBackend(replacement: Backend) {
  chosen = replacement;
}

/** `?tasks=0` shows the first run, `?tasks=3000` far too much, `?machines=1` two other machines. Only read outside the app. */
function fakeOptions() {
  const params = new URLSearchParams(location.search);
  const tasks = params.get("tasks");
  return { tasks: tasks === null ? undefined : Number(tasks), machines: params.has("machines"), live: true };
}
