// The tasks and lanes of the backend in memory, and their one writer: what is submitted, admitted, started and ended, and who is told
// of it. It keeps the contract's rules where the page shows them; it runs nothing. What it begins with: fake-data.ts.
import type { Unsubscribe } from "./backend";
import { ApiError } from "./errors";
import { checkSpec } from "./fake-check";
import { fakeId, makeTask, seedLanes, seedTasks, type FakeTask } from "./fake-data";
import { fakeMatch } from "./fake-heads";
import { fakeJobOf } from "./fake-jobs";
import type { Lane, ListQuery, Phase, Summary, TaskChange, TaskRow, TaskSpec } from "./types";

/** How long a task runs when they finish by themselves. */
const RUN_MS = 6000;

export interface FakeEnd {
  exitCode?: number;
  error?: string;
}
type KeptLane = Pick<Lane, "capacity" | "paused" | "rules">;

export const ended = (phase: Phase) => phase !== "pending" && phase !== "running";
export const copy = <T>(value: T): T => structuredClone(value);

export class FakeTasks {
  readonly all = new Map<string, FakeTask>();
  /** Numbers are given out here, of versions and of all that needs one of its own. */
  version = 100_000;
  readonly #live: boolean;
  readonly #lanes = seedLanes();
  /** Lanes that were taken off the lists. */
  readonly #forgotten = new Set<string>();
  readonly #watchers = new Map<(change: TaskChange) => void, ListQuery>();
  readonly #changed = new Set<string>();
  readonly #deleted = new Set<string>();
  /** The tasks of the machines that are not shown. */
  readonly #elsewhere = new Map<string | null, FakeTask[]>();
  readonly #onchange: () => void;
  #created: number;
  #flushing = false;
  #allHeld = false;

  /** `live`: tasks finish by themselves. `onchange` is called after watchers were told. */
  constructor(count: number | undefined, live: boolean, onchange: () => void) {
    this.#live = live;
    this.#onchange = onchange;
    for (const task of seedTasks(count, Date.now())) this.all.set(task.row.task.metadata.id, task);
    for (const { spec } of this.all.values()) Object.assign(spec, fakeJobOf(spec));
    this.#created = this.all.size;
  }

  get(id: string): FakeTask {
    const task = this.all.get(id);
    if (!task) throw new ApiError({ error: "TaskNotFound", id, message: `there is no task ${id}` });
    return task;
  }

  get rows(): TaskRow[] {
    return [...this.all.values()].map(({ row }) => row);
  }

  inLane(slot: string): TaskRow[] {
    return this.rows.filter((row) => row.task.spec.slot === slot);
  }

  watch(query: ListQuery, onChange: (change: TaskChange) => void): Unsubscribe {
    this.#watchers.set(onChange, query);
    return () => this.#watchers.delete(onChange);
  }

