// Commands on the queue: on tasks that wait or run, and on the lanes that they are in. What ends a task is in task-commands.ts;
// how the queue is drawn and dragged is in queue/.
import type { Lane, LaneRules, TaskRow } from "../../api/types";
import { each, idOf, type CommandHost } from "./host";

export class QueueCommands {
  readonly #host: CommandHost;

  constructor(host: CommandHost) {
    this.#host = host;
  }

  // ---- tasks ----

  hold(rows: TaskRow[] = this.#host.targetRows) {
    this.#each(rows, (row) => this.#backend.holdTask({ id: idOf(row) }));
  }

  release(rows: TaskRow[] = this.#host.targetRows) {
    this.#each(rows, (row) => this.#backend.releaseTask({ id: idOf(row) }));
  }

  /** Those that are held go on, and where none is, those that wait are held. */
  holdOrRelease(rows: TaskRow[] = this.#host.targetRows) {
    const waiting = rows.filter((row) => row.task.status.phase === "pending");
    const held = waiting.filter((row) => row.waiting?.reason === "held");
    if (held.length > 0) this.release(held);
    else if (waiting.length > 0) this.hold(waiting);
    else this.#host.notices.say("plain", "Only waiting tasks can be held");
  }

  runNow(row: TaskRow) {
    this.#each([row], () => this.#backend.runNow({ id: idOf(row) }));
  }

  retryNow(row: TaskRow) {
    this.#each([row], () => this.#backend.retryNow({ id: idOf(row) }));
  }

  suspend(row: TaskRow, suspended: boolean) {
    const id = idOf(row);
    this.#each([row], () =>
      suspended ? this.#backend.suspendTask({ id }) : this.#backend.resumeTask({ id }),
    );
  }

  setPriority(row: TaskRow, priority: number) {
    this.#each([row], () => this.#backend.setPriority({ id: idOf(row), priority }));
  }

  /** Within its lane: to the front or the end, or past its neighbour there. */
  moveInLane(row: TaskRow, to: "first" | "last" | "up" | "down") {
    this.#each([row], async () => {
      const id = idOf(row);
      if (to === "first" || to === "last") return this.#backend.moveTask({ id, [to]: true });
      const other = neighbour(await this.#waiting(row.task.spec.slot), id, to === "up" ? -1 : 1);
      if (other !== undefined)
        await this.#backend.moveTask(to === "up" ? { id, before: other } : { id, after: other });
    });
  }

  /** All that wait in a lane: its neighbours there may be on any page of the list. */
  async #waiting(slot: string): Promise<TaskRow[]> {
    const rows: TaskRow[] = [];
    let cursor: string | undefined;
    do {
      const query = { slot, phases: ["pending" as const], limit: 1000, ...(cursor ? { cursor } : {}) };
      const page = await this.#backend.listTasks({ query });
      rows.push(...page.rows);
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    return rows;
  }

  holdAll(held: boolean) {
    this.#tell(this.#backend.holdAll({ held }));
  }

  // ---- lanes ----

  setLane(slot: string, change: { paused?: boolean; capacity?: number }) {
    this.#tell(this.#backend.setLane({ slot, ...change }));
  }

  /** What the lane asks of the machine, all of it. Answers the lane as it is then; rejects with what is wrong. */
  setLaneRules(slot: string, rules: LaneRules): Promise<Lane> {
    return this.#backend.setLaneRules({ slot, rules });
  }

  /** Takes a shared lane that is idle off the lists. */
  forgetLane(slot: string) {
    this.#tell(this.#backend.forgetLane({ slot }).then(() => this.#host.list.readSummary()));
  }

  get #backend() {
    return this.#host.backend;
  }

  #each(rows: readonly TaskRow[], act: (row: TaskRow) => Promise<void>) {
    void each(this.#host.notices, rows, act);
  }

  #tell(done: Promise<unknown>) {
    done.catch((thrown: unknown) => this.#host.notices.report(thrown));
  }
}

/** Of the tasks that wait in a lane and have one's priority, the one so far behind it. */
function neighbour(rows: readonly TaskRow[], id: string, step: 1 | -1): string | undefined {
  const place = (row: TaskRow) => (row.waiting?.reason === "lane" ? row.waiting.position : undefined);
  const priority = (row?: TaskRow) => row?.task.spec.priority ?? 0;
  const own = rows.find((row) => idOf(row) === id);
  const queue = rows
    .filter((row) => place(row) !== undefined && priority(row) === priority(own))
    .sort((a, b) => (place(a) ?? 0) - (place(b) ?? 0));
  const at = queue.findIndex((row) => idOf(row) === id);
  const other = at < 0 ? undefined : queue[at + step];
  return other && idOf(other);
}
