// The keyboard of a pane: the line that one is at, moving through the log, following, selecting and copying. Keys of the window around
// it (find, bookmarks, errors) are in window/keys.ts.
import { act } from "../../shared/keyboard";
import type { PaneView } from "./view.svelte";

/** Handles one keydown; true when it was ours. `copy` and `menu` act on the selection and on the line. */
export function paneKey(view: PaneView, event: KeyboardEvent, copy: () => void, menu: () => void): boolean {
  const resume = (): void => view.resume();
  return act(event, {
    ArrowUp: () => view.step(-1),
    ArrowDown: () => view.step(1),
    k: () => view.step(-1),
    j: () => view.step(1),
    "Shift+ArrowUp": () => view.step(-1, true),
    "Shift+ArrowDown": () => view.step(1, true),
    "Shift+K": () => view.step(-1, true),
    "Shift+J": () => view.step(1, true),
    PageUp: () => view.page(false),
    PageDown: () => view.page(true),
    "Shift+PageUp": () => view.page(false, true),
    "Shift+PageDown": () => view.page(true, true),
    Space: () => view.page(true),
    "Shift+Space": () => view.page(false),
    Home: () => view.first(),
    g: () => view.first(),
    "Ctrl+Home": () => view.first(),
    "Shift+Home": () => view.first(true),
    End: resume,
    "Shift+G": resume,
    "Ctrl+End": resume,
    "Shift+End": () => view.step(Infinity, true),
    "Ctrl+A": () => view.selectAll(),
    "Ctrl+C": view.selecting ? copy : undefined,
    "Ctrl+Insert": view.selecting ? copy : undefined,
    Escape: view.selecting ? () => (view.selection = null) : undefined,
    ContextMenu: menu,
    "Shift+F10": menu,
  });
}
