// The keyboard of the main window: which key does what, as one table that the handler and the key sheet share.
// Single letters count only while no field has the focus.
import { tick } from "svelte";
import { goToPane, nextPane } from "./panes";
import type { Workspace } from "./workspace.svelte";
import { dialogIsOpen, stroke } from "../shared/keyboard";

export interface KeyBinding {
  keys: string[];
  label: string;
  /** `Mod` is Ctrl, or Cmd on a Mac. */
  match: (event: KeyboardEvent) => boolean;
  act: (workspace: Workspace, event: KeyboardEvent) => void;
  /** Works while typing, too. */
  everywhere?: boolean;
  /** Where the tasks are not seen, too. */
  away?: boolean;
  /** What it opens lies over any view. */
  over?: boolean;
}

const mod = (event: KeyboardEvent) => event.ctrlKey || event.metaKey;
/** Keys as `stroke` names them; Shift does not matter with those that have a name. */
const plain =
  (...keys: string[]) =>
  (event: KeyboardEvent) =>
    keys.includes(
      stroke(event)
        .replace(/^Shift\+(?=\w\w)/, "")
        .replace("Space", " "),
    );
const withMod = (key: string) => (event: KeyboardEvent) =>
  mod(event) && stroke(event).replace("Shift+", "") === `Ctrl+${key.toUpperCase()}`;
const PAGE = 12;

/** One step up or down, or 0 for back to the usual size. */
function zoomStep(event: KeyboardEvent): 1 | -1 | 0 | undefined {
  switch (stroke(event).replace("Shift+", "")) {
    case "Ctrl++":
    case "Ctrl+=":
      return 1;
    case "Ctrl+-":
      return -1;
    case "Ctrl+0":
      return 0;
    default:
      return undefined;
  }
}

export const BINDINGS: readonly KeyBinding[] = [
  {
    keys: ["Ctrl K"],
    label: "Commands",
    match: withMod("k"),
    act: (w) => (w.paletteOpen = true),
    everywhere: true,
    over: true,
  },
  {
    keys: ["n", "Ctrl N"],
    label: "New task",
    match: withMod("n"),
    act: (w) => w.form.create(),
    everywhere: true,
  },
  { keys: [], label: "", match: plain("n"), act: (w) => w.form.create(), away: true },
  {
    keys: ["Ctrl Shift F"],
    label: "Search all logs",
    match: (event) => withMod("f")(event) && event.shiftKey,
    act: (w) => (w.searchOpen = true),
    everywhere: true,
    over: true,
  },
  {
    keys: ["Ctrl ,"],
    label: "Settings",
    match: withMod(","),
    act: (w) => w.openSettings(),
    everywhere: true,
  },
  {
    keys: ["Ctrl Z"],
    label: "Undo the last deletion",
    match: withMod("z"),
    act: (w) => w.taskCommands.undoLast(),
  },
  {
    keys: ["F6"],
    label: "Next pane",
    match: (event) => event.key === "F6" && !mod(event),
    act: (w, event) => nextPane(w, event.shiftKey ? -1 : 1),
    everywhere: true,
  },
  ...(["sidebar", "list", "detail"] as const).map((pane, i) => ({
    keys: i === 0 ? ["Ctrl 1", "Ctrl 2", "Ctrl 3"] : [],
    label: i === 0 ? "Sidebar, tasks, detail" : "",
    match: (event: KeyboardEvent) => stroke(event) === `Ctrl+${i + 1}`,
    act: (w: Workspace) => goToPane(w, pane),
    everywhere: true,
  })),
  {
    keys: ["Ctrl +", "Ctrl −", "Ctrl 0"],
    label: "Larger, smaller, default size",
    match: () => false, // Wherever the focus is: see handleKey.
    act: () => {},
  },
  { keys: ["/"], label: "Filter", match: plain("/"), act: () => focusFilter(), away: true },
  {
    keys: ["o"],
    label: "Order and columns",
    match: plain("o"),
    act: () => document.querySelector<HTMLElement>("[data-testid=list-menu]")?.click(),
  },
  { keys: ["↑", "↓", "j", "k"], label: "Move", match: plain("ArrowDown", "j"), act: (w) => w.move(1) },
  { keys: [], label: "", match: plain("ArrowUp", "k"), act: (w) => w.move(-1) },
  { keys: [], label: "", match: plain("PageDown"), act: (w) => w.move(PAGE) },
  { keys: [], label: "", match: plain("PageUp"), act: (w) => w.move(-PAGE) },
  {
    keys: ["Alt ↑", "Alt ↓"],
    label: "Move within its lane",
    match: (event) => stroke(event) === "Alt+ArrowUp",
    act: (w) => w.targetRows.slice(0, 1).forEach((row) => w.queueCommands.moveInLane(row, "up")),
  },
  {
    keys: [],
    label: "",
    match: (event) => stroke(event) === "Alt+ArrowDown",
    act: (w) => w.targetRows.slice(0, 1).forEach((row) => w.queueCommands.moveInLane(row, "down")),
  },
  {
    keys: ["h"],
    label: "Hold or release waiting tasks",
    match: plain("h"),
    act: (w) => w.queueCommands.holdOrRelease(),
  },
  { keys: ["Home", "End"], label: "First, last loaded", match: plain("Home"), act: (w) => w.move(-Infinity) },
  { keys: [], label: "", match: plain("End"), act: (w) => w.move(Infinity) },
  {
    keys: ["x"],
    label: "Select or deselect",
    match: plain("x"),
    act: (w) => w.selection.current !== undefined && w.toggle(w.selection.current),
  },
  {
    keys: ["Ctrl A"],
    label: "Select all loaded",
    match: withMod("a"),
    act: (w) => w.selection.pickAll(w.order),
  },
  { keys: ["Enter"], label: "Open log", match: plain("Enter"), act: (w) => w.openLog() },
  { keys: ["Space"], label: "Peek", match: plain(" "), act: (w) => (w.drawerOpen = !w.drawerOpen) },
  { keys: ["e"], label: "Edit, or edit and rerun", match: plain("e"), act: (w) => w.form.editCurrent() },
  { keys: ["d"], label: "Duplicate", match: plain("d"), act: (w) => w.form.duplicateCurrent() },
  { keys: ["r"], label: "Rerun", match: plain("r"), act: (w) => w.taskCommands.rerun() },
  { keys: ["s"], label: "Stop", match: plain("s"), act: (w) => w.taskCommands.stop() },
  {
    keys: ["Del"],
    label: "Delete",
    match: plain("Delete", "Backspace"),
    act: (w) => w.taskCommands.remove(),
  },
  { keys: ["Esc"], label: "Clear the selection", match: plain("Escape"), act: (w) => escape(w) },
  {
    keys: ["?"],
    label: "Show these keys",
    match: plain("?"),
    act: (w) => (w.sheetOpen = true),
    away: true,
    over: true,
  },
];

