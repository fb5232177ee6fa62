// What the minimap draws, asked of the backend when the log, the search or the size has changed: one request at a time, and a pause
// after each, so that a log that grows all the time is not counted all the time.
import type { LogDensity } from "../../api";

export interface DensityQuestion {
  /** Changes when it is another log. */
  readonly of: string;
  readonly buckets: number;
  readonly hits: string | null;
  readonly problems: string | null;
  /** Changes when the answer may have: how many rows and matches there are. */
  readonly stamp: string;
}

const PAUSE_MS = 250;

export class Density {
  rows = $state.raw<LogDensity | null>(null);
  /** The same slices, with lines that say they are errors as the matches. */
  problems = $state.raw<LogDensity | null>(null);
  #wanted: DensityQuestion | null = null;
  #asked = "";
  #busy = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly ask: (buckets: number, searchId?: string) => Promise<LogDensity>) {}

  want(question: DensityQuestion): void {
    this.#wanted = question;
    if (!this.#busy) void this.#ask();
  }

  close(): void {
    this.#wanted = null;
    clearTimeout(this.#timer);
  }

  async #ask(): Promise<void> {
    const question = this.#wanted;
    const key = JSON.stringify(question);
    if (question === null || key === this.#asked) return;
    const { buckets, hits, problems } = question;
    this.#busy = true;
    this.#asked = key;
    try {
      this.rows = await this.ask(buckets, hits ?? undefined);
      this.problems = problems === null ? null : await this.ask(buckets, problems);
    } catch {
      // A search that was closed meanwhile, or a log that cannot be read, which the pane says. The strip stays as it was.
    }
    this.#timer = setTimeout(() => {
      this.#busy = false;
      void this.#ask();
    }, PAUSE_MS);
  }
}
