// For a page that is looked at in a browser, with `npm run dev`: a backend in memory takes the place of the app. No part of what is
// shipped, which vite.config.ts sees to.
import { createFakeBackend } from "./fake";
import { useBackend } from "./index";

/** `?tasks=0` shows the first run, `?tasks=3000` far too much, `?machines=1` two other machines. */
export function answerFromMemory(): void {
  if ("__TAURI_INTERNALS__" in window) return;
  const params = new URLSearchParams(location.search);
  const tasks = params.get("tasks");
  useBackend(
    createFakeBackend({
      tasks: tasks === null ? undefined : Number(tasks),
      machines: params.has("machines"),
      live: true,
    }),
  );
}
