// What the pointer rests on: a time that stands in a line.
const REST_MS = 350;

export class PointedTime {
  /** What is said of it, and where in the pane. */
  tip = $state.raw<{ readonly x: number; readonly y: number; readonly text: string } | null>(null);
  #resting: ReturnType<typeof setTimeout> | undefined;

  /** `read`: what is said of a time at a point of the window, if there is one. */
  constructor(readonly read: (x: number, y: number) => string | null) {}

  moved({ clientX: x, clientY: y, buttons, currentTarget: pane }: MouseEvent): void {
    this.left();
    if (buttons === 0 && pane instanceof Element)
      this.#resting = setTimeout(() => this.#rest(pane, x, y), REST_MS);
  }

  left(): void {
    clearTimeout(this.#resting);
    this.tip = null;
  }

  #rest(pane: Element, x: number, y: number): void {
    const text = this.read(x, y);
    const box = pane.getBoundingClientRect();
    this.tip = text === null ? null : { x: x - box.left, y: y - box.top, text };
  }
}
