// What is in the lanes, in its order, with what is expected of it, and one of those that wait in somebody's hand: where it would be
// dropped, and what that would do to the others. Nothing is moved before it is.
import type { Backend } from "../../api/backend";
import { ApiError } from "../../api/errors";
import type { Foreseen, LaneForecast, TaskForecast, TaskRow } from "../../api/types";
import { Rereading } from "../../shared/seen-timer";

/** Rows of one request, by the rule of the backend. */
const ROWS = 500;
/** Between two reads while much changes, and where nothing does. */
const PACE_MS = 1000;
const QUIET_MS = 15_000;
/** A hand that rests for so long wants to know. */
const REST_MS = 90;

export interface QueuedTask {
  id: string;
  /** Not there for a moment when it has come or gone. */
  row: TaskRow | undefined;
  foreseen: TaskForecast;
  /** How much later it would start, in milliseconds, where something is in somebody's hand; negative for sooner. */
  later?: number;
}

export interface QueuedLane {
  lane: LaneForecast;
  tasks: QueuedTask[];
}

/** A waiting task that was picked up. */
interface Held {
  id: string;
  slot: string;
  /** Those of its lane and priority that wait, in their order, with itself. */
  block: readonly string[];
  /** Its place among them, before and now. */
  from: number;
  to: number;
  /** It was let go there, and is on its way. */
  dropped?: boolean;
}

const idOf = (row: TaskRow) => row.task.metadata.id;
const priorityOf = (row: TaskRow | undefined) => row?.task.spec.priority ?? 0;

/** An array without an element, or with it at another place. */
function moved<T>(all: readonly T[], from: number, to: number): T[] {
  const rest = all.filter((_, at) => at !== from);
  rest.splice(to, 0, all[from]!);
  return rest;
}

export class LaneQueue {
  /** It takes the place of the task list. */
  open = $state(false);
  /** On a line of time, and not in their order. */
  timeline = $state(false);
  loaded = $state(false);
  error = $state.raw<ApiError | undefined>(undefined);
  held = $state.raw<Held | undefined>(undefined);

  #foreseen = $state.raw<Foreseen | undefined>(undefined);
  #rows = $state.raw<ReadonlyMap<string, TaskRow>>(new Map());
  /** What would be if the held one were dropped at that place. */
  #preview = $state.raw<{ to: number; foreseen: Foreseen } | undefined>(undefined);

