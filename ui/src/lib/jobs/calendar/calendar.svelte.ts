// The runs of jobs in the week or month that is shown: those that were, and those that are to come. What is shown stays until what was
// asked for is there.
import type { Backend } from "../../api/backend";
import { ApiError } from "../../api/errors";
import type { ComingRun, TaskSpan } from "../../api/types";
import { Rereading } from "../../shared/seen-timer";
import { daysAround, onDays, turned, type CalendarDay, type Zoom } from "./days";

/** Past runs that are read at most, by the rule of the backend. */
const MOST = 10_000;
/** Between two reads while much changes, and where nothing does. */
const PACE_MS = 1000;
const QUIET_MS = 60_000;

interface Read {
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
  readonly #again = new Rereading(() => this.#load(), PACE_MS, QUIET_MS);

  readonly #weekBegins: number;
  #days = $derived.by(() => daysAround(this.at, this.zoom, this.#weekBegins));
  days = $derived.by((): CalendarDay[] => {
    const { past, coming } = this.#read ?? { past: [], coming: [] };
    return onDays(this.#days, past, coming);
  });
  /** Not all of them fit into an answer. */
  more = $derived(this.#read?.more ?? false);

  constructor(
    readonly backend: Pick<Backend, "tasksBetween" | "upcoming">,
    weekBegins: number,
  ) {
    this.#weekBegins = weekBegins;
  }

  /** From its first moment to its last. */
  get span(): { from: number; to: number } {
    const days = this.#days;
    return { from: days[0]!.from, to: days.at(-1)!.to - 1 };
  }

  show(at: number, zoom: Zoom = this.zoom): void {
    this.at = at;
    this.zoom = zoom;
    void this.#again.now();
  }

  turn(by: 1 | -1): void {
    this.show(turned(this.at, this.zoom, by));
  }

  /** Something has changed: what is shown is read before long. */
  touch(): void {
    this.#again.touch();
  }

  stop(): void {
    this.#turn++;
    this.#again.stop();
  }

  async #load(): Promise<void> {
    const turn = ++this.#turn;
    const { from, to } = this.span;
    const now = Date.now();
    // Day by day, so that a job that runs every few minutes leaves room for the others on each.
    const ahead = this.#days.filter((day) => day.to > now);
    try {
      const [past, ...coming] = await Promise.all([
        from > now
          ? { spans: [], more: false }
          : this.backend.tasksBetween({ from, to, ofJobs: true, limit: MOST }),
        ...ahead.map((day) => this.backend.upcoming({ from: Math.max(day.from, now), to: day.to - 1 })),
      ]);
      if (turn !== this.#turn) return;
      this.#read = {
        past: past.spans,
        coming: coming.flatMap(({ times }) => times),
        more: past.more || coming.some(({ more }) => more),
      };
      this.error = undefined;
    } catch (thrown) {
      if (turn === this.#turn) this.error = ApiError.from(thrown);
    }
  }
}
