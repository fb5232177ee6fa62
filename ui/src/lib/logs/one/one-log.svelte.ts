// One log as the source of a window: which attempt of a task is shown, and what becomes of the task meanwhile. A window that was not
// opened for an attempt of its own moves on to each that begins.
import {
  ApiError,
  type Backend,
  type ExportedLog,
  type LogDensity,
  type LogInfo,
  type LogQuery,
  type LogText,
  type RunId,
  type SearchProgress,
  type TaskChange,
  type TaskRow,
  type TaskRun,
  type Unsubscribe,
} from "../../api";
import type { OpenSearch } from "../../api/backend";
import { Highlights, type RowHighlights } from "../find/highlights.svelte";
import type { Point } from "../pane/selection";
import type { ShownRow } from "../rows/list";
import { knownBy, rowOf, type Rank, type RowKey } from "../rows/numbers";
import { encodingOf } from "../text/encodings";
import { nextAttempt } from "../window/follow";
import type { Excerpt, LogSource, SourceEvents } from "../window/source";
import { OneLogMarks } from "./marks.svelte";

const UNHEARD: SourceEvents = { grew: () => {}, replaced: () => {} };

export class OneLog implements LogSource {
  info = $state.raw<LogInfo | null>(null);
  error = $state.raw<ApiError | null>(null);
  attempt = $state(0);
  /** How many attempts there are, also while another one than the last is shown. */
  attempts = $state(0);
  /** Said when the view has moved on by itself: "Attempt 2 began". */
  moved = $state.raw<{ from: number; to: number } | null>(null);
  /** The task's; empty until it is known. */
  name = $state("");
  /** The attempts of the task that are kept, oldest first. */
  history = $state.raw<readonly TaskRun[]>([]);
  readonly marks: OneLogMarks;
  readonly unsettled = 0;
  readonly numbered = true;
  readonly noun = "this attempt";
  #pinned: boolean;
  #events = UNHEARD;
  #stop: Unsubscribe = () => {};
  #generation = 0;
  #closed = false;
  #following = false;
  #unfollow: Unsubscribe = () => {};
  #told = "";

  /** `attempt`: to begin with; without it the latest. `follows`: later ones are shown as they begin. */
  constructor(
    readonly backend: Backend,
    readonly id: string,
    attempt?: number,
    follows = attempt === undefined,
  ) {
    this.attempt = attempt ?? 0;
    this.#pinned = !follows;
    this.marks = new OneLogMarks(this);
  }

  get run(): RunId {
    return { id: this.id, attempt: this.attempt };
  }

  get runs(): readonly RunId[] {
    return [this.run];
  }

  get identity(): string {
    return String(this.attempt);
  }

  async open(events: SourceEvents): Promise<void> {
    this.#events = events;
    const begun = this.retry();
    void this.#follow();
    await begun;
  }

  /** Begins again where opening failed. */
  async retry(): Promise<void> {
    try {
      if (this.attempt === 0) {
        const row = await this.backend.getTaskRow({ id: this.id });
        if (row === null) throw this.#deleted();
        this.attempt = Math.max(1, row.task.status.attempt);
      }
      await this.#watch();
    } catch (thrown) {
      this.error = ApiError.from(thrown);
    }
  }

