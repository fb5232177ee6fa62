// The keyboard of a pane: moving through the log, following, selecting and copying. Keys of the window around it (find, bookmarks,
// errors) are in window/keys.ts.
import type { PaneView } from "./view.svelte";

/** Handles one keydown; true when it was ours. */
export function paneKey(view: PaneView, event: KeyboardEvent, copy: () => void): boolean {
  if (event.altKey) return false;
  const chord = event.ctrlKey || event.metaKey;
  const { scroll, rowHeight } = view;
  const page = Math.max(rowHeight, view.size.height - rowHeight);
  const by = (pixels: number) => () => view.move(() => scroll.moveBy(pixels));
  const steps: Record<string, () => void> = {
    ArrowUp: by(-rowHeight),
    ArrowDown: by(rowHeight),
    PageUp: by(-page),
    PageDown: by(page),
    " ": by(event.shiftKey ? -page : page),
    Home: () => view.move(() => scroll.moveTo(0)),
    End: () => view.resume(),
  };
  const chords: Record<string, () => void> = {
    a: () => view.selectAll(),
    Home: () => view.move(() => scroll.moveTo(0)),
    End: () => view.resume(),
  };
  if (view.selecting) {
    steps.Escape = () => (view.selection = null);
    chords.c = copy;
  }
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const act = chord ? chords[key] : steps[key];
  if (act === undefined) return false;
  event.preventDefault();
  act();
  return true;
}
