// All rows of what a window shows, where some are left out: what retention removed stands as one row, with its key, and so does what
// the reader has folded; what the reader has hidden above has no place at all.
import { Folds, readRuns, type Folded, type ToFold } from "./folds";
import type { RowFeed, ShownRow } from "./list";
import type { Place, RowKey } from "./numbers";
import { PagedRows } from "./pages.svelte";

export class AllRows extends PagedRows {
  #folds = new Folds();
  #rows = 0;
  /** Rows before this place stay where they are. */
  #settled = Infinity;

  constructor(readonly feed: RowFeed) {
    super();
  }

  keyAt(place: Place): RowKey {
    return this.#folds.rowAt(place);
  }

  placeOf(key: RowKey): Place {
    return Math.min(this.#folds.positionOf(key), Math.max(0, this.known - 1));
  }

  get hiddenBefore(): RowKey {
    void this.version;
    return this.#folds.hiddenBefore;
  }

  /** Rows [from, to) that retention has removed, as far as that is known. */
  get gaps(): readonly { readonly from: RowKey; readonly to: RowKey }[] {
    void this.version;
    return this.#folds.removed;
  }

  get removed(): number {
    return this.gaps.reduce((all, { from, to }) => all + to - from, 0);
  }

  /** Leaves out the rows before this one; 0 shows them again. */
  hideBefore(key: RowKey): void {
    this.#refold(() => this.#folds.hideBefore(key));
  }

  /** Folds rows to the first of them; false where that cannot be. */
  fold(rows: ToFold): boolean {
    return this.#refold(() => this.#folds.fold(rows));
  }

  /** Shows the rows again that are folded with this one, or all that are. */
  unfold(key?: RowKey): boolean {
    return this.#refold(() => this.#folds.unfold(key));
  }

  foldOf(key: RowKey): Folded | undefined {
    void this.version;
    return this.#folds.foldOf(key);
  }

  get anyFolded(): boolean {
    void this.version;
    return this.#folds.folded.length > 0;
  }

  /** Takes over what there is now. With `tail` > 0 the end is pulled first and shown with its rows. */
  extend({ rows, bytes }: { readonly rows: number; readonly bytes: number }, tail: number): void {
    const { unsettled } = this.feed;
    this.#settled = unsettled === 0 ? Infinity : Math.max(0, Math.min(this.known, rows) - unsettled);
    this.#rows = rows;
    this.grow(this.#folds.positions(rows), bytes, tail);
  }

  /** Takes note of rows that stand for removed ones, wherever they were read. */
  learn(rows: readonly ShownRow[]): void {
    this.#refold(() => {
      let changed = false;
      for (const row of rows)
        if (row.removed) changed = this.#folds.remove(this.feed.keyOf(row), row.removed.rows) || changed;
      return changed;
    });
  }

  protected fetch(from: Place, count: number): Promise<readonly ShownRow[]> {
    return readRuns(this.#folds.runs(from, count), (run) => this.feed.read(run.row, run.count));
  }

  protected override take(_from: Place, rows: readonly ShownRow[], revision: number): void {
    this.learn(rows);
    // By their keys, not by where they were asked for: a gap among them moves what follows.
    for (const row of rows) {
      const key = this.feed.keyOf(row);
      const fold = this.#folds.foldOf(key);
      // Folded while it was read.
      if (fold === undefined || fold.from === key) this.keep(this.#folds.positionOf(key), row, revision);
    }
  }

  protected override stale(place: Place, row: ShownRow, revision: number): boolean {
    return (place >= this.#settled || row.partial) && revision !== this.revision;
  }

  /** Changes what is left out, and lets what is held and shown keep its rows. */
  #refold(change: () => boolean | void): boolean {
    const top = this.#folds.rowAt(this.wanted.from);
    if (change() === false) return false;
    const held = this.held();
    this.forget();
    for (const row of held) {
      const key = this.feed.keyOf(row);
      const place = this.#folds.positionOf(key);
      if (this.#folds.rowAt(place) === key) this.keep(place, row);
    }
    const moved = this.#folds.positionOf(top) - this.wanted.from;
    this.moved(moved);
    this.wanted = { from: this.wanted.from + moved, to: this.wanted.to + moved };
    this.known = this.#folds.positions(this.#rows);
    this.total = Math.min(this.total, this.known);
    if (this.tail === 0) this.total = this.known;
    this.version += 1;
    this.pump();
    return true;
  }
}
