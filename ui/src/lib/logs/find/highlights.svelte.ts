// What to highlight in the rows that are drawn: asked of the backend for those rows only, kept for a bounded number of them.
// Columns are those of the row's text.
import type { Backend, LogRow } from "../../api";
import type { ShownRow } from "../rows/list";
import type { RowNo } from "../rows/numbers";

/** What a pane asks for highlights. */
export interface RowHighlights {
  /** Rises when `of` answers otherwise. */
  readonly version: number;
  of(row: ShownRow): Ranges;
  /** `of` is the answer, and not that it is not known yet. */
  knows(row: ShownRow): boolean;
  /** The search of the row's own log. */
  searchOf(row: ShownRow): string;
  /** Says which rows are drawn, in order. */
  want(rows: readonly ShownRow[]): void;
}

export type Ranges = readonly (readonly [number, number])[];

const NONE: Ranges = [];
const MAX_ROWS = 4096;
/** Rows this near to each other are asked for at once. */
const NEAR = 64;
const MAX_COUNT = 1000;
/** Under way at once. */
const MAX_REQUESTS = 8;

export class Highlights implements RowHighlights {
  version = $state(0);
  /** By row; with its text, for a line that is still being written. */
  #known = new Map<RowNo, { ranges: Ranges; text: string }>();
  #wanted: readonly LogRow[] = [];
  #busy = false;

  constructor(
    readonly backend: Backend,
    readonly searchId: string,
  ) {}

  of({ row }: LogRow): Ranges {
    return this.#known.get(row)?.ranges ?? NONE;
  }

  knows({ row, text }: LogRow): boolean {
    return this.#known.get(row)?.text === text;
  }

  searchOf(): string {
    return this.searchId;
  }

  want(rows: readonly LogRow[]): void {
    this.#wanted = rows;
    if (!this.#busy) void this.#pull();
  }

  async #pull(): Promise<void> {
    this.#busy = true;
    try {
      for (let runs = this.#runs(); runs.length > 0; runs = this.#runs()) {
        await Promise.all(runs.map((run) => this.#ask(run)));
        this.#trim();
        this.version += 1;
      }
    } catch {
      // The search was closed meanwhile, or cannot read the log: its own progress says so. Nothing is highlighted.
    } finally {
      this.#busy = false;
    }
  }

  async #ask(rows: readonly LogRow[]): Promise<void> {
    const from = rows[0]?.row ?? 0;
    const to = (rows.at(-1)?.row ?? from) + 1;
    const found = await this.backend.searchRanges({ searchId: this.searchId, from, count: to - from });
    const ranges = new Map(found.map((one) => [one.row, one.ranges]));
    for (const { row, text } of rows) this.#known.set(row, { ranges: ranges.get(row) ?? NONE, text });
  }

  /** The rows that are not known, in a few requests: hits of a filter lie far apart. */
  #runs(): LogRow[][] {
    const runs: LogRow[][] = [];
    let last = -Infinity;
    for (const row of this.#wanted) {
      if (this.#known.get(row.row)?.text === row.text) continue;
      const run = runs.at(-1);
      const first = run?.[0]?.row ?? 0;
      if (run && row.row - last <= NEAR && row.row - first < MAX_COUNT) run.push(row);
      else if (runs.length === MAX_REQUESTS) break;
      else runs.push([row]);
      last = row.row;
    }
    return runs;
  }

  #trim(): void {
    for (const row of this.#known.keys()) {
      if (this.#known.size <= MAX_ROWS) return;
      this.#known.delete(row);
    }
  }
}

/** In several logs read as one: each source is searched by itself, and a row is asked of the search of its own. */
export class MergedHighlights implements RowHighlights {
  readonly #sources: readonly Highlights[];

  constructor(
    backend: Backend,
    readonly searchId: string,
    sources: number,
  ) {
    this.#sources = Array.from({ length: sources }, (_, i) => new Highlights(backend, `${searchId}-${i}`));
  }

  get version(): number {
    return this.#sources.reduce((all, source) => all + source.version, 0);
  }

  of(row: ShownRow): Ranges {
    return this.#sources[row.source ?? -1]?.of(row) ?? NONE;
  }

  knows(row: ShownRow): boolean {
    return this.#sources[row.source ?? -1]?.knows(row) ?? false;
  }

  searchOf(row: ShownRow): string {
    return this.#sources[row.source ?? -1]?.searchId ?? this.searchId;
  }

  want(rows: readonly ShownRow[]): void {
    this.#sources.forEach((source, i) => source.want(rows.filter((row) => row.source === i)));
  }
}
