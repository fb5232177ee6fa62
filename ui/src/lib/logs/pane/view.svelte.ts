// What a pane shows: it brings the scroll model, the rows and the native scrollbar into agreement. LogPane.svelte draws it and
// feeds events in; others (find, bookmarks, minimap) ask it to show a place.
import type { RowList, ShownRow } from "../rows/list";
import type { Place, RowKey } from "../rows/numbers";
import { endMark } from "../text/words";
import type { LogReader } from "../window/reader.svelte";
import { PLAIN_DISPLAY, type Display } from "./display";
import { ScrollModel, type Position } from "./scroll";
import { isEmpty, wholeRows, type Point, type Selection } from "./selection";

/** Rows drawn beyond the edges are not; these are read ahead. */
const OVERSCAN = 2;
const MAX_HEIGHTS = 4000;
const ONE_COLUMN_EACH = /^[\x20-\x7e]*$/;
/** What is brought into view from the side has so many pixels beside it. */
const ASIDE = 48;

const above = (a: Position, b: Position): boolean =>
  a.row < b.row || (a.row === b.row && a.offset < b.offset);

export class PaneView {
  size = $state.raw({ width: 0, height: 0 });
  /** Places [from, to) that touch the viewport, and the pixels of the first that are above it. */
  place = $state.raw<{ from: Place; to: Place; offset: number }>({ from: 0, to: 0, offset: 0 });
  /** Of the widest line drawn so far, while lines do not wrap. */
  widest = $state(0);
  selection = $state.raw<Selection | null>(null);
  readonly display: Display = $derived.by(() => this.choose());
  /** The row that one is at, by a click, the arrows or a jump; it is marked. */
  current = $state.raw<RowKey | null>(null);
  /** Rows that are drawn around single rows and make them taller. */
  around: { readonly any: boolean; count(key: RowKey, place: Place): number } = {
    any: false,
    count: () => 0,
  };
  /** It goes to the end of the log: that of the run is told below the last row, and what is new there. */
  ends = true;
  /** Hears where the reader has gone by hand. */
  onstand: (key: RowKey) => void = () => {};
  readonly scroll = new ScrollModel();
  #pane: HTMLElement | null = null;
  #spacer: HTMLElement | null = null;
  #source: RowList | null = null;
  #identity = "";
  #layout = "";
  #heights = new Map<RowKey, number>();
  #lastTop = 0;
  /** So many columns has the longest of the plain rows that were measured: none with as many is wider. */
  #columns = 0;

  constructor(
    readonly reader: LogReader,
    /** How rows are drawn. */
    readonly choose: () => Display = () => PLAIN_DISPLAY,
  ) {}

  get rowHeight(): number {
    return Math.round(this.display.fontSize * 1.5);
  }

  get mark(): string | null {
    return this.ends ? endMark(this.reader.info) : null;
  }

  get selecting(): boolean {
    return !isEmpty(this.selection);
  }

  /** The rows [first, last] that can be seen; null while nothing is held. */
  get seen(): { first: RowKey; last: RowKey } | null {
    const { rows } = this.reader;
    void rows?.version;
    if (rows === null || rows.total === 0) return null;
    const first = rows.keyAt(Math.min(this.place.from, rows.total - 1));
    const last = rows.keyAt(Math.max(this.place.from, Math.min(this.place.to, rows.total) - 1));
    return first === undefined ? null : { first, last: last ?? first };
  }

  /** The row that keys act on: the one that one is at, as long as it can be seen, else the first in view. */
  get line(): RowKey | null {
    const { current, seen } = this;
    if (current !== null && seen && current >= seen.first && current <= seen.last) return current;
    return seen?.first ?? null;
  }

  /** Rows below that came since the reader left the end. */
  get fresh(): number {
    return this.ends ? this.reader.newRows(this.place.to) : 0;
  }

  attach(pane: HTMLElement, spacer: HTMLElement): void {
    this.#pane = pane;
    this.#spacer = spacer;
  }

  focus(): void {
    this.#pane?.focus({ preventScroll: true });
  }

  /** Where a menu of a row opens, if the row is drawn. */
  cornerOf(key: RowKey): { x: number; y: number } | null {
    const box = this.#pane?.querySelector(`[data-row="${key}"]`)?.getBoundingClientRect();
    const pane = this.#pane?.getBoundingClientRect();
    return box && pane
      ? { x: Math.max(box.left, pane.left) + 24, y: Math.min(box.bottom, pane.bottom) }
      : null;
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
    if (above(this.scroll.position, start)) this.reader.on("scrolledUp");
    else if (this.scroll.atEnd) this.reader.on("reachedEnd");
    this.settle();
  }

  /** Goes so many rows down, or up, from the row that one is at; `extend` selects what lies between. */
  step(rows: number, extend = false): void {
    const list = this.reader.rows;
    if (list === null || list.total === 0) return;
    const { from, to } = this.place;
    const last = Math.min(to, list.total) - 1;
    let at = this.#placeInView(this.current);
    at ??= this.reader.follow.following || rows < 0 ? last : from;
    const next: Place = Math.min(list.total - 1, Math.max(0, at + rows));
    const key = list.keyAt(next);
    // Not read yet: scrolling there reads it.
    if (key === undefined) return this.move(() => this.scroll.moveBy(rows * this.rowHeight));
    if (extend) {
      const anchor = this.selecting && this.selection ? this.selection.anchor.key : list.keyAt(at);
      if (anchor !== undefined) this.selection = wholeRows(anchor, key);
    } else if (this.selection !== null) this.selection = null;
    this.stand(key);
    this.reader.on(rows > 0 && next === list.total - 1 && !extend ? "reachedEnd" : "scrolledUp");
    this.#adopt();
    this.scroll.moveIntoView(next);
    this.settle();
  }