  /** A task has changed, or something of the summary: watchers are told soon, of all at once. */
  touch(id: string) {
    const task = this.all.get(id);
    if (task) {
      task.row.task.metadata.resourceVersion = ++this.version;
      task.row.task.metadata.updatedAt = Date.now();
      this.#changed.add(id);
    }
    if (this.#flushing) return;
    this.#flushing = true;
    queueMicrotask(() => this.#tell());
  }

  #tell() {
    this.#flushing = false;
    const change: TaskChange = {
      resourceVersion: this.version,
      changed: [...this.#changed].flatMap((key) => this.all.get(key)?.row ?? []),
      unmatched: [],
      deleted: [...this.#deleted],
      summary: this.summary(),
      resync: false,
    };
    this.#changed.clear();
    this.#deleted.clear();
    for (const [watcher, query] of this.#watchers) {
      const others = change.changed.filter((row) => !fakeMatch(row, query));
      watcher(copy({ ...change, unmatched: others.map((row) => row.task.metadata.id) }));
    }
    this.#onchange();
  }

  // ---- lanes ----

  keptLane(slot: string): KeptLane {
    return this.#lanes.get(slot) ?? { capacity: 1, paused: false };
  }

  setLane(slot: string, change: Partial<KeptLane>): Lane {
    this.#lanes.set(slot, { ...this.keptLane(slot), ...change });
    this.startNext(slot);
    this.touch("");
    return this.lane(slot);
  }

  forgetLane(slot: string) {
    this.#forgotten.add(slot);
  }

  lane(slot: string): Lane {
    return this.#count(this.inLane(slot)).get(slot) ?? this.#idle(slot);
  }

  #idle(slot: string): Lane {
    return { slot, ...this.keptLane(slot), running: 0, queued: 0, own: true };
  }

  /** The lanes of these tasks. */
  #count(rows: TaskRow[]): Map<string, Lane> {
    const lanes = new Map<string, Lane>();
    for (const { task } of rows) {
      const { slot, ownLane } = task.spec;
      const lane = lanes.get(slot) ?? this.#idle(slot);
      lanes.set(slot, lane);
      if (!ownLane) lane.own = false;
      if (task.status.phase === "running") lane.running++;
      if (task.status.phase === "pending") lane.queued++;
    }
    return lanes;
  }

  holdAll(held: boolean) {
    this.#allHeld = held;
  }

  summary(): Summary {
    const byPhase: Summary["byPhase"] = {
      pending: 0,
      running: 0,
      succeeded: 0,
      failed: 0,
      timeout: 0,
      canceled: 0,
      exhausted: 0,
    };
    const labels = new Map<string, { key: string; value: string; count: number }>();
    for (const { task } of this.rows) {
      byPhase[task.status.phase]++;
      for (const [key, value] of Object.entries(task.spec.labels ?? {})) {
        if (key === "name") continue;
        const known = labels.get(`${key}=${value}`);
        if (known) known.count++;
        else labels.set(`${key}=${value}`, { key, value, count: 1 });
      }
    }
    return {
      byPhase,
      lanes: [...this.#count(this.rows).values()]
        .filter((lane) => !this.#forgotten.has(lane.slot) && (!lane.own || lane.running + lane.queued > 0))
        .sort((a, b) => a.slot.localeCompare(b.slot)),
      labels: [...labels.values()],
      resourceVersion: this.version,
      storage: "ok",
      unkeptLimits: [],
      held: this.#allHeld || undefined,
    };
  }

  // ---- a task's life ----

  setPhase(id: string, phase: Phase, more: FakeEnd = {}) {
    const task = this.get(id);
    const { row } = task;
    const now = Date.now();
    row.task.status = { phase, attempt: row.task.status.attempt, ...more };
    row.waiting = undefined;
    row.nextAttemptAt = undefined;
    if (phase === "running") {
      row.task.status.attempt++;
      row.startedAt = now;
      row.finishedAt = undefined;
      task.runs.push({ attempt: row.task.status.attempt, phase, startedAt: now });
    } else if (ended(phase)) {
      row.stopping = false;
      row.finishedAt = now;
      const run = task.runs.at(-1);
      if (run && run.finishedAt === undefined) Object.assign(run, { phase, finishedAt: now, ...more });
    }
    row.recentRuns = task.runs.slice(-8).map((run) => ({
      attempt: run.attempt,
      phase: run.phase,
      durationMs: run.finishedAt === undefined ? undefined : run.finishedAt - run.startedAt,
    }));
    this.touch(id);
    if (ended(phase)) this.startNext(row.task.spec.slot);
  }

  startNext(slot: string) {
    const queue = this.inLane(slot)
      .filter((row) => row.waiting?.reason === "lane")
      .sort((a, b) => (a.task.metadata.id < b.task.metadata.id ? -1 : 1));
    const lane = this.lane(slot);
    const first = queue.shift();
    if (!first || lane.paused || lane.running >= lane.capacity) return;
    this.setPhase(first.task.metadata.id, "running");
    queue.forEach((row, index) => {
      row.waiting = { reason: "lane", position: index + 1, behind: first.task.spec.labels?.name ?? slot };
      this.touch(row.task.metadata.id);
    });
  }

  async submit(spec: TaskSpec): Promise<string> {
    checkSpec(spec);
    const lane = this.lane(spec.slot);
    const busy = lane.running >= lane.capacity;
    const holder = this.inLane(spec.slot).find((row) => row.task.status.phase === "running")?.task;
    if (busy && holder && (spec.admission ?? "dropIfRunning") === "dropIfRunning") {
      const running = holder.metadata.id;
      throw new ApiError({
        error: "SlotBusy",
        message: `lane ${spec.slot} is busy with ${running}`,
        slot: spec.slot,
        running,
      });
    }
    const { id, row } = this.#make(spec);
    const first = spec.after?.[0];
    if (first) {
      const name = this.all.get(first.task)?.row.task.spec.name ?? "";
      row.waiting = { reason: "dependency", on: first.task, when: first.when ?? "succeeded", name };
    } else if (spec.notBefore !== undefined && spec.notBefore > Date.now()) {
      row.waiting = { reason: "notBefore", until: spec.notBefore };
    }
    if (row.waiting) {
      this.touch(id);
      return id;
    }
    if (busy && holder && spec.admission === "replace") this.setPhase(holder.metadata.id, "canceled");
    if ((busy && spec.admission === "queue") || lane.paused) {
      row.waiting = lane.paused
        ? { reason: "lanePaused" }
        : { reason: "lane", position: lane.queued + 1, behind: holder?.spec.labels?.name ?? spec.slot };
      this.touch(id);
    } else {
      this.setPhase(id, "running");
      if (this.#live) setTimeout(() => this.#finish(id), RUN_MS);
    }
    return id;
  }

  #make(spec: TaskSpec): { id: string; row: TaskRow } {
    const sample = { spec: copy(spec), ago: 0, phase: "pending" as const, logRows: 0 };
    const made = makeTask(sample, this.#created++, Date.now());
    const id = fakeId(Date.now(), this.#created);
    this.#forgotten.delete(spec.slot);
    made.row.task.metadata.id = id;
    this.all.set(id, made);
    return { id, row: made.row };
  }

  #finish(id: string) {
    if (this.all.get(id)?.row.task.status.phase === "running")
      this.setPhase(id, "succeeded", { exitCode: 0 });
  }

  remove(id: string) {
    const slot = this.all.get(id)?.row.task.spec.slot;
    if (!this.all.delete(id)) return;
    this.#deleted.add(id);
    this.touch(id);
    if (slot) this.startNext(slot);
  }

  /** The tasks of a machine that is not shown. */
  elsewhere(machine: string | null): FakeTask[] {
    const known = this.#elsewhere.get(machine);
    if (known) return known;
    const there = seedTasks(8, Date.now());
    for (const task of there) task.row.task.metadata.id += `-${machine}`;
    this.#elsewhere.set(machine, there);
    return there;
  }

  /** Shows the tasks of another machine. */
  turn(from: string | null, to: string | null) {
    this.#elsewhere.set(from, [...this.all.values()]);
    this.all.clear();
    for (const task of this.elsewhere(to)) this.all.set(task.row.task.metadata.id, task);
  }
}
