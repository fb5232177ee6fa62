// Reads the exact text of a selection and puts it on the clipboard. The text is what is shown; the backend reads it, whatever
// part of the log is drawn, up to a limit that is told.
import type { Backend, MergedRow, TextPosition } from "../../api";
import { gapLabel } from "../text/words";
import { ordered, textOnRow, type Point, type Selection } from "../pane/selection";

/** A column behind any line's end. */
const LINE_END = Number.MAX_SAFE_INTEGER;

export interface Copied {
  readonly lines: number;
  readonly truncated: boolean;
}

export interface CopyOptions {
  readonly timestamps: boolean;
  /** Only the rows that this search found. */
  readonly searchId?: string;
}

export async function copySelection(
  backend: Backend,
  id: string,
  attempt: number,
  selection: Selection,
  { timestamps, searchId }: CopyOptions,
): Promise<Copied> {
  const { start, end } = ordered(selection);
  const at = ({ row, column }: Point): TextPosition => ({ row, column: Math.min(column, LINE_END) });
  const read = backend.readLogText({
    run: { id, attempt },
    start: at(start),
    end: at(end),
    timestamps,
    searchId,
  });
  // Three clicks take the line with its newline.
  const whole = (text: string): string =>
    end.column === Infinity && text !== "" && !text.endsWith("\n") ? `${text}\n` : text;
  const lines = await writeClipboard(read.then(({ text }) => whole(text)));
  return { lines, truncated: (await read).truncated };
}

/**
 * Puts a text on the clipboard that may still have to be read, and says how many lines it has. To be called while the key or click
 * that asked for it is handled: a web view lets a page write then and at no other time.
 */
export async function writeClipboard(text: string | Promise<string>): Promise<number> {
  const later = Promise.resolve(text);
  try {
    const blob = later.then((found) => new Blob([found], { type: "text/plain" }));
    blob.catch(() => {}); // Told below, by the text itself.
    await navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })]);
  } catch {
    // No such clipboard here, or it wants the text at once. What could not be read is told by this, too.
    await writeAtOnce(await later);
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

/** Rows copied one by one where the backend has no text to give, as from a merged log. */
const MAX_ROWS = 100_000;
const MAX_CHARS = 32_000_000;
const PAGE = 1000;

/** Copies rows that are read a page at a time, by position; `line` says what one becomes. Stops, and says so, at a limit. */
export async function copyRows(
  read: (from: number, count: number) => Promise<readonly MergedRow[]>,
  selection: Selection,
  line: (row: MergedRow, plain: string) => string,
): Promise<Copied> {
  const { start, end } = ordered(selection);
  let truncated = false;
  const collect = async (): Promise<string> => {
    const lines: string[] = [];
    let chars = 0;
    let at = start.row;
    while (at <= end.row && lines.length < MAX_ROWS && chars < MAX_CHARS) {
      const rows = await read(at, Math.min(PAGE, end.row + 1 - at));
      if (rows.length === 0) return finish(lines);
      for (const row of rows) {
        at = row.position + (row.removed?.rows ?? 1);
        if (row.position > end.row) return finish(lines);
        const plain = textOnRow(selection, row.position, gapLabel(row) ?? row.text);
        lines.push(line(row, plain));
        chars += plain.length;
      }
    }
    truncated = at <= end.row;
    return finish(lines);
  };
  const finish = (lines: readonly string[]): string => {
    return lines.join("\n") + (end.column === Infinity && lines.length > 0 ? "\n" : "");
  };
  const lines = await writeClipboard(collect());
  return { lines, truncated };
}
