// When the waiting tasks on screen will probably start. Only rows that are drawn are asked for: what waits otherwise than before after
// a moment, the rest seldom, and nothing while the window cannot be seen.
import type { Backend } from "../api/backend";
import type { TaskForecast, TaskRow } from "../api/types";
import { SeenTimer } from "../shared/seen-timer";

const PACE_MS = 5000;
const SETTLE_MS = 250;
/** In one request. */
const MOST = 200;

const idOf = (row: TaskRow) => row.task.metadata.id;

export class Forecasts {
  #found = $state.raw<ReadonlyMap<string, TaskForecast>>(new Map());
  /** Of what each was asked for last. */
  #asked = new Map<string, string>();
  #shown: readonly TaskRow[] = [];
  readonly #timer = new SeenTimer(() => void this.#ask());
  #asking = false;
  #stopped = false;

  constructor(readonly backend: Pick<Backend, "forecast">) {}

  of(id: string): TaskForecast | undefined {
    return this.#found.get(id);
  }

  /** The rows that are drawn now. */
  show(rows: readonly TaskRow[]): void {
    this.#shown = rows.filter(mayBeForeseen).slice(0, MOST);
    if (this.#shown.some((row) => this.#asked.get(idOf(row)) !== stand(row))) this.#after(SETTLE_MS);
    else if (!this.#timer.waits && this.#shown.length > 0) this.#after(PACE_MS);
  }

  stop(): void {
    this.#stopped = true;
    this.#timer.clear();
  }

  #after(ms: number): void {
    if (!this.#stopped && !this.#asking) this.#timer.after(ms);
  }

  async #ask(): Promise<void> {
    const wanted = this.#shown;
    if (wanted.length === 0) return;
    this.#asking = true;
    this.#asked = new Map(wanted.map((row) => [idOf(row), stand(row)]));
    try {
      const { tasks } = await this.backend.forecast({ tasks: wanted.map(idOf) });
      this.#found = new Map(tasks.map((task) => [task.task, task]));
    } catch {
      // An older machine does not know; a row says what it can.
    } finally {
      this.#asking = false;
    }
    this.show(this.#shown);
  }
}

/** The same for as long as it waits for the same. */
const stand = ({ waiting }: TaskRow) => JSON.stringify(waiting);

/** Waiting for its turn or for others; the rest says itself what it waits for. */
function mayBeForeseen({ waiting, trouble }: TaskRow): boolean {
  return trouble === undefined && (waiting?.reason === "lane" || waiting?.reason === "dependency");
}
