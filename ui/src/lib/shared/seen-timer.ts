// Work that is done again and again for what is on screen, and not while the window cannot be seen.

/** A timer for one thing. What comes due while the window is hidden is done when it is seen again. */
export class SeenTimer {
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly act: () => void) {}

  /** Whether it is set. */
  get waits(): boolean {
    return this.#timer !== undefined;
  }

  /** In place of what it was set to before. */
  after(ms: number): void {
    this.clear();
    this.#timer = setTimeout(this.#due, ms);
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    document.removeEventListener("visibilitychange", this.#due);
  }

  /** One function, so that the document knows it once however often it is hidden. */
  #due = () => {
    if (document.hidden) return document.addEventListener("visibilitychange", this.#due);
    this.clear();
    this.act();
  };
}

/** Reads again soon after something has changed, however often that is said, and after a while where nothing has. */
export class Rereading {
  readonly #timer = new SeenTimer(() => void this.now());
  #began = -Infinity;
  #pause: number;
  #stopped = false;

  /** `pace`: between two reads while much changes, in milliseconds; where reading takes long it is longer. */
  constructor(
    readonly read: () => Promise<void>,
    readonly pace: number,
    readonly quiet: number,
  ) {
    this.#pause = pace;
  }

  async now(): Promise<void> {
    this.#timer.clear();
    this.#began = Date.now();
    await this.read();
    this.#pause = Math.max(this.pace, 10 * (Date.now() - this.#began));
    if (!this.#timer.waits && !this.#stopped) this.#timer.after(Math.max(this.quiet, this.#pause));
  }

  touch(): void {
    if (!this.#stopped) this.#timer.after(Math.max(0, this.#began + this.#pause - Date.now()));
  }

  stop(): void {
    this.#stopped = true;
    this.#timer.clear();
  }
}
