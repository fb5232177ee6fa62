// The runs of jobs in the week or month that is shown: those that were, and those that are to come. What is shown stays until what was
// asked for is there.
import type { Backend } from "../../api/backend";
import { ApiError } from "../../api/errors";
import type { ComingRun, TaskSpan } from "../../api/types";
import { daysAround, onDays, turned, type CalendarDay, type Zoom } from "./days";

/** Runs that are read at most. */
const MOST = 2000;

interface Read {
  from: number;
  past: TaskSpan[];
  coming: ComingRun[];
  more: boolean;
}

export class Calendar {
  zoom = $state<Zoom>("week");
  /** A moment of the week or month that is shown. */
  at = $state(Date.now());
  error = $state.raw<ApiError | undefined>(undefined);
  #read = $state.raw<Read | undefined>(undefined);
  #turn = 0;

  readonly #weekBegins: number;
  #days = $derived.by(() => daysAround(this.at, this.zoom, this.#weekBegins));
  days = $derived.by((): CalendarDay[] => {
    const { past, coming } = this.#read ?? { past: [], coming: [] };
    return onDays(this.#days, past, coming);
  });
  /** Not all of them fit into an answer. */
  more = $derived(this.#read?.more ?? false);
  loaded = $derived(this.#read !== undefined);

  constructor(
    readonly backend: Pick<Backend, "tasksBetween" | "upcoming">,
    weekBegins: number,
  ) {
    this.#weekBegins = weekBegins;
  }

  /** From its first day to its last, and the month of the moment that is shown. */
  get span(): { from: number; to: number } {
    const days = this.#days;
    return { from: days[0]!.from, to: days.at(-1)!.to - 1 };
  }

  show(at: number, zoom: Zoom = this.zoom): void {
    this.at = at;
    this.zoom = zoom;
    void this.read();
  }

  turn(by: 1 | -1): void {
    this.show(turned(this.at, this.zoom, by));
  }

  async read(): Promise<void> {
    const turn = ++this.#turn;
    const { from, to } = this.span;
    const now = Date.now();
    try {
      const [past, coming] = await Promise.all([
        from > now
          ? { spans: [], more: false }
          : this.backend.tasksBetween({ from, to, ofJobs: true, limit: MOST }),
        to < now ? { times: [], more: false } : this.backend.upcoming({ from: Math.max(from, now), to }),
      ]);
      if (turn !== this.#turn) return;
      this.#read = { from, past: past.spans, coming: coming.times, more: past.more || coming.more };
      this.error = undefined;
    } catch (thrown) {
      if (turn === this.#turn) this.error = ApiError.from(thrown);
    }
  }
}
