// The span of time that the line shows, and what is known of it; also a little to both sides, so that it can be moved at once.
import type { Backend } from "../../api/backend";
import { ApiError } from "../../api/errors";
import type { ComingRun, TaskSpan } from "../../api/types";
import { lanesOf, ranAt, zoomed } from "./bars";

const HOUR = 3_600_000;
const MOST = 10_000;
const SETTLE_MS = 180;
const PACE_MS = 5000;

export class Timeline {
  from = $state(Date.now() - 6 * HOUR);
  to = $state(Date.now() + HOUR);
  /** The moment that was asked about. */
  at = $state<number | undefined>(undefined);
  now = $state(Date.now());
  error = $state.raw<ApiError | undefined>(undefined);
  #spans = $state.raw<TaskSpan[]>([]);
  #coming = $state.raw<ComingRun[]>([]);
  more = $state(false);

  lanes = $derived.by(() => lanesOf(this.#spans, this.#coming, this.now));
  ran = $derived.by(() => (this.at === undefined ? [] : ranAt(this.#spans, this.at, this.now)));

  #turn = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly backend: Pick<Backend, "tasksBetween" | "upcoming">) {}

  show(from: number, to: number): void {
    [this.from, this.to] = [from, to];
    this.#after(SETTLE_MS);
  }

  zoom(by: number, about = (this.from + this.to) / 2): void {
    const { from, to } = zoomed(this.from, this.to, by, about);
    this.show(from, to);
  }

  /** By a part of what is shown. */
  pan(by: number): void {
    const ms = Math.round((this.to - this.from) * by);
    this.show(this.from + ms, this.to + ms);
  }

  toNow(): void {
    const length = this.to - this.from;
    const from = Date.now() - Math.round(length * 0.85);
    this.show(from, from + length);
  }

  #after(ms: number) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.read(), ms);
  }

  async read(): Promise<void> {
    clearTimeout(this.#timer);
    const turn = ++this.#turn;
    const beside = Math.round((this.to - this.from) / 2);
    const [from, to, now] = [Math.max(0, this.from - beside), this.to + beside, Date.now()];
    try {
      const [past, coming] = await Promise.all([
        from > now ? { spans: [], more: false } : this.backend.tasksBetween({ from, to, limit: MOST }),
        to < now ? { times: [] } : this.backend.upcoming({ from: Math.max(from, now), to }),
      ]);
      if (turn !== this.#turn) return;
      this.now = now;
      this.#spans = past.spans;
      this.#coming = coming.times;
      this.more = past.more;
      this.error = undefined;
    } catch (thrown) {
      if (turn !== this.#turn) return;
      this.error = ApiError.from(thrown);
    }
    // What goes on grows.
    if (to >= now && !document.hidden) this.#after(PACE_MS);
  }

  close(): void {
    this.#turn++;
    clearTimeout(this.#timer);
  }
}
