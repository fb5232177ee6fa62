// From positions in the list to rows of the log and back, where rows are left out: what retention removed is one position,
// what the reader hid above has none. Rows keep their numbers; only positions move. Pure.

interface Fold {
  /** Rows [from, to) of the log. */
  readonly from: number;
  readonly to: number;
  /** Positions that stand for them. */
  readonly shown: 0 | 1;
}

export class Folds {
  #folds: readonly Fold[] = [];
  #hidden = 0;

  /** Rows below this one are not shown at all. */
  get hiddenBefore(): number {
    return this.#hidden;
  }

  /** Rows [from, to) that are known to have been removed, in order. */
  get removed(): readonly { readonly from: number; readonly to: number }[] {
    return this.#folds;
  }

  hideBefore(row: number): void {
    this.#hidden = Math.max(0, row);
  }

  /** Takes note of removed rows; false when they were known. */
  remove(from: number, count: number): boolean {
    const to = from + count;
    if (count <= 0 || this.#folds.some((fold) => fold.from <= from && to <= fold.to)) return false;
    const apart = this.#folds.filter((fold) => fold.to < from || fold.from > to);
    const joined = this.#folds.filter((fold) => !apart.includes(fold));
    const grown: Fold = {
      from: Math.min(from, ...joined.map((fold) => fold.from)),
      to: Math.max(to, ...joined.map((fold) => fold.to)),
      shown: 1,
    };
    this.#folds = [...apart, grown].sort((a, b) => a.from - b.from);
    return true;
  }

  /** How many positions `rows` rows take. */
  positions(rows: number): number {
    return Math.max(0, this.positionOf(rows));
  }

  rowAt(position: number): number {
    let row = position;
    for (const { from, to, shown } of this.#all()) {
      if (row < from + shown) return row;
      row += to - from - shown;
    }
    return row;
  }

  /** The position of a row; of one that is left out, the position that stands for it or follows. */
  positionOf(row: number): number {
    let left = 0;
    for (const { from, to, shown } of this.#all()) {
      if (row < from + shown) break;
      if (row < to) return from - left;
      left += to - from - shown;
    }
    return row - left;
  }

  #all(): readonly Fold[] {
    if (this.#hidden === 0) return this.#folds;
    const hidden: Fold = { from: 0, to: this.#hidden, shown: 0 };
    const below = this.#folds
      .filter((fold) => fold.to > this.#hidden)
      .map((fold) => (fold.from >= this.#hidden ? fold : { ...fold, from: this.#hidden }));
    return [hidden, ...below];
  }
}
