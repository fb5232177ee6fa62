// The rows that a search found, as the pane scrolls through them in filter mode: position = rank among the matches.
//
// While a search goes backward, earlier matches turn up and every rank behind them moves. The list then is read anew around the row
// that the reader looks at, by its number, and the pane is told by how much to move along, so that the text stands still.
import { ApiError, type Backend, type SearchProgress } from "../../api";
import { PagedRows } from "./pages.svelte";
import type { ShownRow } from "./source";

export class MatchRows extends PagedRows {
  /** Rows before this one are left out; they are the first `#skipped` matches. */
  #hideBefore = 0;
  #skipped = 0;
  #matches = 0;
  #again = false;
  #settled = false;
  /** The row to begin at, until the first rows are there. */
  #near: number | null;

  constructor(
    readonly backend: Backend,
    readonly searchId: string,
    near: number,
    hideBefore: number,
  ) {
    super();
    this.#near = near;
    this.#hideBefore = hideBefore;
  }

  /** Takes over how far the search is. */
  progress(progress: SearchProgress, tail: number): void {
    this.tail = tail;
    const grew = progress.matches !== this.#matches;
    const appended = this.#settled && progress.complete && progress.matches >= this.#matches;
    this.#matches = progress.matches;
    this.#settled = progress.complete;
    if (appended && this.#hideBefore === 0) this.grow(progress.matches, progress.totalBytes, tail);
    else if (grew) void this.reread();
  }

  keyAt(position: number): number | undefined {
    const row = this.get(position);
    return row && this.numberOf(row);
  }

  /** The position of the first match at or after a row. */
  async positionOf(row: number): Promise<number> {
    return Math.max(0, (await this.backend.searchRank({ searchId: this.searchId, row })) - this.#skipped);
  }

  async has(row: number): Promise<boolean> {
    const rank = (at: number) => this.backend.searchRank({ searchId: this.searchId, row: at });
    return row >= this.#hideBefore && (await rank(row + 1)) > (await rank(row));
  }

  /** Reads what is shown again, around the first row of it that is known. */
  async reread(): Promise<void> {
    if (this.closed) return;
    if (this.busy) {
      this.#again = true;
      return;
    }
    this.busy = true;
    this.#again = false;
    try {
      if (this.#hideBefore > 0)
        this.#skipped = await this.backend.searchRank({ searchId: this.searchId, row: this.#hideBefore });
      const { from, to } = this.wanted;
      const anchor = this.#anchor();
      const moved = anchor === null ? 0 : (await this.positionOf(anchor.row)) - anchor.position;
      const known = Math.max(0, this.#matches - this.#skipped);
      const count = Math.max(60, this.tail > 0 ? this.tail : to - from);
      const first = Math.max(0, this.tail > 0 ? known - count : from + moved);
      const rows = await this.fetch(first, count);
      if (this.closed) return;
      this.forget();
      rows.forEach((row, i) => this.keep(first + i, row));
      if (rows.length > 0) this.#near = null;
      if (this.tail === 0) this.moved(moved);
      this.wanted = { from: from + moved, to: to + moved };
      this.known = this.total = Math.max(known, first + rows.length);
      this.error = null;
      this.version += 1;
    } catch (thrown) {
      if (this.closed) return;
      this.error = ApiError.from(thrown);
    } finally {
      this.busy = false;
    }
    if (this.#again) void this.reread();
    else if (this.error === null) this.pump();
  }

  /** What a row is known by in the log, and what ranks are asked by. */
  protected numberOf(row: ShownRow): number {
    return row.row;
  }

  /** Matches by rank; fewer at the end. */
  protected async read(from: number, count: number): Promise<readonly ShownRow[]> {
    return (await this.backend.searchRows({ searchId: this.searchId, from, count })).rows;
  }

  protected async fetch(from: number, count: number): Promise<readonly ShownRow[]> {
    return this.read(from + this.#skipped, count);
  }

  #anchor(): { position: number; row: number } | null {
    for (let position = this.wanted.from; position < this.wanted.to; position += 1) {
      const row = this.keyAt(position);
      if (row !== undefined) return { position, row };
    }
    return this.#near === null ? null : { position: this.wanted.from, row: this.#near };
  }
}
