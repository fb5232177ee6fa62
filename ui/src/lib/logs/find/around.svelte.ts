// Rows of the log around every hit that a filter leaves, as `grep -C` shows them: each row once, also where hits are near to each
// other. Read for the hits that are drawn, and kept for a bounded number of them.
import type { KeyRange } from "./contexts.svelte";
import type { RowFeed, RowList, ShownRow } from "../rows/list";
import type { Place, RowKey } from "../rows/numbers";

/** A row that stands around a hit; not there until it is read. */
export interface Line {
  readonly key: RowKey;
  readonly row: ShownRow | undefined;
}

const MAX_ROWS = 4096;
/** Rows this near to each other are read at once, up to so many. */
const NEAR = 8;
const MAX_COUNT = 500;

export class Around {
  version = $state(0);
  /** Null for what the log does not have. */
  #rows = new Map<RowKey, ShownRow | null>();
  #busy = false;
  #wanted: readonly (readonly [key: RowKey, place: Place])[] = [];

  constructor(
    readonly feed: Pick<RowFeed, "keyOf" | "read">,
    /** How many rows are shown on each side. */
    readonly lines: () => number,
    /** The hits that are shown, and how many rows the log has. */
    readonly hits: () => { readonly list: RowList; readonly end: RowKey } | null,
  ) {}

  get any(): boolean {
    return this.lines() > 0 && this.hits() !== null;
  }

  /** How many rows stand around the hit at a place. */
  count(key: RowKey, place: Place): number {
    const [from, to] = this.#range(key, place);
    return to - from;
  }

  /** The hit with what stands around it; both ends are in it. */
  rangeOf(key: RowKey, place: Place): KeyRange {
    const [from, to] = this.#range(key, place);
    return { from, to };
  }

  /** What stands before a hit and behind it; null without any. */
  of(key: RowKey, place: Place): { before: Line[]; after: Line[] } | null {
    const [from, to] = this.#range(key, place);
    if (to - from <= 0) return null;
    const line = (key: RowKey): Line => ({ key, row: this.#rows.get(key) ?? undefined });
    const lines = (from: RowKey, count: number): Line[] =>
      Array.from({ length: Math.max(0, count) }, (_, i) => line(from + i));
    return { before: lines(from, key - from), after: lines(key + 1, to - key) };
  }

  /** The row of a key, if it stands around a hit. */
  rowOf(key: RowKey): ShownRow | undefined {
    return this.any ? (this.#rows.get(key) ?? undefined) : undefined;
  }

  /** Says which hits are drawn. */
  want(hits: readonly (readonly [key: RowKey, place: Place])[]): void {
    this.#wanted = hits;
    if (!this.#busy && this.any) void this.#pull();
  }

  /** The log is another one, or reads otherwise. */
  clear(): void {
    this.#rows.clear();
    this.version += 1;
  }

  /** From the first row before a hit to the last one behind it. */
  #range(key: RowKey, place: Place): readonly [from: RowKey, to: RowKey] {
    const hits = this.hits();
    const lines = this.lines();
    if (hits === null || lines === 0) return [key, key];
    const { list, end } = hits;
    const before = place === 0 ? -1 : list.keyAt(place - 1);
    const behind = list.keyAt(place + 1);
    // What is between two hits belongs to the first, as far as it reaches.
    const free = before === undefined ? lines : key - before - 1 - (place === 0 ? 0 : lines);
    const from = key - Math.min(lines, Math.max(0, free));
    const to = Math.min(key + lines, (behind ?? Infinity) - 1, end - 1);
    return [from, Math.max(key, to)];
  }

  async #pull(): Promise<void> {
    this.#busy = true;
    try {
      for (let run = this.#missing(); run !== null; run = this.#missing()) {
        const [from, to] = run;
        const rows = await this.feed.read(from, to - from + 1);
        if (this.#rows.size > MAX_ROWS) this.#rows.clear();
        for (let key = from; key <= to; key += 1) this.#rows.set(key, null);
        for (const row of rows) this.#rows.set(this.feed.keyOf(row), row);
        this.version += 1;
      }
    } catch {
      // What cannot be read, the pane says of the hits themselves.
    } finally {
      this.#busy = false;
    }
  }

  /** A run of rows that are wanted and not there. */
  #missing(): readonly [from: RowKey, to: RowKey] | null {
    let run: [RowKey, RowKey] | null = null;
    for (const [key, place] of this.#wanted) {
      const [from, to] = this.#range(key, place);
      for (let at = from; at <= to; at += 1) {
        if (at === key || this.#rows.has(at)) continue;
        if (run === null) run = [at, at];
        else if (at - run[1] > NEAR || at - run[0] >= MAX_COUNT) return run;
        else run[1] = at;
      }
    }
    return run;
  }
}
