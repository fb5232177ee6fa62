// Which menu opens where the other button is clicked, or the Menu key pressed: always one of ours. The engine's own, with Back and
// Reload, is of a browser; only in fields it stays, for what it does there (spelling, input methods).
import { labelEntries, laneEntries, runEntries, taskEntries, textEntries } from "./actions";
import { listEntries } from "./list-menu";
import type { PointMenu, Workspace } from "./workspace.svelte";

/** The keyboard gives no point: then the menu hangs on what it is about. */
function point(event: MouseEvent, element: Element): { x: number; y: number } {
  if (event.clientX !== 0 || event.clientY !== 0) return { x: event.clientX, y: event.clientY };
  const { left, bottom } = element.getBoundingClientRect();
  return { x: left + 24, y: bottom - 4 };
}

const menuAt = (
  event: MouseEvent,
  element: Element,
  label: string,
  entries: PointMenu["entries"],
): PointMenu => ({ label, entries, from: document.activeElement, ...point(event, element) });

export function openContextMenu(w: Workspace, event: MouseEvent): void {
  const target = event.target instanceof Element ? event.target : undefined;
  if (!target || target.closest("input, textarea, [contenteditable=true]")) return;
  event.preventDefault();
  w.menu = menuOf(w, event, target);
}

function menuOf(w: Workspace, event: MouseEvent, target: Element): PointMenu | undefined {
  if (target.closest("[role=menu]")) return undefined;
  const text = document.getSelection()?.toString() ?? "";
  const run = target.closest<HTMLElement>("[data-attempt]");
  const task = target.closest<HTMLElement>("[data-task-id]");
  if (text !== "" && !target.closest("[data-testid=task-row]"))
    return menuAt(event, target, "Selected text", textEntries(w, text));
  if (run?.dataset.attempt && task?.dataset.taskId) {
    const attempt = Number(run.dataset.attempt);
    return menuAt(event, run, `Run ${attempt}`, runEntries(w, task.dataset.taskId, attempt));
  }
  if (target.closest("[data-list-head]")) return menuAt(event, target, "Order and columns", listEntries(w));
  const slot = target.closest<HTMLElement>("[data-lane]")?.dataset.lane;
  const lane = w.lanes.find((known) => known.slot === slot);
  if (lane) return menuAt(event, target, `Lane ${lane.slot}`, laneEntries(w, lane));
  const label = target.closest<HTMLElement>("[data-label-key]")?.dataset;
  if (label?.labelKey !== undefined) {
    const { labelKey: key, labelValue: value = "" } = label;
    return menuAt(event, target, `Label ${key}`, labelEntries(w, { key, value }));
  }
  // The list has the focus, and not its rows: the Menu key is about the current one.
  const inList = target.closest("[data-testid=task-list]");
  const row =
    target.closest<HTMLElement>("[data-testid=task-row]") ??
    (inList && document.getElementById(`task-${w.selection.current}`));
  const id = row?.dataset.taskId;
  if (!row || id === undefined) return undefined;
  if (!w.selection.picked.has(id)) w.choose(id);
  const rows = w.targetRows;
  return menuAt(event, row, rows.length === 1 ? "Task" : "Selected tasks", taskEntries(w, rows));
}
