// The rows of one attempt that the pane holds in memory: a few pages around what is shown, pulled from the backend.
//
// One request is in flight at a time; what is wanted when it returns decides the next. The number of pages is bounded, so nothing
// here grows with the log. Rows live outside deep reactivity; `version` says when something changed.
import { ApiError, type Backend, type LogInfo, type LogRow } from "../api";
import { PLAIN, styleAfter, type Style } from "./ansi";

export const PAGE = 128;
const MAX_PAGES = 24;

interface Slot {
  readonly row: LogRow;
  /** How many bytes the log had when the row was read: a partial row is read again once there are more. */
  readonly bytes: number;
  start?: Style;
}

export class RowCache {
  /** Rises with every change of what `get` answers. */
  version = $state(0);
  /** Rows there are to scroll through. While following it moves only together with the rows at the end: no blank tail. */
  total = $state(0);
  error = $state<ApiError | null>(null);

  #pages = new Map<number, Map<number, Slot>>();
  #bytes = 0;
  #rows = 0;
  #tail = 0;
  #wanted: { from: number; to: number } = { from: 0, to: 0 };
  #busy = false;
  #closed = false;

  constructor(
    readonly backend: Backend,
    readonly id: string,
    readonly attempt: number,
  ) {}

  /** Takes over what the log has grown to. With `tail` > 0 the end is pulled first and shown with its rows. */
  extend(info: LogInfo, tail: number): void {
    this.#bytes = info.bytes;
    this.#rows = info.rows;
    this.#tail = tail;
    if (tail === 0 || info.rows <= this.total) this.total = info.rows;
    this.#pump();
  }

  /** Says which rows [from, to) are about to be shown. */
  want(from: number, to: number, tail: number): void {
    this.#wanted = { from, to };
    this.#tail = tail;
    if (tail === 0 && this.total !== this.#rows) this.total = this.#rows;
    this.#pump();
  }

  get(row: number): LogRow | undefined {
    return this.#slot(row)?.row;
  }

  /** The style a row begins with: what the rows before it, of the same stream and page, left switched on. */
  startStyle(row: number): Style {
    const slot = this.#slot(row);
    if (slot === undefined) return PLAIN;
    if (slot.start !== undefined) return slot.start;
    const open: Record<LogRow["stream"], Style> = { stdout: PLAIN, stderr: PLAIN };
    for (let at = row - (row % PAGE); at <= row; at += 1) {
      const earlier = this.#slot(at);
      if (earlier === undefined) continue;
      const { stream, text } = earlier.row;
      earlier.start = open[stream];
      open[stream] = styleAfter(text, open[stream]);
    }
    return slot.start ?? PLAIN;
  }

  /** Reads rows that may not be held, for copying; at most `limit` of them. */
  async read(from: number, to: number, limit: number, onRow: (row: LogRow) => boolean): Promise<void> {
    const end = Math.min(to, from + limit, this.#rows);
    for (let at = from; at < end;) {
      const held = this.get(at);
      const rows = held
        ? [held]
        : (await this.backend.readLog(this.id, this.attempt, at, Math.min(2 * PAGE, end - at))).rows;
      if (rows.length === 0) return;
      for (const row of rows) if (!onRow(row)) return;
      at += rows.length;
    }
  }

  retry(): void {
    this.error = null;
    this.#pump();
  }

  close(): void {
    this.#closed = true;
    this.#pages.clear();
  }

  #slot(row: number): Slot | undefined {
    return this.#pages.get(Math.floor(row / PAGE))?.get(row);
  }

  #missing(row: number): boolean {
    const slot = this.#slot(row);
    return slot === undefined || (slot.row.partial && slot.bytes !== this.#bytes);
  }

  /** The next range to pull: the tail while following, else the missing part of what is shown. */
  #need(): { from: number; to: number } | null {
    let from = this.#wanted.from;
    let to = Math.min(this.#wanted.to, this.#rows);
    if (this.#tail > 0) {
      from = Math.max(0, this.#rows - this.#tail);
      to = this.#rows;
    }
    while (from < to && !this.#missing(from)) from += 1;
    while (to > from && !this.#missing(to - 1)) to -= 1;
    return from < to ? { from, to: Math.min(to, from + 4 * PAGE) } : null;
  }

  #pump(): void {
    if (this.#busy || this.#closed) return;
    const need = this.#need();
    if (need === null) {
      if (this.#tail > 0 && this.total < this.#rows) this.total = this.#rows;
      return;
    }
    this.#busy = true;
    void this.#pull(need.from, need.to);
  }

  async #pull(from: number, to: number): Promise<void> {
    const bytes = this.#bytes;
    let progress = false;
    try {
      const answer = await this.backend.readLog(this.id, this.attempt, from, to - from);
      if (this.#closed) return;
      for (const row of answer.rows) this.#keep(row, bytes);
      progress = answer.rows.length > 0;
      this.error = null;
      if (this.#tail > 0) this.total = Math.max(this.total, Math.min(this.#rows, from + answer.rows.length));
      this.version += 1;
    } catch (thrown) {
      this.error = ApiError.from(thrown);
    } finally {
      this.#busy = false;
    }
    // Without progress the next change or scroll asks again; asking at once would spin.
    if (progress) this.#pump();
  }

  #keep(row: LogRow, bytes: number): void {
    const key = Math.floor(row.row / PAGE);
    let page = this.#pages.get(key);
    if (page === undefined) page = new Map();
    else this.#pages.delete(key); // Re-inserted below: the map's order is the order of use.
    this.#pages.set(key, page);
    page.set(row.row, { row, bytes });
    if (this.#pages.size > MAX_PAGES) {
      const oldest = this.#pages.keys().next().value;
      if (oldest !== undefined) this.#pages.delete(oldest);
    }
  }
}
