// All rows of a log, or of several, where some are left out: what retention removed stands as one row, with its number; what the
// reader has hidden above has none.
import { Folds } from "./folds";
import { PagedRows } from "./pages.svelte";
import type { ShownRow } from "./source";

export abstract class FoldedRows extends PagedRows {
  #folds = new Folds();
  #rows = 0;

  /** What a row is known by, whatever is left out before it. */
  protected abstract numberOf(row: ShownRow): number;
  /** Rows by number; fewer at the end. */
  protected abstract read(from: number, count: number): Promise<readonly ShownRow[]>;

  keyAt(position: number): number {
    return this.#folds.rowAt(position);
  }

  positionOf(number: number): number {
    return Math.min(this.#folds.positionOf(number), Math.max(0, this.known - 1));
  }

  get hiddenBefore(): number {
    void this.version;
    return this.#folds.hiddenBefore;
  }

  /** Leaves out the rows before this one; 0 shows them again. */
  hideBefore(number: number): void {
    this.#refold(() => this.#folds.hideBefore(number));
  }

  /** Takes over what there is now. With `tail` > 0 the end is pulled first and shown with its rows. */
  protected growTo(rows: number, revision: number, tail: number): void {
    this.#rows = rows;
    this.grow(this.#folds.positions(rows), revision, tail);
  }

  protected async fetch(from: number, count: number): Promise<readonly ShownRow[]> {
    return this.read(this.#folds.rowAt(from), count);
  }

  protected override take(_from: number, rows: readonly ShownRow[], revision: number): void {
    const gaps = rows.filter((row) => row.removed !== undefined);
    this.#refold(() => {
      let changed = false;
      for (const row of gaps)
        changed = this.#folds.remove(this.numberOf(row), row.removed?.rows ?? 0) || changed;
      return changed;
    });
    // By their numbers, not by where they were asked for: a gap among them moves what follows.
    for (const row of rows) this.keep(this.#folds.positionOf(this.numberOf(row)), row, revision);
  }

  /** Changes what is left out, and lets what is held and shown keep its rows. */
  #refold(change: () => boolean | void): void {
    const top = this.#folds.rowAt(this.wanted.from);
    if (change() === false) return;
    const held = this.held();
    this.forget();
    for (const row of held) {
      const number = this.numberOf(row);
      const position = this.#folds.positionOf(number);
      if (this.#folds.rowAt(position) === number) this.keep(position, row);
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
