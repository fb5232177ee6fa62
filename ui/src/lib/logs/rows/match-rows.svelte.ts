// The rows that a search found, as the pane scrolls through them in filter mode: a row's place is its rank among the matches, less
// those that are hidden.
//
// While a search goes backward, earlier matches turn up and every rank behind them moves. The list then is read anew around the row
// that the reader looks at, by its key, and the pane is told by how much to move along, so that the text stands still.
import { ApiError, type Backend, type SearchProgress } from "../../api";
import type { RowFeed, ShownRow } from "./list";
import type { Place, Rank, RowKey } from "./numbers";
import { PagedRows } from "./pages.svelte";

export interface MatchFeed extends Pick<RowFeed, "keyOf"> {
  readonly backend: Backend;
  /** Matches of a search from a rank on; fewer at the end. */
  found(searchId: string, from: Rank, count: number): Promise<readonly ShownRow[]>;
}

export class MatchRows extends PagedRows {
  /** Rows before this one are left out; they are the first `#skipped` matches. */
  #hideBefore: RowKey = 0;
  #skipped: Rank = 0;
  #matches = 0;
  #again = false;
  #settled = false;
  /** The row to begin at, until the first rows are there. */
  #near: RowKey | null;

  constructor(
    readonly feed: MatchFeed,
    readonly searchId: string,
    near: RowKey,
    hideBefore: RowKey,
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

  keyAt(place: Place): RowKey | undefined {
    const row = this.get(place);
    return row && this.feed.keyOf(row);
  }

  /** The place of the first match at or after a row. */
  async placeOf(key: RowKey): Promise<Place> {
    return Math.max(0, (await this.rankOf(key)) - this.#skipped);
  }

  /** How many matches there are before a row, hidden ones too. */
  rankOf(key: RowKey): Promise<Rank> {
    return this.feed.backend.searchRank({ searchId: this.searchId, row: key });
  }

  async has(key: RowKey): Promise<boolean> {
    return key >= this.#hideBefore && (await this.rankOf(key + 1)) > (await this.rankOf(key));
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
      if (this.#hideBefore > 0) this.#skipped = await this.rankOf(this.#hideBefore);
      const { from, to } = this.wanted;
      const anchor = this.#anchor();
      const moved = anchor === null ? 0 : (await this.placeOf(anchor.key)) - anchor.place;
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

  protected fetch(from: Place, count: number): Promise<readonly ShownRow[]> {
    return this.feed.found(this.searchId, from + this.#skipped, count);
  }

  #anchor(): { place: Place; key: RowKey } | null {
    for (let place = this.wanted.from; place < this.wanted.to; place += 1) {
      const key = this.keyAt(place);
      if (key !== undefined) return { place, key };
    }
    return this.#near === null ? null : { place: this.wanted.from, key: this.#near };
  }
}