  lanes = $derived.by((): QueuedLane[] => {
    const now = this.#foreseen;
    if (!now) return [];
    const preview = this.#preview?.to === this.held?.to ? this.#preview?.foreseen : undefined;
    const then = new Map(preview?.tasks.map((task) => [task.task, task]));
    const lanes = new Map(now.lanes.map((lane): [string, QueuedLane] => [lane.slot, { lane, tasks: [] }]));
    for (const before of now.tasks) {
      const foreseen = then.get(before.task) ?? before;
      const later =
        then.size > 0 && foreseen.start && before.start ? foreseen.start.to - before.start.to : undefined;
      const row = this.#rows.get(before.task);
      lanes.get(before.slot)?.tasks.push({ id: before.task, row, foreseen, later });
    }
    const { held } = this;
    const lane = held && lanes.get(held.slot);
    if (held && lane) {
      // The places of the block are taken in the new order; what is between them stays.
      const order = moved(held.block, held.from, held.to);
      const known = new Map(lane.tasks.map((task) => [task.id, task]));
      const inBlock = new Set(held.block);
      lane.tasks = lane.tasks.map((task) => (inBlock.has(task.id) ? known.get(order.shift()!)! : task));
    }
    return [...lanes.values()];
  });
  /** More waits than is shown. */
  more = $derived(this.#foreseen?.more ?? false);
  /** When what is shown was reckoned. */
  at = $derived(this.#foreseen?.at ?? 0);

  #reading = 0;
  #again: Rereading | undefined;
  /** Something has changed under somebody's hand. */
  #missed = false;
  #resting: ReturnType<typeof setTimeout> | undefined;
  readonly #report: (thrown: unknown) => void;

  constructor(
    readonly backend: Pick<Backend, "forecast" | "getTaskRows" | "moveTask">,
    report: (thrown: unknown) => void,
  ) {
    this.#report = report;
  }

  /** Follows what changes until it is called back. */
  follow(): () => void {
    const again = new Rereading(() => this.#load(), PACE_MS, QUIET_MS);
    this.#again = again;
    void again.now();
    return () => {
      again.stop();
      clearTimeout(this.#resting);
      this.#reading++;
      this.#let();
    };
  }

  /** Something has changed: what is shown is read again before long, however often this is said. */
  touch(): void {
    this.#again?.touch();
  }

  read(): Promise<void> {
    return this.#again?.now() ?? this.#load();
  }

  /** `letGo`: what was in somebody's hand is where it was dropped by now. */
  async #load(letGo = false): Promise<void> {
    // What is in somebody's hand is not pulled away.
    if (this.held && !letGo) return void (this.#missed = true);
    const turn = ++this.#reading;
    try {
      const foreseen = await this.backend.forecast({});
      const rows = await this.#rowsOf(foreseen.tasks.map(({ task }) => task));
      if (turn !== this.#reading) return;
      if (this.held && !letGo) return void (this.#missed = true);
      if (letGo) this.#let();
      this.#rows = rows;
      this.#foreseen = foreseen;
      this.error = undefined;
      this.loaded = true;
    } catch (thrown) {
      if (turn !== this.#reading) return;
      if (letGo) this.#let();
      this.error = ApiError.from(thrown);
    }
  }

  async #rowsOf(ids: string[]): Promise<Map<string, TaskRow>> {
    const parts: Promise<TaskRow[]>[] = [];
    for (let at = 0; at < ids.length; at += ROWS)
      parts.push(this.backend.getTaskRows({ ids: ids.slice(at, at + ROWS) }));
    return new Map((await Promise.all(parts)).flat().map((row) => [idOf(row), row]));
  }

  // ---- in somebody's hand ----

  /** Those among which it can be moved; empty for one that runs, or is started. */
  block(id: string): string[] {
    const row = this.#rows.get(id);
    if (row?.task.status.phase !== "pending" || row.task.status.attempt > 0) return [];
    if (row.waiting?.reason === "starting") return [];
    const lane = this.lanes.find(({ lane }) => lane.slot === row.task.spec.slot);
    const beside = lane?.tasks.filter(
      (other) =>
        other.row?.task.status.phase === "pending" &&
        other.row.task.status.attempt === 0 &&
        priorityOf(other.row) === priorityOf(row),
    );
    return beside?.map((other) => other.id) ?? [];
  }

  /** False when there is nothing to be moved. */
  pick(id: string): boolean {
    if (this.held) return false;
    const block = this.block(id);
    const from = block.indexOf(id);
    const slot = this.#rows.get(id)?.task.spec.slot;
    if (block.length < 2 || from < 0 || slot === undefined) return false;
    this.#preview = undefined;
    this.held = { id, slot, block, from, to: from };
    return true;
  }

  /** Holds it over that place among those of its priority. */
  over(to: number): void {
    const { held } = this;
    if (!held || held.dropped) return;
    const place = Math.max(0, Math.min(held.block.length - 1, to));
    if (place === held.to) return;
    this.held = { ...held, to: place };
    clearTimeout(this.#resting);
    this.#resting = setTimeout(() => void this.#look(), REST_MS);
  }

  async #look(): Promise<void> {
    const { held } = this;
    const move = held && moveOf(held);
    if (!held || !move) return;
    try {
      const foreseen = await this.backend.forecast({ slot: held.slot, moves: [move] });
      if (this.held?.id === held.id && this.held.to === held.to) this.#preview = { to: held.to, foreseen };
    } catch {
      // It is shown where it would be; whether it can be there is told when it is dropped.
    }
  }

  /** Lets it go where it is held. It stays there in the picture until the lanes have been read again. */
  async drop(): Promise<void> {
    const { held } = this;
    const move = held && moveOf(held);
    if (held?.dropped) return;
    if (!held || !move) return this.cancel();
    clearTimeout(this.#resting);
    this.held = { ...held, dropped: true };
    try {
      await this.backend.moveTask(move);
    } catch (thrown) {
      this.#report(thrown);
    }
    await this.#load(true);
  }

  cancel(): void {
    if (!this.held || this.held.dropped) return;
    const missed = this.#missed;
    this.#let();
    if (missed) this.touch();
  }

  #let(): void {
    clearTimeout(this.#resting);
    this.held = undefined;
    this.#preview = undefined;
    this.#missed = false;
  }
}

/** What is asked for to bring it there; nothing where it is already. */
function moveOf({ id, block, from, to }: Held): { id: string; before?: string; after?: string } | undefined {
  if (from === to) return undefined;
  const others = block.filter((other) => other !== id);
  const behind = others[to];
  return behind === undefined ? { id, after: others.at(-1)! } : { id, before: behind };
}
