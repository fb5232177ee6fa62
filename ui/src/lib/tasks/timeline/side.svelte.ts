// What is known of one machine in the span of time that is shown. Each is read by itself: one that answers late, or not at all,
// makes no other wait.
import type { MachineAsks } from "../../api/backend";
import { ApiError } from "../../api/errors";
import type { ComingRun, Reach, TaskSpan } from "../../api/types";
import { Rereading, SeenTimer } from "../../shared/seen-timer";
import { sentence } from "../../submit/errors";
import { lanesOf, ranAt, type LaneBars } from "./bars";

/** Between two reads while much changes, and where nothing does. */
const PACE_MS = 3000;
const QUIET_MS = 60_000;
/** How often a machine that the window is not on is asked whether anything has changed there. */
const LOOK_MS = 5000;

export type Asked = Pick<MachineAsks, "tasksBetween" | "upcoming"> & Partial<MachineAsks>;

/** What is read: also a little to both sides of what is shown, so that it can be moved at once. */
export interface Stretch {
  from: number;
  to: number;
  /** The most tasks of one machine. */
  limit: number;
}

export class Side {
  /** How the machine is. */
  reach = $state.raw<Reach>({ state: "reached" });
  error = $state.raw<ApiError | undefined>(undefined);
  loaded = $state(false);
  /** Not all of them fit into an answer. */
  more = $state.raw({ past: false, coming: false });
  #spans = $state.raw<TaskSpan[]>([]);
  #coming = $state.raw<ComingRun[]>([]);
  /** When it was read last. */
  #readAt = $state(0);

  /** What goes on there has lasted until then, as far as is known. */
  known = $derived.by(() => {
    const { reach } = this;
    return reach.state === "lost" ? (reach.heard ?? this.#readAt) : this.now();
  });
  lanes: LaneBars[] = $derived.by(() => lanesOf(this.#spans, this.#coming, this.known));
  /** Why nothing later than that is known, in a sentence. */
  problem = $derived.by(() => {
    if (this.reach.state === "lost") return `${sentence(this.reach.problem)}.`;
    return this.error && `${sentence(this.error.message)}.`;
  });

  #turn = 0;
  #following = false;
  #version: number | undefined;
  readonly #again = new Rereading(() => this.#read(), PACE_MS, QUIET_MS);
  readonly #look = new SeenTimer(() => void this.#ask());

  /** `now`: until when what goes on has lasted, where the machine can be reached. */
  constructor(
    readonly machine: string | null,
    readonly asked: Asked,
    readonly stretch: () => Stretch,
    readonly now: () => number,
  ) {}

  ranAt(at: number): TaskSpan[] {
    return ranAt(this.#spans, at, this.known);
  }

  /** `looks`: nobody says when something has changed there. */
  follow(looks: boolean): void {
    this.#following = true;
    void this.#again.now();
    if (looks) this.#look.after(LOOK_MS);
  }

  stop(): void {
    this.#following = false;
    this.#turn++;
    this.#look.clear();
    this.#again.stop();
  }

  /** Something may have changed. */
  touch(): void {
    this.#again.touch();
  }

  readNow(): void {
    void this.#again.now();
  }

  async #ask(): Promise<void> {
    if (this.reach.state !== "lost" && this.stretch().to >= Date.now()) {
      const summary = await this.asked.getSummary?.().catch(() => undefined);
      const before = this.#version;
      this.#version = summary?.resourceVersion ?? before;
      if (before !== undefined && this.#version !== before) this.touch();
    }
    if (this.#following) this.#look.after(LOOK_MS);
  }

  async #read(): Promise<void> {
    // It is read when it is back.
    if (this.reach.state === "lost") return;
    const turn = ++this.#turn;
    const now = Date.now();
    const { from, to, limit } = this.stretch();
    try {
      const [past, coming] = await Promise.all([
        from > now ? { spans: [], more: false } : this.asked.tasksBetween({ from, to, limit }),
        to < now
          ? { times: [], more: false }
          : this.asked.upcoming({ from: Math.max(from, now), to: Math.max(to, now) }),
      ]);
      if (turn !== this.#turn) return;
      this.#readAt = now;
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
