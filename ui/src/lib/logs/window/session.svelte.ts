// One open log: which attempt is shown, its extent, its rows or those that a filter leaves, and whether the view follows the tail.
// Scrolling and drawing are the pane's, searching is find/'s, the rest of the window is log-window.svelte.ts.
import { ApiError, type Backend, type LogInfo, type SearchProgress, type Unsubscribe } from "../../api";
import { LogRows } from "../rows/log-rows.svelte";
import { MatchRows } from "../rows/match-rows.svelte";
import { nextAttempt } from "./follow";
import { LogReader } from "./reader.svelte";

export class LogSession extends LogReader {
  info = $state.raw<LogInfo | null>(null);
  log = $state.raw<LogRows | null>(null);
  matches = $state.raw<MatchRows | null>(null);
  error = $state.raw<ApiError | null>(null);
  attempt = $state(0);
  /** Said when the view has moved on by itself: "Attempt 2 began". */
  moved = $state<{ from: number; to: number } | null>(null);
  #pinned: boolean;
  #stop: Unsubscribe = () => {};
  #generation = 0;
  /** The filter's search has been through the whole log once; what it finds from then on is new. */
  #caughtUp = false;

  constructor(
    readonly backend: Backend,
    readonly id: string,
    attempt?: number,
  ) {
    super();
    this.#pinned = attempt !== undefined;
    this.attempt = attempt ?? 0;
  }

  get rows(): LogRows | MatchRows | null {
    return this.matches ?? this.log;
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

  /** Shows only what a search found; the log itself stays as it is behind it. */
  filter(searchId: string, near: number): void {
    this.matches?.close();
    this.matches = new MatchRows(this.backend, searchId, near, this.log?.hiddenBefore ?? 0);
    this.#caughtUp = false;
    this.on("list");
  }

  /** The search that filters has come further. */
  searched(progress: SearchProgress): void {
    this.matches?.progress(progress, this.tail);
    if (this.#caughtUp || this.matches === null) return;
    this.#caughtUp = progress.complete;
    this.follow = { ...this.follow, seen: progress.matches };
  }

  /** Shows all rows again. */
  unfilter(): void {
    if (this.matches === null) return;
    this.matches.close();
    this.matches = null;
    if (this.info) this.log?.extend(this.info, this.tail);
    this.on("list");
  }

  close(): void {
    this.#generation += 1;
    this.#stop();
    this.matches?.close();
    this.log?.close();
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
    // Behind a filter nothing is drawn: how long the log is will do.
    this.log?.extend(info, this.matches === null ? this.tail : 0);
    void this.latestIs(info.attempts);
  }
}
