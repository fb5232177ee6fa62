// Keys of the windows of logs beside those of their pane: finding, errors, bookmarks, going to a line, how rows are drawn, the window
// itself. Those without Ctrl count only while no field has the focus.
import { act, dialogIsOpen, presses, stroke, typesInto } from "../../shared/keyboard";
import { paneKey } from "../pane/keys";
import type { LogWindow } from "./log-window.svelte";
import type { StreamChoice } from "./stream-filter.svelte";

/** What the key sheet says, those of the pane with them. */
export const KEYS: readonly (readonly [word: string, ...keys: string[]])[] = [
  ["Find", "Ctrl F", "/"],
  ["Next hit, previous hit", "n", "N", "Enter", "Shift Enter"],
  ["Earlier searches, in the find field", "↑"],
  ["End the search and go back", "Esc"],
  ["Next error, previous error", "e", "E"],
  ["Line up, line down", "↑", "↓", "k", "j"],
  ["Select lines", "Shift ↑", "Shift ↓"],
  ["Page", "PgUp", "PgDn", "Space"],
  ["Start; end, and follow", "g", "G", "Home", "End"],
  ["Bookmark the line", "b", "Ctrl B"],
  ["Fields of a record (JSON, logfmt)", "x"],
  ["Fields of records as columns", "c"],
  ["Fold the stack trace, group or section; all in view", "z", "Z"],
  ["Next bookmark, previous bookmark", "]", "["],
  ["Go to line or time", "Ctrl G"],
  ["Menu of the line", "Menu", "Shift F10"],
  ["Select all, copy", "Ctrl A", "Ctrl C"],
  ["Wrap, follow, only hits, hits below", "w", "f", "h", "l"],
  ["stdout, stderr or both; times", "s", "t"],
  ["Save as", "Ctrl S"],
  ["Larger, smaller, default text size", "Ctrl +", "Ctrl −", "Ctrl 0"],
  ["Full screen, close the window", "F11", "Ctrl W"],
  ["Show these keys", "?"],
];

const STREAMS: readonly StreamChoice[] = ["both", "stdout", "stderr"];

/** Handles one keydown in a window of logs; true when it was ours. Nothing happens to the log behind an open dialog. `find` gives the find field the focus. */
export function windowKey(log: LogWindow, event: KeyboardEvent, find: () => void): boolean {
  if (event.defaultPrevented) return false;
  const { choices, reader, source, view } = log;
  const failed = (thrown: unknown): void => log.told.fail("Could not change the window", thrown);
  const ofWindow = {
    "Ctrl+W": () => void source.backend.closeWindow().catch(failed),
    F11: () => void source.backend.toggleFullScreen().catch(failed),
  };
  if (act(event, ofWindow)) return true;
  if (dialogIsOpen()) return false;
  const everywhere = {
    "Ctrl+F": find,
    "Ctrl+G": () => (log.asking = "place"),
    "Ctrl+B": () => log.bookmarks.toggle(),
    "Ctrl+S": () => void log.save(),
    "Ctrl++": () => choices.resize(1),
    "Ctrl+=": () => choices.resize(1),
    "Ctrl+-": () => choices.resize(-1),
    "Ctrl+0": () => choices.resize(0),
    F3: () => void log.find.step(true),
    "Shift+F3": () => void log.find.step(false),
  };
  if (act(event, everywhere)) return true;
  if (typesInto(event.target) || presses(event)) return false;
  const plain = {
    "/": find,
    n: () => void log.find.step(true),
    "Shift+N": () => void log.find.step(false),
    e: () => void log.problem(true),
    "Shift+E": () => void log.problem(false),
    b: () => log.bookmarks.toggle(),
    "]": () => void log.bookmarks.step(true),
    "[": () => void log.bookmarks.step(false),
    w: () => (choices.wrap.value = !choices.wrap.value),
    f: () => (reader.follow.following ? reader.on("pause") : view.resume()),
    h: () => (log.find.mode = log.find.mode === "filter" ? "highlight" : "filter"),
    l: () => (log.find.mode = log.find.mode === "split" ? "highlight" : "split"),
    s: () => (log.stream = STREAMS[(STREAMS.indexOf(log.stream) + 1) % STREAMS.length] ?? "both"),
    t: () => choices.nextTime(),
    x: () => log.expand(),
    c: () => log.toggleColumns(),
    z: () => void log.fold(),
    "Shift+Z": () => void log.foldShown(),
    "?": () => (log.asking = "keys"),
    Escape: log.find.active && !view.selecting ? () => log.find.leave() : undefined,
  };
  if (act(event, plain)) return true;
  // Wherever the focus is but in a field, the log is what one reads.
  return (
    stroke(event) !== "" &&
    paneKey(
      view,
      event,
      () => void log.clipboard.copy(),
      () => log.openMenu(),
    )
  );
}
