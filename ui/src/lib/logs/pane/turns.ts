// Which element of the pane draws which position. Rows that stay in view keep theirs, rows that come take over those of rows that went.
// After a jump, with nothing left of what was in view, all stay in their order: nothing is made anew and nothing is moved.

export class Turns {
  #from = 0;
  #shift = 0;

  /** The key of the position `from + i` among `elements`, of which no two in view may be alike. */
  keys(from: number, elements: number): (i: number) => number {
    if (Math.abs(from - this.#from) >= elements) this.#shift += this.#from - from;
    this.#from = from;
    const first = from + this.#shift;
    return (i) => (((first + i) % elements) + elements) % elements;
  }
}
