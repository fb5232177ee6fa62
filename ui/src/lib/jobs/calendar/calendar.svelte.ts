// The runs of jobs in the week or month that is shown: those that were, and those that are to come, counted by the engine day by day.
// What is shown stays until what was asked for is there.
import type { Backend } from "../../api/backend";
import { ApiError } from "../../api/errors";
import type { CalendarDay as ToldDay } from "../../api/types";
import { Rereading } from "../../shared/seen-timer";
import { boundsOf, daysAround, onDays, turned, type CalendarDay, type Zoom } from "./days";

/** Between two reads while much changes, and where nothing does. */
const PACE_MS = 1000;
const QUIET_MS = 60_000;

/** What was told, and of which days. */
interface Read {
  from: number;
  days: ToldDay[];
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
    const read = this.#read;
    // What was told of other days is on none of these.
    const told = read?.from === this.#days[0]?.from && read?.days.length === this.#days.length;
    return onDays(this.#days, told ? (read?.days ?? []) : []);
  });

  constructor(
    readonly backend: Pick<Backend, "jobDays">,
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
    const days = this.#days;
    try {
      const told = await this.backend.jobDays({ bounds: boundsOf(days) });
      if (turn !== this.#turn) return;
      this.#read = { from: days[0]!.from, days: told.days };
      this.error = undefined;
    } catch (thrown) {
      if (turn === this.#turn) this.error = ApiError.from(thrown);
    }
  }
}
