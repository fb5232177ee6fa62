// Several logs read as one: watches each of them, and says for the pane how long they are together.
import {
  ApiError,
  type Backend,
  type LogInfo,
  type LogSource,
  type TaskRow,
  type Unsubscribe,
} from "../../api";
import { MergedMatchRows } from "../rows/merged-match-rows.svelte";
import { MergedRows } from "../rows/merged-rows.svelte";
import type { ShownRow } from "../rows/source";
import { LogReader } from "../window/reader.svelte";

export interface MergedSource extends LogSource {
  readonly name: string;
  /** A colour of the theme; sources beyond their number share them. */
  readonly color: string;
}

const COLORS = ["blue", "magenta", "green", "yellow", "cyan", "red"];

export class MergedSession extends LogReader {
  readonly all: MergedRows;
  error = $state.raw<ApiError | null>(null);
  sources = $state.raw<readonly MergedSource[]>([]);
  #infos = $state.raw<readonly (LogInfo | null)[]>([]);
  #stops: Unsubscribe[] = [];
  #closed = false;

  constructor(
    readonly backend: Backend,
    sources: readonly LogSource[],
  ) {
    super();
    this.all = new MergedRows(backend, sources);
    this.sources = sources.map((source, i) => ({
      ...source,
      name: source.id,
      color: `var(--ansi-${COLORS[i % COLORS.length]})`,
    }));
    this.#infos = sources.map(() => null);
  }

  readonly identity = "merged";

  get infos(): readonly (LogInfo | null)[] {
    return this.#infos;
  }

  /** All of them together. It never says how a run ended: each ends in its own way. */
  get info(): LogInfo | null {
    const infos = this.#infos.flatMap((info) => info ?? []);
    if (infos.length < this.sources.length || infos.length === 0) return null;
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

  get startedAt(): number | undefined {
    return this.info?.startedAt;
  }

  label(row: ShownRow): { text: string; color: string } | null {
    const source = this.sources[row.source ?? -1];
    return source ? { text: source.name, color: source.color } : null;
  }

  async open(): Promise<void> {
    await Promise.all(
      this.sources.map(async ({ id, attempt }, i) => {
        try {
          const stop = await this.backend.watchLog(id, attempt, (info) => this.#take(i, info));
          if (this.#closed) stop();
          else this.#stops.push(stop);
          const row = await this.backend.getTaskRow({ id });
          if (row) this.#named(i, row);
        } catch (thrown) {
          this.error = ApiError.from(thrown);
        }
      }),
    );
  }

  /** The machine is there again: streams go on by themselves, and what failed meanwhile is asked anew. */
  async returned(): Promise<void> {
    if (this.error === null) return;
    this.error = null;
    for (const stop of this.#stops.splice(0)) stop();
    await this.open();
  }

  close(): void {
    this.#closed = true;
    for (const stop of this.#stops) stop();
    this.matches?.close();
    this.all.close();
  }

  protected found(searchId: string, near: number, hideBefore: number): MergedMatchRows {
    return new MergedMatchRows(this.backend, searchId, near, hideBefore);
  }

  protected catchUp(): void {
    this.all.refresh(this.tail);
  }

  #take(source: number, info: LogInfo): void {
    if (this.#closed) return;
    this.#infos = this.#infos.map((one, i) => (i === source ? info : one));
    this.all.extend(source, info, this.logTail);
  }

  #named(source: number, row: TaskRow): void {
    const name = row.task.spec.name;
    this.sources = this.sources.map((one, i) => (i === source ? { ...one, name } : one));
  }
}
