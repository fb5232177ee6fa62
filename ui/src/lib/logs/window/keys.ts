// Keys of the windows of logs beside those of their pane: finding, errors, bookmarks, going to a line, the size of text.
// Single letters count only while no field has the focus.
import type { SearchedLog } from "./searched-log.svelte";

type KeyLine = readonly [word: string, ...keys: string[]];
const GO_TO_LINE: KeyLine = ["Go to line", "Ctrl G"];

/** What the key sheet says, those of the pane with them. */
export const KEYS: readonly KeyLine[] = [
  ["Find", "Ctrl F", "/"],
  ["Next hit, hit before", "Enter", "Shift Enter"],
  ["Leave the search, go back", "Esc"],
  ["Next error, error before", "e", "E"],
  ["Bookmark the line", "b", "Ctrl B"],
  ["Next bookmark, bookmark before", "]", "["],
  GO_TO_LINE,
  ["Beginning, end and follow", "Home", "End"],
  ["Page", "PgUp", "PgDn", "Space"],
  ["Select all, copy", "Ctrl A", "Ctrl C"],
  ["Save as", "Ctrl S"],
  ["Larger, smaller, usual text", "Ctrl +", "Ctrl −", "Ctrl 0"],
  ["This sheet", "?"],
];

/** In a window of several logs, whose lines have no numbers. */
export const MERGED_KEYS: readonly KeyLine[] = KEYS.filter((key) => key !== GO_TO_LINE);

type Acts = Record<string, () => void>;
type FocusFind = () => void;

/** Handles one keydown in a window of logs; true when it was ours. `numbered`: it has lines to go to by number. */
export function windowKey(
  log: SearchedLog,
  event: KeyboardEvent,
  find: FocusFind,
  numbered: boolean,
): boolean {
  if (log.whole !== null || event.defaultPrevented || event.altKey) return false;
  const chord = event.ctrlKey || event.metaKey;
  const typing =
    event.target instanceof Element &&
    event.target.closest("input, textarea, select, [role=menu], dialog") !== null;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const chords: Acts = {
    f: () => find(),
    b: () => log.toggleBookmark(),
    s: () => void log.save(),
    "+": () => log.choices.resize(1),
    "=": () => log.choices.resize(1),
    "-": () => log.choices.resize(-1),
    "0": () => log.choices.resize(0),
  };
  if (numbered) chords.g = () => (log.asking = "line");
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