  /** The reader is at this row now. */
  stand(key: RowKey): void {
    this.current = key;
    this.onstand(key);
  }

  /** A page down, or up; `extend` takes what lies between. */
  page(down: boolean, extend = false): void {
    const { scroll, rowHeight } = this;
    const height = Math.max(rowHeight, this.size.height - rowHeight);
    if (extend) return this.step((down ? 1 : -1) * Math.max(1, Math.floor(height / rowHeight)), true);
    this.move(() => scroll.moveBy(down ? height : -height));
  }

  /** To the first row. */
  first(extend = false): void {
    if (extend) this.step(-Infinity, true);
    else this.move(() => this.scroll.moveTo(0));
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

  /** Shows a place because somebody asked for it: following ends. `middle` moves only when it cannot be seen well. */
  show(place: Place, where: "middle" | "center" | "top" = "middle"): void {
    this.reader.on("found");
    this.#adopt();
    const { scroll } = this;
    const { from, to } = scroll.visible;
    const inside = place > from && place < to - 2;
    if (where === "top") scroll.moveTo(place);
    else if (where === "center" || !inside) {
      scroll.moveBelowTop(place, this.size.height / (where === "center" ? 2 : 3));
    }
    this.settle();
  }

  /** Moves as little as it takes to see a part of a row. */
  bring(part: Element): void {
    const pane = this.#pane;
    if (pane === null) return;
    const box = part.getBoundingClientRect();
    const { left, top } = pane.getBoundingClientRect();
    const past = (from: number, to: number, first: number, last: number, room: number): number =>
      to > last ? to - last + room : from < first ? from - first - room : 0;
    pane.scrollLeft += past(box.left, box.right, left, left + pane.clientWidth, ASIDE);
    const down = past(box.top, box.bottom, top, top + pane.clientHeight, this.rowHeight);
    if (down === 0) return;
    this.scroll.moveBy(down);
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
    this.select({ key: rows.keyAt(0) ?? 0, column: 0 }, { key: Math.max(0, last - 1), column: Infinity });
  }

  /** Wrapped rows tell their height only once they are drawn; the longest line its width. */
  measure(layer: HTMLElement): void {
    const { rows } = this.reader;
    const layout = `${JSON.stringify(this.display)} ${this.size.width}`;
    if (this.#layout !== layout || this.#heights.size > MAX_HEIGHTS) this.#heights.clear();
    if (this.#layout !== layout) this.widest = this.#columns = 0;
    this.#layout = layout;
    let changed = false;
    let width = this.widest;
    for (const element of layer.querySelectorAll<HTMLElement>(":scope > [data-place]")) {
      const place = Number(element.dataset.place);
      const key = rows?.keyAt(place);
      if (!this.display.wrap) {
        const columns = this.#columnsOf(element, rows?.get(place));
        if (columns <= this.#columns) continue;
        if (columns !== Infinity) this.#columns = columns;
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

  /** How many columns a row takes that is drawn as nothing but its text; unknown (infinite) of any other. */
  #columnsOf(element: HTMLElement, row: ShownRow | undefined): number {
    const { json, columns } = this.display;
    const asText =
      !json && columns === null && (element.lastElementChild?.classList.contains("text") ?? false);
    return row && asText && ONE_COLUMN_EACH.test(row.text) ? row.text.length : Infinity;
  }

  #adopt(): void {
    const { reader, scroll } = this;
    const { rows } = reader;
    scroll.total = (rows?.total ?? 0) + (this.mark === null ? 0 : 1);
    scroll.viewport = this.size.height;
    scroll.rowHeight = this.rowHeight;
    scroll.heightOf = this.display.wrap
      ? (place) => this.#wrapped(place)
      : this.around.any
        ? (place) => (1 + this.around.count(rows?.keyAt(place) ?? -1, place)) * this.rowHeight
        : null;
    if (rows !== this.#source) {
      this.#source = rows;
      scroll.moveTo(0);
    }
    if (reader.source.identity !== this.#identity) {
      this.#identity = reader.source.identity;
      this.selection = null;
      this.current = null;
      this.widest = this.#columns = 0;
      this.#heights.clear();
    }
    const shift = rows?.takeShift() ?? 0;
    if (shift !== 0) scroll.moveTo(scroll.position.row + shift, scroll.position.offset);
  }

  #placeInView(key: RowKey | null): Place | undefined {
    const { rows } = this.reader;
    if (rows === null || key === null) return undefined;
    for (let at = this.place.from; at < Math.min(this.place.to, rows.total); at += 1)
      if (rows.keyAt(at) === key) return at;
    return undefined;
  }

  #wrapped(place: Place): number {
    const { rows } = this.reader;
    const key = rows?.keyAt(place) ?? -1;
    const known = this.#heights.get(key);
    if (known !== undefined && known > 0) return known;
    const length = rows?.get(place)?.text.length ?? 0;
    const { fontSize, time } = this.display;
    const columns = Math.max(20, (this.size.width - 36) / (fontSize * 0.6) - (time === "off" ? 0 : 14.5));
    return Math.max(1, Math.ceil(length / columns)) * this.rowHeight;
  }
}
