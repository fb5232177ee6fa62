// Records that are shown field by field below their rows. Few at a time, each of few lines.
import { recordLines } from "../text/record";
import type { ShownRow } from "./list";
import type { RowKey } from "./numbers";

const MAX_ROWS = 64;

export class Expanded {
  version = $state(0);
  #lines = new Map<RowKey, readonly string[]>();

  get any(): boolean {
    return this.#lines.size > 0;
  }

  of(key: RowKey): readonly string[] | undefined {
    return this.#lines.get(key);
  }

  count(key: RowKey): number {
    return this.#lines.get(key)?.length ?? 0;
  }

  /** Shows the fields of a row, or hides them; false when it has none. */
  toggle(key: RowKey, row: ShownRow): boolean {
    if (!this.#lines.delete(key)) {
      const lines = recordLines(row.text);
      if (lines === null) return false;
      const [oldest] = this.#lines.keys();
      if (this.#lines.size >= MAX_ROWS && oldest !== undefined) this.#lines.delete(oldest);
      this.#lines.set(key, lines);
    }
    this.version += 1;
    return true;
  }

  clear(): void {
    if (!this.any) return;
    this.#lines.clear();
    this.version += 1;
  }
}
