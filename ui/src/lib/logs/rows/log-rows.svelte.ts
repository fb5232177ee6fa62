// All rows of one attempt, as the pane scrolls through them. Rows that retention removed stand as one, with their number;
// rows that the reader has hidden above are left out.
import type { Backend, LogInfo } from "../../api";
import { Folds } from "./folds";
import { PagedRows } from "./pages.svelte";
import type { ShownRow } from "./source";

export class LogRows extends PagedRows {
  #folds = new Folds();
  #rows = 0;

  constructor(
    readonly backend: Backend,
    readonly id: string,
    readonly attempt: number,
  ) {
    super();
  }

  /** Takes over what the log has grown to. With `tail` > 0 the end is pulled first and shown with its rows. */
  extend(info: LogInfo, tail: number): void {
    this.#rows = info.rows;
    this.grow(this.#folds.positions(info.rows), info.bytes, tail);
  }

  keyAt(position: number): number {
    return this.#folds.rowAt(position);
  }

  positionOf(row: number): number {
    return Math.min(this.#folds.positionOf(row), Math.max(0, this.known - 1));
  }

  get hiddenBefore(): number {
    void this.version;
    return this.#folds.hiddenBefore;
  }

  /** Leaves out the rows before this one; 0 shows them again. */
  hideBefore(row: number): void {
    this.#refold(() => this.#folds.hideBefore(row));
  }

  protected async fetch(from: number, count: number): Promise<readonly ShownRow[]> {
    const { rows } = await this.backend.readLog(this.id, this.attempt, this.#folds.rowAt(from), count);
    return rows;
  }

  protected override take(_from: number, rows: readonly ShownRow[], revision: number): void {
    const gaps = rows.filter((row) => row.removed !== undefined);
    this.#refold(() => {
      let changed = false;
      for (const { row, removed } of gaps) changed = this.#folds.remove(row, removed?.rows ?? 0) || changed;
      return changed;
    });
    // By their numbers, not by where they were asked for: a gap among them moves what follows.
    for (const row of rows) this.keep(this.#folds.positionOf(row.row), row, revision);
  }

  /** Changes what is left out, and lets what is held and shown keep its rows. */
  #refold(change: () => boolean | void): void {
    const top = this.#folds.rowAt(this.wanted.from);
    if (change() === false) return;
    const held = this.held();
    this.forget();
    for (const row of held) {
      const position = this.#folds.positionOf(row.row);
      if (this.#folds.rowAt(position) === row.row) this.keep(position, row);
    }
    const moved = this.#folds.positionOf(top) - this.wanted.from;
    this.moved(moved);
    this.wanted = { from: this.wanted.from + moved, to: this.wanted.to + moved };
    this.known = this.#folds.positions(this.#rows);
    this.total = Math.min(this.total, this.known);
    if (this.tail === 0) this.total = this.known;
    this.version += 1;
    this.pump();
  }
}
