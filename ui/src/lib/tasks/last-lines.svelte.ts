// The last line that each task on screen has printed. Only rows that are drawn are asked for: what is over once, what runs again
// after a pause, and nothing while the window cannot be seen.
import type { Backend } from "../api/backend";
import type { TaskRow } from "../api/types";
import { SeenTimer } from "../shared/seen-timer";

/** Between two looks at what runs; scrolling is over before the first. */
const PACE_MS = 2000;
const SETTLE_MS = 120;
/** In one request, by the rule of the backend. */
const MOST = 100;
/** Rows that were on screen lately keep theirs. */
const KEPT = 1000;

const idOf = (row: TaskRow) => row.task.metadata.id;
/** The same for as long as a log that is over stays the same. */
const stand = ({ task: { status }, finishedAt }: TaskRow) => `${status.attempt} ${finishedAt ?? ""}`;

/** What a task was found to have said last, and of which stand that is. */
interface Said {
  stand: string;
  /** Of one that has printed nothing there is none. */
  text: string | undefined;
}

export class LastLines {
  #said = $state.raw<ReadonlyMap<string, Said>>(new Map());
  #shown: readonly TaskRow[] = [];
  readonly #timer = new SeenTimer(() => void this.#ask());
  #asking = false;
  #stopped = false;

  constructor(readonly backend: Pick<Backend, "lastLines">) {}

  of(id: string): string | undefined {
    return this.#said.get(id)?.text;
  }

  /** The rows that are drawn now. */
  show(rows: readonly TaskRow[]): void {
    this.#shown = rows;
    if (rows.some((row) => this.#isNew(row))) this.#after(SETTLE_MS);
    else if (!this.#timer.waits && rows.some(runs)) this.#after(PACE_MS);
  }

  stop(): void {
    this.#stopped = true;
    this.#timer.clear();
  }

  #isNew(row: TaskRow): boolean {
    return row.task.status.attempt > 0 && this.#said.get(idOf(row))?.stand !== stand(row);
  }

  #after(ms: number): void {
    if (!this.#stopped && !this.#asking) this.#timer.after(ms);
  }

  async #ask(): Promise<void> {
    const wanted = this.#shown.filter((row) => this.#isNew(row) || runs(row)).slice(0, MOST);
    if (wanted.length === 0) return;
    this.#asking = true;
    try {
      const found = await this.backend.lastLines({ ids: wanted.map(idOf) });
      const texts = new Map(found.map(({ task, text }) => [task, text]));
      const said = new Map(this.#said);
      for (const row of wanted) {
        const id = idOf(row);
        // The latest stand at the end: the others go first.
        said.delete(id);
        said.set(id, { stand: stand(row), text: texts.get(id) });
      }
      for (const id of said.keys()) {
        if (said.size <= KEPT) break;
        said.delete(id);
      }
      this.#said = said;
    } catch {
      // A row says what it can; the banner says what is wrong with the machine.
    } finally {
      this.#asking = false;
    }
    if (this.#shown.some((row) => this.#isNew(row)) || this.#shown.some(runs)) this.#after(PACE_MS);
  }
}

function runs(row: TaskRow): boolean {
  return row.task.status.phase === "running";
}