/** What picks on the way, and which way. */
const MOVES = new Map([
  ["Shift+ArrowDown", 1],
  ["Shift+J", 1],
  ["Shift+ArrowUp", -1],
  ["Shift+K", -1],
]);

function escape(w: Workspace) {
  if (w.selection.picked.size) w.selection.clearPicked();
  else w.drawerOpen = false;
}

/** Back to its row in the list, which it lies over. */
function closeJob({ jobs }: Workspace) {
  document.getElementById(`job-${jobs.chosen}`)?.focus();
  jobs.choose(undefined);
}

/** Of the view that is seen. */
export function focusFilter() {
  document.querySelector<HTMLInputElement>("[data-testid=filter], [data-testid=find-job]")?.focus();
}

/** Has the focus something that takes letters or its own Enter and Space? */
function taken(event: KeyboardEvent): boolean {
  const element = event.target instanceof Element ? event.target : null;
  if (!element) return false;
  if (element.closest("[role=menu]")) return true;
  if (element.closest("input, textarea, select, [contenteditable=true]")) return true;
  const acts = event.key === "Enter" || event.key === " ";
  const roves = event.key.startsWith("Arrow") || event.key === "Home" || event.key === "End";
  return (
    (acts && element.closest("button, a, summary") !== null) ||
    (roves && element.closest("[role=tablist]") !== null)
  );
}

/** What a key does where the tasks are not seen. */
const awayBinding = (event: KeyboardEvent): KeyBinding | undefined => {
  const busy = taken(event);
  return BINDINGS.find(
    (candidate) => (candidate.everywhere || (candidate.away && !busy)) && candidate.match(event),
  );
};

function inSettings(workspace: Workspace, event: KeyboardEvent): boolean {
  // They have a search of their own.
  if (plain("/")(event)) return false;
  const leaves = plain("Escape")(event) || withMod(",")(event);
  const binding = leaves ? undefined : awayBinding(event);
  if (!leaves && !binding) return false;
  event.preventDefault();
  if (binding?.over) binding.act(workspace, event);
  // The panes are there again a moment later.
  else workspace.closeSettings(binding && (() => void tick().then(() => binding.act(workspace, event))));
  return true;
}

/** The tasks are not seen: nothing happens to them. */
function awayFromList(workspace: Workspace, event: KeyboardEvent): boolean {
  const binding = awayBinding(event);
  if (binding) binding.act(workspace, event);
  else if (!plain("Escape")(event) || taken(event)) return false;
  else if (workspace.jobs.open && workspace.jobs.drawer) closeJob(workspace);
  else workspace.toList();
  event.preventDefault();
  return true;
}

/** Handles one keydown; true when it was ours. Nothing happens behind an open dialog. */
export function handleKey(workspace: Workspace, event: KeyboardEvent): boolean {
  if (event.defaultPrevented) return false;
  // The size is of everything, of dialogs too.
  const step = zoomStep(event);
  if (step !== undefined) {
    workspace.zoom(step);
    event.preventDefault();
    return true;
  }
  if (dialogIsOpen() || workspace.menu) return false;
  // The list is not there to be worked on.
  if (workspace.settingsAt) return inSettings(workspace, event);
  if (workspace.away) return awayFromList(workspace, event);
  const busy = taken(event);
  const picking = busy ? undefined : MOVES.get(stroke(event));
  if (picking !== undefined) {
    workspace.move(picking, true);
    event.preventDefault();
    return true;
  }
  const binding = BINDINGS.find((candidate) => (candidate.everywhere || !busy) && candidate.match(event));
  if (!binding) return false;
  event.preventDefault();
  binding.act(workspace, event);
  return true;
}
