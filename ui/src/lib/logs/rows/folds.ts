// From positions in the list to rows of the log and back, where rows are left out: what retention removed is one position, and so is
// what the reader folded; what the reader hid above has none. Rows keep their numbers; only positions move. Pure.

interface Fold {
  /** Rows [from, to) of the log. */
  readonly from: number;
  readonly to: number;
  /** Positions that stand for them. */
  readonly shown: 0 | 1;
}

/** Rows that are folded to their first. */
export interface Folded extends Fold {
  readonly shown: 1;
  readonly kind: string;
  /** How many rows of what is shown it has, the first one too. */
  readonly rows: number;
  /** What is worth reading of it while it is folded. */
  readonly said?: string;
}

/** Rows that are to be folded. */
export type ToFold = Omit<Folded, "shown" | "rows">;

/** Rows that are read in one request. */
export interface Run {
  readonly row: number;
  readonly count: number;
}

/** The rows of all runs, in order. */
export function readRuns<Row>(
  runs: readonly Run[],
  read: (run: Run) => Promise<readonly Row[]>,
): Promise<readonly Row[]> {
  const [only, ...more] = runs;
  // Nearly always: nothing is folded between them.
  if (only !== undefined && more.length === 0) return read(only);
  return Promise.all(runs.map(read)).then((rows) => rows.flat());
}

/** For rows between folded ones so many requests are made at once. */
const MAX_RUNS = 8;

/** Whatever is looked up goes through all of them. */
const MAX_FOLDED = 500;

export class Folds {
  #folds: readonly Fold[] = [];
  #folded: readonly Folded[] = [];
  #hidden = 0;
  #left: readonly Fold[] | null = null;

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
    this.#left = null;
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
    // What is gone of a block is to be seen.
    this.#folded = this.#folded.filter((fold) => fold.to <= grown.from || fold.from >= grown.to);
    this.#left = null;
    return true;
  }

  /** Folds rows [from, to) to the first of them, with what is folded in there; false where that cannot be. */
  fold({ from, to, kind, said }: ToFold): boolean {
    const meets = (fold: Fold): boolean => fold.from < to && fold.to > from;
    const within = (fold: Fold): boolean => fold.from >= from && fold.to <= to;
    const apart = this.#folded.filter((fold) => !within(fold));
    if (to - from < 2 || this.#folds.some(meets) || apart.some(meets) || apart.length >= MAX_FOLDED)
      return false;
    const folded: Folded = {
      from,
      to,
      shown: 1,
      kind,
      rows: to - from,
      ...(said === undefined ? {} : { said }),
    };
    this.#folded = [...apart, folded].sort((a, b) => a.from - b.from);
    this.#left = null;
    return true;
  }

  /** Shows the rows again that are folded with this one, or all; false where none are. */
  unfold(row?: number): boolean {
    const left = row === undefined ? [] : this.#folded.filter((fold) => row < fold.from || row >= fold.to);
    const changed = left.length < this.#folded.length;
    this.#folded = left;
    this.#left = null;
    return changed;
  }

  /** What is folded, in order. */
  get folded(): readonly Folded[] {
    return this.#folded;
  }

  foldOf(row: number): Folded | undefined {
    return this.#folded.find((fold) => fold.from <= row && row < fold.to);
  }

  /** The rows that are read for `count` positions, or the first of them: of what is folded only the first row is. */
  runs(from: number, count: number): Run[] {
    const runs: Run[] = [];
    const end = from + count;
    for (let position = from; position < end && runs.length < MAX_RUNS;) {
      const row = this.rowAt(position);
      const next = this.#folded.find((fold) => fold.from >= row);
      const to = next ? Math.min(end, this.positionOf(next.from) + 1) : end;
      runs.push({ row, count: to - position });
      position = to;
    }
    return runs;
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
    return (this.#left ??= this.#compute());
  }

  #compute(): readonly Fold[] {
    const all = [...this.#folds, ...this.#folded].sort((a, b) => a.from - b.from);
    if (this.#hidden === 0) return all;
    const hidden: Fold = { from: 0, to: this.#hidden, shown: 0 };
    const below = all
      .filter((fold) => fold.to > this.#hidden)
      .map((fold) => (fold.from >= this.#hidden ? fold : { ...fold, from: this.#hidden }));
    return [hidden, ...below];
  }
}
