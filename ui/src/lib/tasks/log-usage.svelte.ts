// What the logs take on disk, for the status line. The backend counts files for it, so it is asked seldom: once at the start,
// and again when tasks have ended.
import type { Backend } from "../api/backend";

/** The start has more urgent things to do. */
const START_MS = 2000;
const PAUSE_MS = 10_000;
/** With very many runs the pause grows with what one count takes. */
const PAUSE_PER_COUNT = 100;

export class LogUsage {
  bytes = $state.raw<number | undefined>(undefined);

  #backend: Backend;
  #due = true;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #counting = false;
  #stopped = false;

  constructor(backend: Backend) {
    this.#backend = backend;
    this.#rest(START_MS);
  }

  /** The logs may take something else now. */
  changed() {
    this.#due = true;
    if (this.#timer === undefined && !this.#counting && !this.#stopped) void this.#count();
  }

  stop() {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  async #count(): Promise<void> {
    const began = performance.now();
    this.#due = false;
    this.#counting = true;
    try {
      this.bytes = await this.#backend.logUsage();
    } catch {
      // The last number stays; the rest of the line is as good without it.
    }
    this.#counting = false;
    if (!this.#stopped) this.#rest(Math.max(PAUSE_MS, PAUSE_PER_COUNT * (performance.now() - began)));
  }

  #rest(ms: number) {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#due) void this.#count();
    }, ms);
  }
}
