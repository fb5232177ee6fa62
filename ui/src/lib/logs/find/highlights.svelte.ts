// What to highlight in the rows that are drawn: asked of the backend for those rows only, kept for a bounded number of them.
// Columns are those of the raw text; LogRow brings them to what is shown.
import type { Backend, LogRow } from "../../api";

export type Ranges = readonly (readonly [number, number])[];

const NONE: Ranges = [];
const MAX_ROWS = 4096;
/** Rows this near to each other are asked for at once. */
const NEAR = 64;
const MAX_COUNT = 1000;

export class Highlights {
  /** Rises when `of` answers otherwise. */
  version = $state(0);
  /** By row; with the length of its text, for a line that is still being written. */
  #known = new Map<number, { ranges: Ranges; length: number }>();
  #wanted: readonly LogRow[] = [];
  #busy = false;

  constructor(
    readonly backend: Backend,
    readonly searchId: string,
  ) {}

  of(row: number): Ranges {
    return this.#known.get(row)?.ranges ?? NONE;
  }

  /** Says which rows are drawn, in order. */
  want(rows: readonly LogRow[]): void {
    this.#wanted = rows;
    if (!this.#busy) void this.#pull();
  }

  async #pull(): Promise<void> {
    this.#busy = true;
    try {
      for (let next = this.#next(); next.length > 0; next = this.#next()) {
        const from = next[0]?.row ?? 0;
        const to = (next.at(-1)?.row ?? from) + 1;
        const found = await this.backend.searchRanges(this.searchId, from, to - from);
        const ranges = new Map(found.map((one) => [one.row, one.ranges]));
        for (const { row, text } of next)
          this.#known.set(row, { ranges: ranges.get(row) ?? NONE, length: text.length });
        this.#trim();
        this.version += 1;
      }
    } catch {
      // The search was closed meanwhile, or cannot read the log: its own progress says so. Nothing is highlighted.
    } finally {
      this.#busy = false;
    }
  }

  /** The first rows that are not known, as far as one request goes. */
  #next(): LogRow[] {
    const missing = this.#wanted.filter((row) => this.#known.get(row.row)?.length !== row.text.length);
    const first = missing[0];
    if (first === undefined) return [];
    const run: LogRow[] = [];
    let last = first.row;
    for (const row of missing) {
      if (row.row - last > NEAR || row.row - first.row >= MAX_COUNT) break;
      run.push(row);
      last = row.row;
    }
    return run;
  }

  #trim(): void {
    for (const row of this.#known.keys()) {
      if (this.#known.size <= MAX_ROWS) return;
      this.#known.delete(row);
    }
  }
}
