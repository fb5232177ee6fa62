// The panes of the window, from the left: F6 goes round, Ctrl+1 to Ctrl+3 goes to one.
import type { Workspace } from "./workspace.svelte";

const PANES = ["sidebar", "list", "detail"] as const;
export type Pane = (typeof PANES)[number];

const element = (pane: Pane) => document.querySelector<HTMLElement>(`[data-pane=${pane}]`);

/** What in a pane takes the focus: what is chosen there, else the first that can be. */
function entry(pane: Pane): HTMLElement | null | undefined {
  const inside = (selector: string) => element(pane)?.querySelector<HTMLElement>(selector);
  switch (pane) {
    case "sidebar":
      return inside("[aria-pressed=true]") ?? inside("button");
    case "list":
      return inside("[data-testid=task-list]") ?? inside("input, button");
    case "detail":
      return inside("[role=tab][aria-selected=true]") ?? inside("button");
  }
}

export function goToPane(w: Workspace, pane: Pane): void {
  if (pane === "detail") w.drawerOpen = true;
  // A drawer is drawn first.
  queueMicrotask(() => entry(pane)?.focus());
}

export function nextPane(w: Workspace, by: 1 | -1): void {
  const there = PANES.filter((pane) => element(pane) !== null);
  const at = there.findIndex((pane) => element(pane)?.contains(document.activeElement));
  const next = there[(at + by + there.length) % there.length];
  if (next) goToPane(w, next);
}
