// What a pane shows: it brings the scroll model, the rows and the native scrollbar into agreement. LogPane.svelte draws it and
// feeds events in; others (find, bookmarks, minimap) ask it to show a place.
import { endMark } from "../text/words";
import type { RowSource } from "../rows/source";
import type { LogReader } from "../window/reader.svelte";
import { PLAIN_DISPLAY, type Display } from "./display";
import { ScrollModel } from "./scroll";
import { before, isEmpty, type Point, type Selection } from "./selection";

/** Rows drawn beyond the edges are not; these are read ahead. */
const OVERSCAN = 2;
const MAX_HEIGHTS = 4000;

export class PaneView {
  size = $state.raw({ width: 0, height: 0 });
  /** Positions [from, to) that touch the viewport, and the pixels of the first that are above it. */
  place = $state.raw({ from: 0, to: 0, offset: 0 });
  /** Of the widest line drawn so far, while lines do not wrap. */
  widest = $state(0);
  selection = $state.raw<Selection | null>(null);
  display = $state.raw<Display>(PLAIN_DISPLAY);
  /** The row that was last gone to; it is marked. */
  current = $state.raw<number | null>(null);
  /** Rows that are drawn around single rows and make them taller. */
  around: { readonly any: boolean; count(key: number): number } = { any: false, count: () => 0 };
  readonly scroll = new ScrollModel();
  #pane: HTMLElement | null = null;
  #spacer: HTMLElement | null = null;
  #source: RowSource | null = null;
  #identity = "";
  #layout = "";
  #heights = new Map<number, number>();
  #lastTop = 0;

  constructor(readonly reader: LogReader) {}

  get rowHeight(): number {
    return Math.round(this.display.fontSize * 1.5);
  }

  get mark(): string | null {
    return endMark(this.reader.info);
  }

  get selecting(): boolean {
    return !isEmpty(this.selection);
  }

  /** The rows [first, last] that can be seen; null while nothing is held. */
  get seen(): { first: number; last: number } | null {
    const { rows } = this.reader;
    void rows?.version;
    if (rows === null || rows.total === 0) return null;
    const first = rows.keyAt(Math.min(this.place.from, rows.total - 1));
    const last = rows.keyAt(Math.max(this.place.from, Math.min(this.place.to, rows.total) - 1));
    return first === undefined ? null : { first, last: last ?? first };
  }

  attach(pane: HTMLElement, spacer: HTMLElement): void {
    this.#pane = pane;
    this.#spacer = spacer;
  }

  focus(): void {
    this.#pane?.focus();
  }