  returned(): void {
    if (this.error?.code === "Unavailable") void this.retry();
    this.#told = "";
    if (this.#following)
      this.#look().catch(() => {}); // What changed while nobody told is seen with the next change.
    else void this.#follow();
  }

  /** Shows an attempt that the reader picked; picking the latest follows later ones again. */
  async show(attempt: number): Promise<void> {
    this.#pinned = attempt < Math.max(this.attempts, attempt);
    this.moved = null;
    await this.#switch(attempt);
  }

  /** Takes over how many attempts there are: a later one may have begun, which the watch of this one need not report. */
  async latestIs(attempt: number): Promise<void> {
    this.attempts = Math.max(this.attempts, attempt);
    const next = nextAttempt(this.attempt, attempt, this.#pinned);
    // An attempt that had not begun when it was asked for may be there now.
    if (next === this.attempt && this.error !== null) return this.#switch(next);
    if (this.attempt === 0 || next === this.attempt) return;
    this.moved = { from: this.attempt, to: next };
    await this.#switch(next);
  }

  close(): void {
    this.#closed = true;
    this.#generation += 1;
    this.#stop();
    this.#unfollow();
    this.marks.close();
  }

  /** Reads it in this encoding, or guesses it. */
  async readIn(encoding: string | null): Promise<void> {
    const generation = this.#generation;
    const info = await this.backend.setLogEncoding({ run: this.run, encoding });
    if (generation === this.#generation) this.#take(info);
  }

  // ---- rows ----

  keyOf({ row }: ShownRow): RowKey {
    return knownBy(row);
  }

  runOf(): RunId {
    return this.run;
  }

  labelOf(): null {
    return null;
  }

  async read(from: RowKey, count: number): Promise<readonly ShownRow[]> {
    return (await this.backend.readLog({ run: this.run, from: rowOf(from), count })).rows;
  }

  async found(searchId: string, from: Rank, count: number): Promise<readonly ShownRow[]> {
    return (await this.backend.searchRows({ searchId, from, count })).rows;
  }

  search(query: LogQuery, near: RowKey, onProgress: (progress: SearchProgress) => void): Promise<OpenSearch> {
    return this.backend.openSearch(this.id, this.attempt, query, near, onProgress);
  }

  highlights(searchId: string): RowHighlights {
    return new Highlights(this.backend, searchId);
  }

  density(buckets: number, searchId?: string): Promise<LogDensity> {
    return this.backend.getLogDensity({ run: this.run, buckets, searchId });
  }

  text(from: Point, to: Point, { prefixed, times, searchId }: Excerpt): Promise<LogText> {
    const at = ({ key, column }: Point) => ({
      row: rowOf(key),
      column: Math.min(column, Number.MAX_SAFE_INTEGER),
    });
    const timestamps = prefixed && times;
    return this.backend.readLogText({ run: this.run, start: at(from), end: at(to), timestamps, searchId });
  }

  save(timestamps: boolean, searchId?: string): Promise<ExportedLog | null> {
    return this.backend.exportLog({ run: this.run, timestamps, searchId });
  }

  // ---- the log of the attempt that is shown ----

  async #switch(attempt: number): Promise<void> {
    this.attempt = attempt;
    await this.#watch().catch((thrown: unknown) => (this.error = ApiError.from(thrown)));
  }

  async #watch(): Promise<void> {
    this.#generation += 1;
    const generation = this.#generation;
    this.#stop();
    this.error = null;
    this.info = null;
    this.#events.replaced();
    const stop = await this.backend.watchLog(this.id, this.attempt, (info) => {
      if (generation === this.#generation) this.#take(info);
    });
    if (generation === this.#generation) this.#stop = stop;
    else stop();
  }

  #take(info: LogInfo): void {
    // The same rows have other texts, and what was found in them means nothing any more.
    if (this.info !== null && encodingOf(this.info) !== encodingOf(info)) this.#events.replaced();
    this.info = info;
    this.#events.grew();
    void this.latestIs(info.attempts);
    this.#readHistory();
  }

  // ---- the task ----

  /** Follows what becomes of the task; asked again, only if that failed. */
  async #follow(): Promise<void> {
    if (this.#following || this.#closed) return;
    this.#following = true;
    try {
      const stop = await this.backend.watchTasks({}, (change) => this.#changed(change));
      if (this.#closed) return stop();
      this.#unfollow = stop;
      await this.#look();
    } catch (thrown) {
      this.#following = false;
      this.#unfollow();
      this.error ??= ApiError.from(thrown);
    }
  }

  async #look(): Promise<void> {
    const row = await this.backend.getTaskRow({ id: this.id });
    if (row && !this.#closed) this.#taskIs(row);
  }

  #changed({ changed, deleted, resync }: TaskChange): void {
    if (this.#closed) return;
    const row = changed.find((one) => one.task.metadata.id === this.id);
    if (row) this.#taskIs(row);
    else if (resync) this.#look().catch(() => {}); // It is told again with its next change.
    if (deleted.includes(this.id)) this.error = this.#deleted();
  }

  #taskIs({ task: { spec, status } }: TaskRow): void {
    this.name = spec.name;
    void this.latestIs(status.attempt);
    this.#readHistory(status.phase);
  }

  /** How each attempt ended, read again when there is another one or one has ended. */
  #readHistory(phase = ""): void {
    const told = `${this.attempts} ${this.attempt} ${this.info?.phase} ${phase}`;
    if (told === this.#told) return;
    this.#told = told;
    this.backend
      .listTaskRuns(this.id)
      .then((runs) => {
        if (told === this.#told) this.history = runs;
      })
      .catch(() => {}); // Without them the picker still lists the numbers.
  }

  #deleted(): ApiError {
    return new ApiError({ error: "TaskNotFound", id: this.id, message: "This task was deleted." });
  }
}
