// Puts the exact text of a selection on the clipboard: rows that are not held are read first, up to a limit that is said.
import { count } from "../shared/format";
import { ApiError } from "../api";
import { parseAnsi } from "./ansi";
import type { RowCache } from "./rows.svelte";
import { ordered, textOnRow, type Selection } from "./selection";

const MAX_ROWS = 200_000;
const MAX_CHARS = 32_000_000;

export class CopyText {
  /** What there is to say about the last copy; null when it went as expected. */
  note = $state<string | null>(null);

  async copy(rows: RowCache, selection: Selection): Promise<void> {
    const { start, end } = ordered(selection);
    const lines: string[] = [];
    let chars = 0;
    this.note = null;
    try {
      await rows.read(start.row, end.row + 1, MAX_ROWS, (row) => {
        const line = textOnRow(selection, row.row, parseAnsi(row.text).plain);
        lines.push(line);
        chars += line.length;
        return chars < MAX_CHARS;
      });
      // A selected line end is copied as one: three clicks take the line with its newline.
      const tail = end.column === Infinity && lines.length > 0 ? "\n" : "";
      await writeClipboard(lines.join("\n") + tail);
      const wanted = end.row - start.row + 1;
      if (lines.length < wanted)
        this.note = `Copied the first ${count(lines.length)} of ${count(wanted)} lines`;
    } catch (thrown) {
      this.note = `Could not copy: ${ApiError.from(thrown).message}`;
    }
  }
}

async function writeClipboard(text: string): Promise<void> {
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
