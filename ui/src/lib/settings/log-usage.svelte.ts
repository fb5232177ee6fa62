// What the logs of this machine take on its disk: one number for all who show it. The backend counts files for it, so it is asked
// seldom: once at the start, when tasks have ended, and each minute while one runs, because it may write all the time.
import type { Backend } from "../api/backend";
import { SeenTimer } from "../shared/seen-timer";

/** The start has more urgent things to do. */
const START_MS = 2000;
const PAUSE_MS = 10_000;
/** With very many runs the pause grows with what one count takes. */
const PAUSE_PER_COUNT = 100;
/** Between two counts while something runs. */
const RUNNING_MS = 60_000;

export class LogUsage {
  bytes = $state.raw<number | undefined>(undefined);

  readonly #backend: Pick<Backend, "logUsage">;
  #due = true;
  #runs = false;
  /** Not before then; nothing is counted until somebody follows it. */
  #earliest = Infinity;
  #counted = -Infinity;
  #counting: Promise<void> | undefined;
  readonly #timer = new SeenTimer(() => void this.now());

  constructor(backend: Pick<Backend, "logUsage">) {
    this.#backend = backend;
  }

  /** Keeps the number current until it is stopped. */
  follow(): void {
    this.#earliest = Date.now() + START_MS;
    this.#arm();
  }

  /** The logs may take something else now. */
  changed(): void {
    this.#due = true;
    this.#arm();
  }

  /** Whether a task runs. */
  set runs(runs: boolean) {
    this.#runs = runs;
    this.#arm();
  }

  stop(): void {
    this.#earliest = Infinity;
    this.#timer.clear();
  }

  /** Counts at once, for who shows more than the number; never twice at a time. */
  now(): Promise<void> {
    this.#timer.clear();
    this.#counting ??= this.#count().finally(() => {
      this.#counting = undefined;
      this.#arm();
    });
    return this.#counting;
  }

  #arm(): void {
    if (this.#counting !== undefined || this.#earliest === Infinity) return;
    const again = this.#due ? 0 : this.#runs ? this.#counted + RUNNING_MS : Infinity;
    const at = Math.max(this.#earliest, again);
    if (at === Infinity) this.#timer.clear();
    else if (at <= Date.now() && !document.hidden) void this.now();
    else this.#timer.after(Math.max(0, at - Date.now()));
  }

  async #count(): Promise<void> {
    const began = performance.now();
    this.#due = false;
    try {
      this.bytes = await this.#backend.logUsage();
    } catch {
      // The last number stays; all else is as good without it.
    }
    this.#counted = Date.now();
    const pause = Math.max(PAUSE_MS, PAUSE_PER_COUNT * (performance.now() - began));
    if (this.#earliest !== Infinity) this.#earliest = this.#counted + pause;
  }
}
