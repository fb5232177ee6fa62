// The last rows of one attempt's log, kept current while somebody looks at them. Bounded: at most TAIL rows are
// held or read at once, whatever the log's size. The real log view is in ../../logs.
import type { Backend, Unsubscribe } from "../../api/backend";
import { ApiError } from "../../api/errors";
import type { LogInfo, LogRow } from "../../api/types";

export const TAIL = 200;

/** A glance needs no more than eight looks a second, however fast the task prints. */
const pause = () => new Promise<void>((resolve) => setTimeout(resolve, 120));

export class LogTail {
  rows = $state.raw<LogRow[]>([]);
  info = $state.raw<LogInfo | undefined>(undefined);
  error = $state.raw<ApiError | undefined>(undefined);

  #backend: Backend;
  #id: string;
  #attempt: number;
  #stop: Unsubscribe | undefined;
  #closed = false;
  #reading = false;
  #again = false;

  constructor(backend: Backend, id: string, attempt: number) {
    this.#backend = backend;
    this.#id = id;
    this.#attempt = attempt;
  }

  async open(): Promise<void> {
    try {
      this.info = await this.#backend.getLogInfo({ run: { id: this.#id, attempt: this.#attempt } });
      await this.#read();
      if (this.#closed || !this.info.live) return;
      const stop = await this.#backend.watchLog(this.#id, this.#attempt, (info) => {
        this.info = info;
        void this.#read();
      });
      if (this.#closed) stop();
      else this.#stop = stop;
    } catch (thrown) {
      this.error = ApiError.from(thrown);
    }
  }

  close() {
    this.#closed = true;
    this.#stop?.();
  }

  /** Reads the tail; asked again while reading, it reads once more after, never twice at a time. */
  async #read(): Promise<void> {
    if (this.#reading) {
      this.#again = true;
      return;
    }
    this.#reading = true;
    try {
      do {
        this.#again = false;
        const total = this.info?.rows ?? 0;
        const page = await this.#backend.readLog({
          run: { id: this.#id, attempt: this.#attempt },
          from: Math.max(0, total - TAIL),
          count: TAIL,
        });
        if (!this.#closed) this.rows = page.rows;
        this.error = undefined;
        if (this.#again) await pause();
      } while (this.#again && !this.#closed);
    } catch (thrown) {
      this.error = ApiError.from(thrown);
    } finally {
      this.#reading = false;
    }
  }
}

/** The last lines of a finished attempt; of a failed one those of stderr, where it has any. */
export async function lastWords(
  backend: Backend,
  id: string,
  attempt: number,
  lines: number,
  failed = true,
): Promise<LogRow[]> {
  const info = await backend.getLogInfo({ run: { id, attempt } });
  if (info.rows === 0) return [];
  const page = await backend.readLog({
    run: { id, attempt },
    from: Math.max(0, info.rows - TAIL),
    count: TAIL,
  });
  const said = page.rows.filter((row) => row.text.trim() !== "");
  const stderr = failed ? said.filter((row) => row.stream === "stderr") : [];
  return (stderr.length ? stderr : said).slice(-lines);
}
