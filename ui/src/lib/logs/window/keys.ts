// Keys of the windows of logs beside those of their pane: finding, errors, bookmarks, going to a line, the size of text.
// Single letters count only while no field has the focus.
import type { SearchedLog } from "./searched-log.svelte";

/** What the key sheet says, those of the pane with them. */
export const KEYS: readonly (readonly [word: string, ...keys: string[]])[] = [
  ["Find", "Ctrl F", "/"],
  ["Next hit, hit before", "Enter", "Shift Enter"],
  ["Leave the search, go back", "Esc"],
  ["Next error, error before", "e", "E"],
  ["Bookmark the line", "b", "Ctrl B"],
  ["Next bookmark, bookmark before", "]", "["],
  ["Go to line or time", "Ctrl G"],
  ["Beginning, end and follow", "Home", "End"],
  ["Page", "PgUp", "PgDn", "Space"],
  ["Select all, copy", "Ctrl A", "Ctrl C"],
  ["Save as", "Ctrl S"],
  ["Larger, smaller, usual text", "Ctrl +", "Ctrl −", "Ctrl 0"],
  ["This sheet", "?"],
];

type Acts = Record<string, () => void>;
type FocusFind = () => void;

/** Handles one keydown in a window of logs; true when it was ours. */
export function windowKey(log: SearchedLog, event: KeyboardEvent, find: FocusFind): boolean {
  if (log.whole !== null || event.defaultPrevented || event.altKey) return false;
  const chord = event.ctrlKey || event.metaKey;
  const typing =
    event.target instanceof Element &&
    event.target.closest("input, textarea, select, [role=menu], dialog") !== null;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const chords: Acts = {
    f: () => find(),
    g: () => (log.asking = "place"),
    b: () => log.toggleBookmark(),
    s: () => void log.save(),
    "+": () => log.choices.resize(1),
    "=": () => log.choices.resize(1),
    "-": () => log.choices.resize(-1),
    "0": () => log.choices.resize(0),
  };
  const plain: Acts = {
    "/": () => find(),
    e: () => void log.problem(!event.shiftKey),
    b: () => log.toggleBookmark(),
    "]": () => void log.bookmark(true),
    "[": () => void log.bookmark(false),
    "?": () => (log.asking = "keys"),
  };
  const always: Acts = {
    F3: () => void log.find.step(!event.shiftKey),
  };
  if (!typing && log.find.active) plain.Escape = () => log.find.leave();
  const act = chord ? chords[key] : (always[key] ?? (typing ? undefined : plain[key]));
  if (act === undefined) return false;
  event.preventDefault();
  act();
  return true;
}
