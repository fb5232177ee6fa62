// Several logs as the source of a window, in one order of time. A row is known by its position among the rows of all. Line numbers
// mean nothing in it, so one goes to times alone, and there is no one file to reveal; the menu of a row leads to its own log, which
// has both. Each log can be left out and taken back.
import {
  ApiError,
  type Backend,
  type ExportedLog,
  type LogDensity,
  type LogInfo,
  type LogQuery,
  type LogText,
  type MergedRow,
  type RunId,
  type SearchProgress,
  type TaskRow,
  type Unsubscribe,
} from "../../api";
import type { OpenSearch } from "../../api/backend";
import { MergedHighlights, type RowHighlights } from "../find/highlights.svelte";
import type { Point } from "../pane/selection";
import type { ShownRow } from "../rows/list";
import { knownBy, positionOf, type Rank, type RowKey } from "../rows/numbers";
import { encodingOf } from "../text/encodings";
import { gapLabel, writtenTime } from "../text/words";
import { readRows } from "../window/copy";
import type { Excerpt, Label, LogSource, SourceEvents } from "../window/source";
import { MergedMarks } from "./marks.svelte";

export interface MergedSource extends RunId {
  readonly name: string;
  /** A colour of the theme; sources beyond their number share them. */
  readonly color: string;
  readonly info: LogInfo | null;
  /** Its rows are among those that are shown. */
  readonly shown: boolean;
}

const COLORS = ["blue", "magenta", "green", "yellow", "cyan", "red"];
/** How far from the end lines may still come between others. Writers hold a line back for 100 ms at most. */
const UNSETTLED = 512;
const UNHEARD: SourceEvents = { grew: () => {}, replaced: () => {} };

const runOf = ({ id, attempt }: RunId): RunId => ({ id, attempt });

export class MergedLogs implements LogSource {
  error = $state.raw<ApiError | null>(null);
  /** All that the window was opened with. */
  sources = $state.raw<readonly MergedSource[]>([]);
  /** Those that are shown: what a row's source counts. */
  readonly runs = $derived(this.sources.filter(({ shown }) => shown));
  readonly marks: MergedMarks;
  readonly unsettled = UNSETTLED;
  readonly numbered = false;
  readonly noun = "these logs";
  #events = UNHEARD;
  #stops: Unsubscribe[] = [];
  #closed = false;

  constructor(
    readonly backend: Backend,
    runs: readonly RunId[],
  ) {
    this.sources = runs.map((run, i) => ({
      ...runOf(run),
      name: run.id,
      color: `var(--ansi-${COLORS[i % COLORS.length]})`,
      info: null,
      shown: true,
    }));
    this.marks = new MergedMarks(
      this,
      runs.map(({ id }) => id),
    );
  }

  get identity(): string {
    return this.runs.map(({ id, attempt }) => `${id} ${attempt}`).join(", ");
  }

  /** All of them together. It never says how a run ended: each ends in its own way. */
  get info(): LogInfo | null {
    const infos = this.runs.flatMap(({ info }) => info ?? []);
    if (infos.length < this.runs.length || infos.length === 0) return null;
    const live = infos.some((info) => info.live);
    return {
      attempt: 0,
      attempts: 0,
      rows: infos.reduce((all, info) => all + info.rows, 0),
      bytes: infos.reduce((all, info) => all + info.bytes, 0),
      live,
      phase: live ? "running" : "succeeded",
      startedAt: Math.min(...infos.map((info) => info.startedAt)),
    };
  }

  async open(events: SourceEvents): Promise<void> {
    this.#events = events;
    this.#events.replaced();
    await this.#watch();
  }

