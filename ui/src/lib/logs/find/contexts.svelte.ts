// Rows of the log around single hits, shown inline while a filter leaves out everything else. Few at a time and few rows each.
// Rows are known by what the window knows them by.
import type { ShownRow } from "../rows/source";

export interface Context {
  readonly before: readonly ShownRow[];
  readonly after: readonly ShownRow[];
}

const FIRST = 3;
const MORE = 10;
const MAX_BLOCKS = 16;
const MAX_AROUND = 53;

export class Contexts {
  version = $state(0);
  #blocks = new Map<number, Context & { readonly around: number }>();

  constructor(
    /** Rows from a key on, shown or not. */
    readonly read: (from: number, count: number) => Promise<readonly ShownRow[]>,
    readonly keyOf: (row: ShownRow) => number,
  ) {}

  get any(): boolean {
    return this.#blocks.size > 0;
  }

  of(row: number): Context | undefined {
    return this.#blocks.get(row);
  }

  /** How many rows stand around this one. */
  count(row: number): number {
    const block = this.#blocks.get(row);
    return block ? block.before.length + block.after.length : 0;
  }

  /** The row of a key, if it stands around a hit. */
  rowOf(key: number): ShownRow | undefined {
    for (const { before, after } of this.#blocks.values()) {
      const row = [...before, ...after].find((one) => this.keyOf(one) === key);
      if (row) return row;
    }
    return undefined;
  }

  /** Whether both rows stand in the block of one hit. */
  sameBlock(a: number, b: number): boolean {
    return [...this.#blocks].some(([row, { before, after }]) => {
      const from = before[0] ? this.keyOf(before[0]) : row;
      const last = after.at(-1);
      const to = last ? this.keyOf(last) : row;
      return [a, b].every((one) => one >= from && one <= to);
    });
  }

  /** Shows some rows around a hit, more when there are some already. */
  async widen(row: number): Promise<void> {
    const known = this.#blocks.get(row);
    const around = Math.min(MAX_AROUND, known ? known.around + MORE : FIRST);
    const from = Math.max(0, row - around);
    const rows = await this.read(from, row - from + 1 + around);
    this.#blocks.set(row, {
      before: rows.filter((one) => this.keyOf(one) < row),
      after: rows.filter((one) => this.keyOf(one) > row && this.keyOf(one) <= row + around),
      around,
    });
    if (this.#blocks.size > MAX_BLOCKS) {
      const [oldest] = this.#blocks.keys();
      if (oldest !== undefined) this.#blocks.delete(oldest);
    }
    this.version += 1;
  }

  hide(row: number): void {
    if (this.#blocks.delete(row)) this.version += 1;
  }

  clear(): void {
    if (!this.any) return;
    this.#blocks.clear();
    this.version += 1;
  }
}
