// Where the log pane stands: a position in rows, not in pixels of an element.
//
// A billion rows would be an element taller than any engine allows, so the native scrollbar works on a capped spacer and this
// model maps between the two. Wheel and keys move the model exactly; only dragging the scrollbar goes through the scaled mapping.
// No DOM here: LogPane.svelte feeds events in and draws what it says.

/** Engines clip elements at about 17–33 million pixels; this stays well below, also at 200 % zoom. */
export const MAX_SPACER = 8_000_000;

export interface Position {
  /** The first row that is (partly) visible. */
  readonly row: number;
  /** How many pixels of that row are above the top edge. */
  readonly offset: number;
}

export class ScrollModel {
  total = 0;
  viewport = 0;
  rowHeight = 18;
  /** Heights of wrapped rows; without it every row has `rowHeight`. */
  heightOf: ((row: number) => number) | null = null;
  #row = 0;
  #offset = 0;

  get position(): Position {
    return { row: this.#row, offset: this.#offset };
  }

  /** Height for the element that gives the native scrollbar its range. */
  get spacer(): number {
    return Math.min(
      Math.max(this.total * this.rowHeight, this.viewport),
      Math.max(MAX_SPACER, this.viewport),
    );
  }

  /** The position at which the last row touches the bottom edge. */
  get end(): Position {
    if (this.heightOf === null) {
      const top = Math.max(0, this.total * this.rowHeight - this.viewport);
      const row = Math.floor(top / this.rowHeight);
      return { row, offset: top - row * this.rowHeight };
    }
    let room = this.viewport;
    for (let row = this.total - 1; row >= 0; row -= 1) {
      room -= this.#height(row);
      if (room <= 0) return { row, offset: -room };
    }
    return { row: 0, offset: 0 };
  }

  get atEnd(): boolean {
    const end = this.end;
    return this.#row > end.row || (this.#row === end.row && this.#offset >= end.offset - 1);
  }

  /** The range [from, to) of rows that touch the viewport. */
  get visible(): { from: number; to: number } {
    let room = this.viewport + this.#offset;
    if (this.heightOf === null) {
      return { from: this.#row, to: Math.min(this.total, this.#row + Math.ceil(room / this.rowHeight)) };
    }
    let row = this.#row;
    while (row < this.total && room > 0) {
      room -= this.#height(row);
      row += 1;
    }
    return { from: this.#row, to: row };
  }

  moveTo(row: number, offset = 0): void {
    this.#row = Math.max(0, Math.floor(row));
    this.#offset = Math.max(0, offset);
    this.clamp();
  }

  /** Puts a row so many pixels below the top edge, as far as the ends of the log allow. */
  moveBelowTop(row: number, pixels: number): void {
    this.#row = Math.max(0, Math.min(row, this.total - 1));
    this.#offset = 0;
    this.moveBy(-pixels);
  }

  /** Moves as little as it takes to see all of a row. */
  moveIntoView(row: number): void {
    const { from, to } = this.visible;
    if (row <= from) return this.moveTo(row);
    let bottom = -this.#offset;
    if (row < to) for (let at = from; at <= row; at += 1) bottom += this.#height(at);
    if (row >= to || bottom > this.viewport) this.moveBelowTop(row, this.viewport - this.#height(row));
  }

  moveToEnd(): void {
    const end = this.end;
    this.#row = end.row;
    this.#offset = end.offset;
  }

  /** Moves by exactly `pixels`; positive is down. */
  moveBy(pixels: number): void {
    if (this.heightOf === null) {
      const top = Math.max(0, this.#row * this.rowHeight + this.#offset + pixels);
      this.#row = Math.floor(top / this.rowHeight);
      this.#offset = top - this.#row * this.rowHeight;
    } else {
      let offset = this.#offset + pixels;
      let row = this.#row;
      while (offset < 0 && row > 0) {
        row -= 1;
        offset += this.#height(row);
      }
      while (row < this.total - 1 && offset >= this.#height(row)) {
        offset -= this.#height(row);
        row += 1;
      }
      this.#row = row;
      this.#offset = Math.max(0, offset);
    }
    this.clamp();
  }

  /** Keeps the position inside the log after it, the viewport or a height changed. */
  clamp(): void {
    const end = this.end;
    if (this.#row > end.row || (this.#row === end.row && this.#offset > end.offset)) {
      this.#row = end.row;
      this.#offset = end.offset;
    }
  }

  /** The native scrollTop that stands for the position. */
  get scrollTop(): number {
    const range = this.spacer - this.viewport;
    const length = this.#inRows(this.end);
    if (range <= 0 || length <= 0) return 0;
    return Math.min(1, this.#inRows(this.position) / length) * range;
  }

  /** Takes over a scrollTop that the user chose with the scrollbar. */
  fromScrollTop(scrollTop: number): void {
    const range = this.spacer - this.viewport;
    if (range <= 0) return this.moveTo(0);
    const share = Math.min(1, Math.max(0, scrollTop / range));
    if (share > 0.999999 && range - scrollTop < 1) return this.moveToEnd();
    const rows = share * this.#inRows(this.end);
    const row = Math.floor(rows);
    this.moveTo(row, (rows - row) * this.#height(row));
  }

  #inRows(at: Position): number {
    return at.row + at.offset / this.#height(at.row);
  }

  #height(row: number): number {
    return this.heightOf?.(row) ?? this.rowHeight;
  }
}