  returned(): void {
    if (this.error === null) return;
    this.error = null;
    for (const stop of this.#stops.splice(0)) stop();
    void this.#watch();
  }

  close(): void {
    this.#closed = true;
    for (const stop of this.#stops) stop();
    this.marks.close();
  }

  /** Leaves a log out, or takes it back. One stays. */
  toggle(index: number): void {
    const shown = !this.sources[index]?.shown;
    if (!shown && this.runs.length === 1) return;
    this.#change(index, { shown });
    this.#events.replaced();
    this.marks.moved();
    this.#events.grew();
  }

  // ---- rows ----

  keyOf({ position = 0 }: ShownRow): RowKey {
    return knownBy(position);
  }

  /** Those of all its logs. */
  get name(): string {
    return [...new Set(this.sources.map(({ name }) => name))].sort().join(" + ");
  }

  runOf(row: ShownRow): RunId | undefined {
    const run = this.runs[row.source ?? -1];
    return run && runOf(run);
  }

  labelOf(row: ShownRow): Label | null {
    const run = this.runs[row.source ?? -1];
    return run ? { text: run.name, color: run.color } : null;
  }

  async read(from: RowKey, count: number): Promise<readonly MergedRow[]> {
    return (await this.backend.readMerged({ sources: this.#runs(), from: positionOf(from), count })).rows;
  }

  async found(searchId: string, from: Rank, count: number): Promise<readonly MergedRow[]> {
    return (await this.backend.mergedSearchRows({ searchId, from, count })).rows;
  }

  search(query: LogQuery, near: RowKey, onProgress: (progress: SearchProgress) => void): Promise<OpenSearch> {
    return this.backend.openMergedSearch(this.#runs(), query, near, onProgress);
  }

  highlights(searchId: string): RowHighlights {
    return new MergedHighlights(this.backend, searchId, this.runs.length);
  }

  density(buckets: number, searchId?: string): Promise<LogDensity> {
    return this.backend.mergedDensity({ sources: this.#runs(), buckets, searchId });
  }

  async text(from: Point, to: Point, { prefixed, times, searchId }: Excerpt): Promise<LogText> {
    const prefix = (row: MergedRow): string =>
      `${times ? `${writtenTime(row.ts)} ` : ""}${this.labelOf(row)?.text ?? ""}: `;
    return readRows(
      (key, count) => this.#rows(key, count, searchId),
      from,
      to,
      (row) => ({
        key: knownBy(row.position),
        last: row.position + (row.removed?.rows ?? 1) - 1,
        text: gapLabel(row) ?? row.text,
        prefix: prefixed ? prefix(row) : "",
      }),
    );
  }

  save(timestamps: boolean, searchId?: string): Promise<ExportedLog | null> {
    return this.backend.exportMerged({ sources: this.#runs(), timestamps, searchId });
  }

  #runs(): RunId[] {
    return this.runs.map(runOf);
  }

  /** Rows from a key on, or those that a search found. */
  async #rows(from: RowKey, count: number, searchId?: string): Promise<readonly MergedRow[]> {
    if (searchId === undefined) return this.read(from, count);
    return this.found(searchId, await this.backend.searchRank({ searchId, row: from }), count);
  }

  async #watch(): Promise<void> {
    await Promise.all(
      this.sources.map(async ({ id, attempt }, i) => {
        try {
          const stop = await this.backend.watchLog(id, attempt, (info) => this.#take(i, info));
          if (this.#closed) stop();
          else this.#stops.push(stop);
          const row = await this.backend.getTaskRow({ id });
          if (row) this.#change(i, { name: this.#nameOf(row, attempt) });
        } catch (thrown) {
          this.error = ApiError.from(thrown);
        }
      }),
    );
  }

  /** Where several attempts of a task are read, which one it is. */
  #nameOf({ task: { metadata, spec } }: TaskRow, attempt: number): string {
    const several = this.sources.filter(({ id }) => id === metadata.id).length > 1;
    return several ? `${spec.name} · ${attempt}` : spec.name;
  }

  #take(index: number, info: LogInfo): void {
    if (this.#closed) return;
    const before = this.sources[index]?.info ?? null;
    this.#change(index, { info });
    // It is read in another encoding: the same rows have other texts.
    if (before !== null && encodingOf(before) !== encodingOf(info)) this.#events.replaced();
    if (this.sources[index]?.shown) this.#events.grew();
  }

  #change(index: number, change: Partial<MergedSource>): void {
    this.sources = this.sources.map((one, i) => (i === index ? { ...one, ...change } : one));
  }
}
