// What a row's text begins with: colours that an earlier row of the same stream switched on and did not switch off.
//
// Rows come in pages. Within a page the state is computed from row to row; at a page's end it is remembered, so that the next
// page goes on with it wherever the two were held one after the other, as they are while one scrolls or follows. After a jump into
// the middle of a log the rows before are unknown and the page begins plain: a colour that was left on far above is not drawn there.
// The same holds for what a clamped line switches on beyond the part that is held.
import type { LogRow } from "../../api";
import { PLAIN, styleAfter, type Style } from "./ansi";

/** The open style of each stream (in a merged log: of each stream of each source). */
export type OpenStyles = ReadonlyMap<string, Style>;

const NONE: OpenStyles = new Map();
/** Page ends that are remembered; each is a few numbers. */
const MAX_ENDS = 2048;

export function streamOf(row: LogRow & { source?: number }): string {
  return row.source === undefined ? row.stream : `${row.source} ${row.stream}`;
}

export class StyleCarry {
  #ends = new Map<number, OpenStyles>();

  /** What the page before left open; the same object as long as nothing changed. */
  before(page: number): OpenStyles {
    return this.#ends.get(page - 1) ?? NONE;
  }

  /** The style each row of a page begins with. `rows` has holes where nothing is held; a page without holes has a known end. */
  starts(page: number, rows: readonly (LogRow | undefined)[]): Style[] {
    const open = new Map(this.before(page));
    const starts: Style[] = [];
    let whole = true;
    for (const row of rows) {
      if (row === undefined) {
        starts.push(PLAIN);
        whole = false;
        continue;
      }
      const stream = streamOf(row);
      const start = open.get(stream) ?? PLAIN;
      starts.push(start);
      const end = styleAfter(row.text, start);
      if (end !== start) open.set(stream, end);
    }
    if (whole) this.#remember(page, open);
    return starts;
  }

  clear(): void {
    this.#ends.clear();
  }

  #remember(page: number, open: OpenStyles): void {
    const known = this.#ends.get(page);
    if (known !== undefined && same(known, open)) return;
    this.#ends.delete(page);
    this.#ends.set(page, open);
    if (this.#ends.size <= MAX_ENDS) return;
    const oldest = this.#ends.keys().next().value;
    if (oldest !== undefined) this.#ends.delete(oldest);
  }
}

function same(a: OpenStyles, b: OpenStyles): boolean {
  if (a.size !== b.size) return false;
  return [...a].every(([stream, style]) => JSON.stringify(b.get(stream)) === JSON.stringify(style));
}
