// One open log: which attempt is shown, its extent, its rows, and whether the view follows the tail. The log window and the log tab
// of a task share it. Scrolling and drawing are LogPane.svelte's.
import { ApiError, type Backend, type LogInfo, type Unsubscribe } from "../api";
import { follow, FOLLOWING, newRows, nextAttempt, type Follow, type FollowEvent } from "./follow";
import { RowCache } from "./rows.svelte";

export class LogSession {
  info = $state.raw<LogInfo | null>(null);
  rows = $state.raw<RowCache | null>(null);
  error = $state.raw<ApiError | null>(null);
  follow = $state.raw<Follow>(FOLLOWING);
  attempt = $state(0);
  /** Said when the view has moved on by itself: "Attempt 2 began". */
  moved = $state<{ from: number; to: number } | null>(null);
  /** How many rows the pane shows at once; the tail is pulled by that much. */
  #height = 60;
  #pinned: boolean;
  #stop: Unsubscribe = () => {};
  #generation = 0;

  constructor(
    readonly backend: Backend,
    readonly id: string,
    attempt?: number,
  ) {
    this.#pinned = attempt !== undefined;
    this.attempt = attempt ?? 0;
  }

  get pinned(): boolean {
    return this.#pinned;
  }

  get newRows(): number {
    return newRows(this.follow, this.info?.rows ?? 0);
  }

  async open(): Promise<void> {
    try {
      if (this.attempt === 0) {
        const row = await this.backend.getTaskRow(this.id);
        if (row === null) throw new ApiError({ error: "TaskNotFound", message: "This task was deleted." });
        this.attempt = Math.max(1, row.task.status.attempt);
      }
      await this.#watch();
    } catch (thrown) {
      this.error = ApiError.from(thrown);
    }
  }

  /** Shows an attempt that the reader picked; picking the latest follows later ones again. */
  async show(attempt: number): Promise<void> {
    this.#pinned = attempt < (this.info?.attempts ?? attempt);
    this.moved = null;
    await this.#switch(attempt);
  }

  /** Tells the log of a task that changed: a later attempt may have begun, which the watch of this one need not report. */
  async latestIs(attempt: number): Promise<void> {
    const next = nextAttempt(this.attempt, attempt, this.#pinned);
    // An attempt that had not begun when it was asked for may be there now.
    if (next === this.attempt && this.error !== null) return this.#switch(next);
    if (this.attempt === 0 || next === this.attempt) return;
    this.moved = { from: this.attempt, to: next };
    await this.#switch(next);
  }

  on(type: FollowEvent["type"], selecting = false): void {
    const rows = this.rows?.total ?? 0;
    this.follow = follow(this.follow, type === "reachedEnd" ? { type, rows, selecting } : { type, rows });
    if (this.follow.following && this.info) this.rows?.extend(this.info, this.#height);
  }

  /** Says which rows the pane shows, and how many fit into it. */
  want(from: number, to: number, height: number): void {
    this.#height = Math.max(1, height);
    this.rows?.want(from, to, this.#tail);
  }

  close(): void {
    this.#generation += 1;
    this.#stop();
    this.rows?.close();
  }

  get #tail(): number {
    return this.follow.following ? this.#height : 0;
  }

  async #switch(attempt: number): Promise<void> {
    this.attempt = attempt;
    this.on("attempt");
    await this.#watch().catch((thrown: unknown) => (this.error = ApiError.from(thrown)));
  }

  async #watch(): Promise<void> {
    this.#generation += 1;
    const generation = this.#generation;
    this.#stop();
    this.rows?.close();
    this.error = null;
    this.info = null;
    this.rows = new RowCache(this.backend, this.id, this.attempt);
    const stop = await this.backend.watchLog(this.id, this.attempt, (info) => {
      if (generation === this.#generation) this.#take(info);
    });
    if (generation === this.#generation) this.#stop = stop;
    else stop();
  }

  #take(info: LogInfo): void {
    this.info = info;
    this.rows?.extend(info, this.#tail);
    void this.latestIs(info.attempts);
  }
}
