// The span of time that the line shows, and what is known of it; also a little to both sides, so that it can be moved at once.
import type { Backend } from "../../api/backend";
import { ApiError } from "../../api/errors";
import type { ComingRun, TaskSpan } from "../../api/types";
import { Rereading, SeenTimer } from "../../shared/seen-timer";
import { lanesOf, ranAt, zoomed } from "./bars";

const HOUR = 3_600_000;
const MOST = 10_000;
const SETTLE_MS = 180;
/** Between two reads while much changes, and where nothing does. */
const PACE_MS = 3000;
const QUIET_MS = 60_000;
/** What goes on has grown by about a pixel after such a part of what is shown. */
const GROWTH = 1000;

export class Timeline {
  from = $state(Date.now() - 6 * HOUR);
  to = $state(Date.now() + HOUR);
  /** The moment that was asked about. */
  at = $state<number | undefined>(undefined);
  now = $state(Date.now());
  error = $state.raw<ApiError | undefined>(undefined);
  #spans = $state.raw<TaskSpan[]>([]);
  #coming = $state.raw<ComingRun[]>([]);
  /** Not all of them fit into an answer. */
  more = $state.raw({ past: false, coming: false });

  lanes = $derived.by(() => lanesOf(this.#spans, this.#coming, this.now));
  ran = $derived.by(() => (this.at === undefined ? [] : ranAt(this.#spans, this.at, this.now)));

  loaded = $state(false);

  #turn = 0;
  readonly #again = new Rereading(() => this.#read(), PACE_MS, QUIET_MS);
  readonly #settled = new SeenTimer(() => void this.#again.now());
  readonly #growth = new SeenTimer(() => {
    this.now = Date.now();
    this.#grow();
  });

  constructor(readonly backend: Pick<Backend, "tasksBetween" | "upcoming">) {}

  /** Follows what changes until it is called back. */
  follow(): () => void {
    void this.#again.now();
    this.#grow();
    return () => {
      this.#turn++;
      for (const timer of [this.#settled, this.#growth]) timer.clear();
      this.#again.stop();
    };
  }

  /** Something has changed: it is read before long, where it is not over for all that is shown. */
  touch(): void {
    if (this.to >= this.now) this.#again.touch();
  }

  #grow(): void {
    this.#growth.after(Math.max(1000, (this.to - this.from) / GROWTH));
  }

  show(from: number, to: number): void {
    [this.from, this.to] = [from, to];
    this.#settled.after(SETTLE_MS);
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

  async #read(): Promise<void> {
    const turn = ++this.#turn;
    const beside = Math.round((this.to - this.from) / 2);
    const [from, to, now] = [Math.max(0, this.from - beside), this.to + beside, Date.now()];
    try {
      const [past, coming] = await Promise.all([
        from > now ? { spans: [], more: false } : this.backend.tasksBetween({ from, to, limit: MOST }),
        to < now
          ? { times: [], more: false }
          : this.backend.upcoming({ from: Math.max(from, now), to: Math.max(to, now) }),
      ]);
      if (turn !== this.#turn) return;
      this.now = now;
      this.#spans = past.spans;
      this.#coming = coming.times;
      this.more = { past: past.more, coming: coming.more };
      this.error = undefined;
      this.loaded = true;
    } catch (thrown) {
      if (turn !== this.#turn) return;
      this.error = ApiError.from(thrown);
    }
  }
}
