// Rows of the log around single hits, shown inline while a filter leaves out everything else. Few at a time and few rows each.
import type { Backend, LogRow } from "../../api";

export interface Context {
  readonly before: readonly LogRow[];
  readonly after: readonly LogRow[];
}

const FIRST = 3;
const MORE = 10;
const MAX_BLOCKS = 16;
const MAX_AROUND = 53;

export class Contexts {
  version = $state(0);
  #blocks = new Map<number, Context & { readonly around: number }>();

  constructor(readonly backend: Backend) {}

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

  /** Whether both rows stand in the block of one hit. */
  sameBlock(a: number, b: number): boolean {
    return [...this.#blocks].some(([row, { before, after }]) => {
      const from = before[0]?.row ?? row;
      const to = after.at(-1)?.row ?? row;
      return [a, b].every((one) => one >= from && one <= to);
    });
  }

  /** Shows some rows around a hit, more when there are some already. */
  async widen(id: string, attempt: number, row: number): Promise<void> {
    const known = this.#blocks.get(row);
    const around = Math.min(MAX_AROUND, known ? known.around + MORE : FIRST);
    const from = Math.max(0, row - around);
    const { rows } = await this.backend.readLog(id, attempt, from, row - from + 1 + around);
    this.#blocks.set(row, {
      before: rows.filter((one) => one.row < row),
      after: rows.filter((one) => one.row > row && one.row <= row + around),
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
