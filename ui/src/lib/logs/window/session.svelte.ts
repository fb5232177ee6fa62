// One open log: which attempt is shown, its extent, its rows or those that a filter leaves, and whether the view follows the tail.
// Scrolling and drawing are the pane's, searching is find/'s, the rest of the window is log-window.svelte.ts.
import { ApiError, type Backend, type LogInfo, type Unsubscribe } from "../../api";
import { LogRows } from "../rows/log-rows.svelte";
import { MatchRows } from "../rows/match-rows.svelte";
import { nextAttempt } from "./follow";
import { LogReader } from "./reader.svelte";

export class LogSession extends LogReader {
  info = $state.raw<LogInfo | null>(null);
  log = $state.raw<LogRows | null>(null);
  error = $state.raw<ApiError | null>(null);
  attempt = $state(0);
  /** Said when the view has moved on by itself: "Attempt 2 began". */
  moved = $state<{ from: number; to: number } | null>(null);
  #pinned: boolean;
  #stop: Unsubscribe = () => {};
  #generation = 0;

  constructor(
    readonly backend: Backend,
    readonly id: string,
    attempt?: number,
  ) {
    super();
    this.#pinned = attempt !== undefined;
    this.attempt = attempt ?? 0;
  }

  get all(): LogRows | null {
    return this.log;
  }

  get startedAt(): number | undefined {
    return this.info?.startedAt;
  }

  get identity(): string {
    return String(this.attempt);
  }

  get pinned(): boolean {
    return this.#pinned;
  }

  async open(): Promise<void> {
    try {
      if (this.attempt === 0) {
        const row = await this.backend.getTaskRow({ id: this.id });
        if (row === null)
          throw new ApiError({ error: "TaskNotFound", id: this.id, message: "This task was deleted." });
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

  close(): void {
    this.#generation += 1;
    this.#stop();
    this.matches?.close();
    this.log?.close();
  }

  protected found(searchId: string, near: number, hideBefore: number): MatchRows {
    return new MatchRows(this.backend, searchId, near, hideBefore);
  }

  protected catchUp(): void {
    if (this.info) this.log?.extend(this.info, this.tail);
  }

  async #switch(attempt: number): Promise<void> {
    this.attempt = attempt;
    await this.#watch().catch((thrown: unknown) => (this.error = ApiError.from(thrown)));
  }

  async #watch(): Promise<void> {
    this.#generation += 1;
    const generation = this.#generation;
    this.#stop();
    this.matches?.close();
    this.matches = null;
    this.log?.close();
    this.error = null;
    this.info = null;
    this.log = new LogRows(this.backend, this.id, this.attempt);
    this.on("list");
    const stop = await this.backend.watchLog(this.id, this.attempt, (info) => {
      if (generation === this.#generation) this.#take(info);
    });
    if (generation === this.#generation) this.#stop = stop;
    else stop();
  }

  #take(info: LogInfo): void {
    // What was there at the beginning is not new, wherever one begins to read.
    if (this.info === null) this.follow = { ...this.follow, seen: info.rows };
    this.info = info;
    this.log?.extend(info, this.logTail);
    void this.latestIs(info.attempts);
  }
}