  /** Brings model, scrollbar and drawn rows into agreement after anything has changed. */
  settle(): void {
    this.#adopt();
    const { scroll, reader } = this;
    if (reader.follow.following) scroll.moveToEnd();
    else scroll.clamp();
    const { from, to } = scroll.visible;
    const next = { from, to, offset: scroll.position.offset };
    const { place } = this;
    if (next.from !== place.from || next.to !== place.to || next.offset !== place.offset) this.place = next;
    const total = reader.rows?.total ?? 0;
    reader.want(
      Math.max(0, from - OVERSCAN),
      Math.min(total, to + OVERSCAN),
      Math.ceil(this.size.height / this.rowHeight) + OVERSCAN,
    );
    if (this.#pane === null || this.#spacer === null) return;
    this.#spacer.style.height = `${scroll.spacer}px`;
    const top = scroll.scrollTop;
    if (Math.abs(this.#pane.scrollTop - top) >= 1) this.#pane.scrollTop = top;
    this.#lastTop = this.#pane.scrollTop;
  }

  /** Moves as a person does, which may end or resume following. */
  move(by: () => void): void {
    const start = this.scroll.position;
    by();
    const end = this.scroll.position;
    if (before({ row: end.row, column: end.offset }, { row: start.row, column: start.offset }))
      this.reader.on("scrolledUp");
    else if (this.scroll.atEnd) this.reader.on("reachedEnd", this.selecting);
    this.settle();
  }

  /** Takes over how large the pane is. */
  resized(): void {
    if (this.#pane === null) return;
    this.size = { width: this.#pane.clientWidth, height: this.#pane.clientHeight };
  }

  /** The native scrollbar was dragged; our own settling is not. */
  scrolledTo(top: number): void {
    // A pane that grows at its end is scrolled by the engine, which may be told before the growth is.
    if (this.#pane !== null && this.#pane.clientHeight !== this.size.height) {
      this.resized();
      return this.settle();
    }
    if (Math.abs(top - this.#lastTop) > 1) this.move(() => this.scroll.fromScrollTop(top));
  }

  /** Shows a position because somebody asked for it: following ends. `middle` moves only when it cannot be seen well. */
  show(position: number, where: "middle" | "center" | "top" = "middle"): void {
    this.reader.on("found");
    this.#adopt();
    const { scroll } = this;
    const { from, to } = scroll.visible;
    const inside = position > from && position < to - 2;
    if (where === "top") scroll.moveTo(position);
    else if (where === "center" || !inside) {
      scroll.moveBelowTop(position, this.size.height / (where === "center" ? 2 : 3));
    }
    this.settle();
  }

  resume(): void {
    this.reader.on("resume");
    this.settle();
  }

  select(anchor: Point, focus: Point): void {
    this.selection = { anchor, focus };
    if (this.selecting) this.reader.on("selected");
  }

  selectAll(): void {
    const { rows } = this.reader;
    if (rows === null || rows.total === 0) return;
    const last = this.reader.info?.rows ?? rows.known;
    this.select({ row: rows.keyAt(0) ?? 0, column: 0 }, { row: Math.max(0, last - 1), column: Infinity });
  }

  /** Wrapped rows tell their height only once they are drawn; the longest line its width. */
  measure(layer: HTMLElement): void {
    const { rows } = this.reader;
    const layout = `${JSON.stringify(this.display)} ${this.size.width}`;
    if (this.#layout !== layout || this.#heights.size > MAX_HEIGHTS) this.#heights.clear();
    if (this.#layout !== layout) this.widest = 0;
    this.#layout = layout;
    let changed = false;
    let width = this.widest;
    for (const element of layer.querySelectorAll<HTMLElement>(":scope > [data-position]")) {
      const key = rows?.keyAt(Number(element.dataset.position));
      if (!this.display.wrap) {
        for (const end of element.querySelectorAll<HTMLElement>("[data-end]"))
          width = Math.max(width, end.offsetLeft + end.offsetWidth + 16);
      } else if (key !== undefined && this.#heights.get(key) !== element.offsetHeight) {
        this.#heights.set(key, element.offsetHeight);
        changed = true;
      }
    }
    this.widest = width;
    if (changed) this.settle();
  }

  #adopt(): void {
    const { reader, scroll } = this;
    const { rows } = reader;
    scroll.total = (rows?.total ?? 0) + (this.mark === null ? 0 : 1);
    scroll.viewport = this.size.height;
    scroll.rowHeight = this.rowHeight;
    scroll.heightOf = this.display.wrap
      ? (position) => this.#wrapped(position)
      : this.around.any
        ? (position) => (1 + this.around.count(rows?.keyAt(position) ?? -1)) * this.rowHeight
        : null;
    if (rows !== this.#source) {
      this.#source = rows;
      scroll.moveTo(0);
    }
    if (reader.identity !== this.#identity) {
      this.#identity = reader.identity;
      this.selection = null;
      this.current = null;
      this.widest = 0;
      this.#heights.clear();
    }
    const shift = rows?.takeShift() ?? 0;
    if (shift !== 0) scroll.moveTo(scroll.position.row + shift, scroll.position.offset);
  }

  #wrapped(position: number): number {
    const { rows } = this.reader;
    const key = rows?.keyAt(position) ?? -1;
    const known = this.#heights.get(key);
    if (known !== undefined && known > 0) return known;
    const length = rows?.get(position)?.text.length ?? 0;
    const { fontSize, time } = this.display;
    const columns = Math.max(20, (this.size.width - 36) / (fontSize * 0.6) - (time === "off" ? 0 : 14.5));
    return Math.max(1, Math.ceil(length / columns)) * this.rowHeight;
  }
}
