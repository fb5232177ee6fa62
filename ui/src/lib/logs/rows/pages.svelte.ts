// Holds a few pages of rows around what is shown, pulled as they are wanted. What the rows are is said by the classes beside it:
// all-rows (all there are), match-rows (what a search found).
//
// One request is in flight at a time; what is wanted when it returns decides the next. The number of pages is bounded, so nothing
// here grows with the log. Rows live outside deep reactivity; `version` says when something changed.
import { ApiError } from "../../api";
import type { RowList, ShownRow } from "./list";
import type { Place, RowKey } from "./numbers";

const PAGE = 128;
const MAX_PAGES = 24;

interface Slot {
  readonly row: ShownRow;
  /** The revision of the log when it was read: a partial row is read again once there is a later one. */
  readonly revision: number;
}

type Page = Map<Place, Slot>;

export abstract class PagedRows implements RowList {
  version = $state(0);
  total = $state(0);
  known = $state(0);
  error = $state.raw<ApiError | null>(null);

  protected revision = 0;
  protected tail = 0;
  protected wanted: { from: Place; to: Place } = { from: 0, to: 0 };
  protected closed = false;
  protected busy = false;
  #pages = new Map<number, Page>();
  #shift = 0;

  /** Rows from a place on, in order; fewer at the end. */
  protected abstract fetch(from: Place, count: number): Promise<readonly ShownRow[]>;
  abstract keyAt(place: Place): RowKey | undefined;

  /** Takes over what the list has grown to. `revision` rises with every change of the log. */
  protected grow(known: number, revision: number, tail: number): void {
    this.revision = revision;
    this.known = known;
    this.tail = tail;
    if (tail === 0 || known <= this.total) this.total = known;
    this.pump();
  }

  want(from: Place, to: Place, tail: number): void {
    this.wanted = { from, to };
    this.tail = tail;
    if (tail === 0 && this.total !== this.known) this.total = this.known;
    this.pump();
  }

  get(place: Place): ShownRow | undefined {
    return this.#slot(place)?.row;
  }

  takeShift(): number {
    const shift = this.#shift;
    this.#shift = 0;
    return shift;
  }

  retry(): void {
    this.error = null;
    this.pump();
  }

  /** Keeps what is held and asks for nothing more: what it would ask is gone. */
  freeze(): void {
    this.closed = true;
  }

  close(): void {
    this.freeze();
    this.#pages.clear();
  }

  /** Whether a held row may have changed since it was read. */
  protected stale(_place: Place, row: ShownRow, revision: number): boolean {
    return row.partial && revision !== this.revision;
  }

  /** No request is in flight any more. */
  protected released(): void {}

  protected moved(by: number): void {
    this.#shift += by;
  }

  /** All that is held, for those who know that places have changed. */
  protected held(): ShownRow[] {
    return [...this.#pages.values()].flatMap((page) => [...page.values()].map((slot) => slot.row));
  }

  protected forget(): void {
    this.#pages.clear();
  }

  protected keep(place: Place, row: ShownRow, revision = this.revision): void {
    const key = Math.floor(place / PAGE);
    let page = this.#pages.get(key);
    if (page === undefined) page = new Map();
    else this.#pages.delete(key); // Re-inserted below: the map's order is the order of use.
    this.#pages.set(key, page);
    page.set(place, { row, revision });
    if (this.#pages.size > MAX_PAGES) {
      const oldest = this.#pages.keys().next().value;
      if (oldest !== undefined) this.#pages.delete(oldest);
    }
  }

  /** Called with what was fetched; stores it. */
  protected take(from: Place, rows: readonly ShownRow[], revision: number): void {
    rows.forEach((row, i) => this.keep(from + i, row, revision));
  }

  protected pump(): void {
    if (this.busy || this.closed) return;
    const need = this.#need();
    if (need === null) {
      if (this.tail > 0 && this.total < this.known) this.total = this.known;
      return;
    }
    void this.#pull(need.from, need.to);
  }

  #slot(place: Place): Slot | undefined {
    return this.#pages.get(Math.floor(place / PAGE))?.get(place);
  }

  #missing(place: Place): boolean {
    const slot = this.#slot(place);
    return slot === undefined || this.stale(place, slot.row, slot.revision);
  }

  /** The next range to pull: the tail while following, else the missing part of what is shown. */
  #need(): { from: Place; to: Place } | null {
    let from = this.wanted.from;
    let to = Math.min(this.wanted.to, this.known);
    if (this.tail > 0) {
      from = Math.max(0, this.known - this.tail);
      to = this.known;
    }
    while (from < to && !this.#missing(from)) from += 1;
    while (to > from && !this.#missing(to - 1)) to -= 1;
    return from < to ? { from, to: Math.min(to, from + 4 * PAGE) } : null;
  }

  async #pull(from: Place, to: Place): Promise<void> {
    const revision = this.revision;
    this.busy = true;
    let progress = false;
    try {
      const rows = await this.fetch(from, to - from);
      if (this.closed) return;
      this.take(from, rows, revision);
      progress = rows.length > 0;
      this.error = null;
      if (this.tail > 0) this.total = Math.max(this.total, Math.min(this.known, from + rows.length));
      this.version += 1;
    } catch (thrown) {
      if (this.closed) return;
      this.error = ApiError.from(thrown);
    } finally {
      this.busy = false;
    }
    this.released();
    // Without progress the next change or scroll asks again; asking at once would spin.
    if (progress) this.pump();
  }
}
