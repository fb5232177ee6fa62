// Rows of the log around single hits, shown inline while a filter leaves out everything else. Few at a time and few rows each.
// Rows are known by what the window knows them by.
import type { RowFeed, ShownRow } from "../rows/list";
import type { RowKey } from "../rows/numbers";

export interface Context {
  readonly before: readonly ShownRow[];
  readonly after: readonly ShownRow[];
}

/** Both ends are in it. */
export interface KeyRange {
  readonly from: RowKey;
  readonly to: RowKey;
}

/** In order, and each row in one of them. */
export function joined(ranges: readonly KeyRange[]): readonly KeyRange[] {
  const out: KeyRange[] = [];
  for (const { from, to } of [...ranges].sort((a, b) => a.from - b.from)) {
    const last = out.at(-1);
    if (last && from <= last.to) out[out.length - 1] = { from: last.from, to: Math.max(last.to, to) };
    else out.push({ from, to });
  }
  return out;
}

const FIRST = 3;
const MORE = 10;
const MAX_BLOCKS = 16;
const MAX_AROUND = 53;

export class Contexts {
  version = $state(0);
  #blocks = new Map<RowKey, Context & { readonly around: number }>();

  constructor(readonly feed: Pick<RowFeed, "keyOf" | "read">) {}

  keyOf(row: ShownRow): RowKey {
    return this.feed.keyOf(row);
  }

  get any(): boolean {
    return this.#blocks.size > 0;
  }

  of(key: RowKey): Context | undefined {
    return this.#blocks.get(key);
  }

  /** How many rows stand around this one. */
  count(key: RowKey): number {
    const block = this.#blocks.get(key);
    return block ? block.before.length + block.after.length : 0;
  }

  /** The row of a key, if it stands around a hit. */
  rowOf(key: RowKey): ShownRow | undefined {
    for (const { before, after } of this.#blocks.values()) {
      const row = [...before, ...after].find((one) => this.keyOf(one) === key);
      if (row) return row;
    }
    return undefined;
  }

  /** The rows that are shown around hits, and the hits; in order, and each but once. */
  get ranges(): readonly KeyRange[] {
    const ranges = [...this.#blocks].map(([hit, { before, after }]) => {
      const [first, last] = [before[0], after.at(-1)];
      return { from: first ? this.keyOf(first) : hit, to: last ? this.keyOf(last) : hit };
    });
    return joined(ranges);
  }

  /** Shows some rows around a hit, more when there are some already. */
  async widen(hit: RowKey): Promise<void> {
    const known = this.#blocks.get(hit);
    const around = Math.min(MAX_AROUND, known ? known.around + MORE : FIRST);
    const from = Math.max(0, hit - around);
    const rows = await this.feed.read(from, hit - from + 1 + around);
    this.#blocks.set(hit, {
      before: rows.filter((one) => this.keyOf(one) < hit),
      after: rows.filter((one) => this.keyOf(one) > hit && this.keyOf(one) <= hit + around),
      around,
    });
    if (this.#blocks.size > MAX_BLOCKS) {
      const [oldest] = this.#blocks.keys();
      if (oldest !== undefined) this.#blocks.delete(oldest);
    }
    this.version += 1;
  }

  hide(hit: RowKey): void {
    if (this.#blocks.delete(hit)) this.version += 1;
  }

  clear(): void {
    if (!this.any) return;
    this.#blocks.clear();
    this.version += 1;
  }
}
