// Reads the exact text of a selection and puts it on the clipboard. The text is what is shown, whatever part of the log is drawn; it
// is read up to a limit, and what is left out is told. Rows that are taken whole may have a prefix (a time, the name of their log),
// those of which only a part is taken have none.
import type { LogText } from "../../api";
import type { KeyRange } from "../find/contexts.svelte";
import { ordered, type Point, type Selection } from "../pane/selection";
import type { Rank, RowKey } from "../rows/numbers";
import type { Excerpt, LogSource } from "./source";

export interface Copied {
  readonly lines: number;
  readonly truncated: boolean;
}

export interface CopyOptions {
  /** Whole rows have their times before them. */
  readonly times: boolean;
  /** Only rows that this search found are shown, and so copied. */
  readonly found?: { readonly searchId: string; readonly rankOf: (key: RowKey) => Promise<Rank> };
  /** Rows that are shown around some of those, in order. */
  readonly blocks: readonly KeyRange[];
  /** How long the text of a row is, if that is known. */
  readonly lengthOf: (key: RowKey) => number | undefined;
}

/** A run of rows that are read in one go. */
interface Part {
  readonly from: Point;
  readonly to: Point;
  readonly filtered: boolean;
  readonly whole: boolean;
}

export async function readSelection(
  source: LogSource,
  selection: Selection,
  options: CopyOptions,
): Promise<LogText> {
  const { start, end } = ordered(selection);
  const { times, found } = options;
  const texts: string[] = [];
  for (const part of partsOf(start, end, options, times || source.runs.length > 1)) {
    const search = part.filtered ? found : undefined;
    if (search && (await search.rankOf(part.from.key)) === (await search.rankOf(part.to.key + 1))) continue;
    const excerpt: Excerpt = { prefixed: part.whole, times, searchId: search?.searchId };
    const { text, truncated } = await source.text(part.from, part.to, excerpt);
    texts.push(text);
    if (truncated) return { text: texts.join("\n"), truncated };
  }
  // Where the end of the last line is taken, its newline is.
  const text = texts.join("\n") + (end.column === Infinity && texts.length > 0 ? "\n" : "");
  return { text, truncated: false };
}

/** Cuts a selection where rows around a hit begin and end, and, with `prefixed`, into what is taken whole and what is not. */
function partsOf(
  start: Point,
  end: Point,
  { found, blocks, lengthOf }: CopyOptions,
  prefixed: boolean,
): Part[] {
  const parts: Part[] = [];
  const add = (from: Point, to: Point, filtered: boolean): void => {
    if (to.key < from.key) return;
    const begun = from.column > 0;
    const cut = to.column < (lengthOf(to.key) ?? Infinity);
    if (!prefixed || (!begun && !cut)) return void parts.push({ from, to, filtered, whole: prefixed });
    if (from.key === to.key) return void parts.push({ from, to, filtered, whole: false });
    const first = { from, to: { key: from.key, column: Infinity }, filtered, whole: false };
    const last = { from: { key: to.key, column: 0 }, to, filtered, whole: false };
    if (begun) parts.push(first);
    add(
      begun ? { key: from.key + 1, column: 0 } : from,
      cut ? { key: to.key - 1, column: Infinity } : to,
      filtered,
    );
    if (cut) parts.push(last);
  };
  const between = (from: RowKey, to: RowKey, filtered: boolean): void => {
    add(
      from === start.key ? start : { key: from, column: 0 },
      to === end.key ? end : { key: to, column: Infinity },
      filtered,
    );
  };
  let at = start.key;
  for (const block of found ? blocks : []) {
    if (block.to < at || block.from > end.key) continue;
    between(at, block.from - 1, true);
    const to = Math.min(block.to, end.key);
    between(Math.max(at, block.from), to, false);
    at = to + 1;
  }
  between(at, end.key, found !== undefined);
  return parts;
}

/** Puts a text on the clipboard that still has to be read. Without any, the clipboard keeps what it has. */
export async function copyText(read: Promise<LogText>): Promise<Copied> {
  const lines = await writeClipboard(read.then(({ text }) => text));
  return { lines, truncated: (await read).truncated };
}

class NothingToCopy extends Error {}

/**
 * Puts a text on the clipboard that may still have to be read, and says how many lines it has. To be called while the key or click
 * that asked for it is handled: a web view lets a page write then and at no other time.
 */
export async function writeClipboard(text: string | Promise<string>): Promise<number> {
  const later = Promise.resolve(text);
  try {
    const blob = later.then((found) => {
      if (found === "") throw new NothingToCopy();
      return new Blob([found], { type: "text/plain" });
    });
    blob.catch(() => {}); // Told below, by the text itself.
    await navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })]);
  } catch {
    // No such clipboard here, or it wants the text at once. What could not be read is told by this, too.
    const found = await later;
    if (found !== "") await writeAtOnce(found);
  }
  const written = await later;
  return written === "" ? 0 : written.split("\n").length - (written.endsWith("\n") ? 1 : 0);
}

async function writeAtOnce(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Some web views refuse the asynchronous clipboard; the old command still works there.
    const focused = document.activeElement as HTMLElement | null;
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "visually-hidden";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    focused?.focus();
    if (!done) throw new Error("the clipboard is not available");
  }
}

/** What is selected with the mouse is also what the middle button pastes, where the desktop has that. */
export function offerSelection(text: string): void {
  const selection = window.getSelection();
  if (selection === null || text === "") return;
  // The engine hands on what is selected of its own accord; the text of a log is not, so it is for a moment.
  const holder = document.createElement("pre");
  holder.className = "visually-hidden";
  holder.style.userSelect = "text";
  holder.setAttribute("aria-hidden", "true");
  holder.textContent = text;
  document.body.append(holder);
  selection.selectAllChildren(holder);
  setTimeout(() => {
    if (selection.containsNode(holder, true)) selection.removeAllRanges();
    holder.remove();
  }, 100);
}

/** Rows read one by one where the backend has no text to give, as of a merged log. */
const MAX_ROWS = 100_000;
const MAX_CHARS = 32_000_000;
const PAGE = 1000;

/** How a row reads in a text. */
interface Line {
  readonly key: RowKey;
  /** Of the rows that it stands for. */
  readonly last: RowKey;
  readonly text: string;
  readonly prefix: string;
}

/** Reads the text of rows a page at a time. Stops, and says so, at a limit. */
export async function readRows<Row>(
  read: (from: RowKey, count: number) => Promise<readonly Row[]>,
  from: Point,
  to: Point,
  lineOf: (row: Row) => Line,
): Promise<LogText> {
  const lines: string[] = [];
  let chars = 0;
  let at = from.key;
  const done = (truncated: boolean): LogText => ({ text: lines.join("\n"), truncated });
  while (at <= to.key && lines.length < MAX_ROWS && chars < MAX_CHARS) {
    const rows = await read(at, Math.min(PAGE, to.key + 1 - at));
    if (rows.length === 0) return done(false);
    for (const row of rows) {
      const { key, last, text, prefix } = lineOf(row);
      if (key > to.key) return done(false);
      at = last + 1;
      const part = text.slice(key === from.key ? from.column : 0, key === to.key ? to.column : Infinity);
      // NUL would end the text on some clipboards, so its symbol goes there.
      lines.push(prefix + part.replaceAll("\0", "\u2400"));
      chars += part.length;
    }
  }
  return done(at <= to.key);
}
