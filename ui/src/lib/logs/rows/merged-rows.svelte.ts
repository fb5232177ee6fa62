// The rows of several logs in one order of time. Near its end that order may still change: a line that one source writes late
// stands before lines of another that are already shown. Those last rows are read again whenever a source grows.
import type { Backend, LogInfo, LogSource } from "../../api";
import { FoldedRows } from "./folded-rows.svelte";
import type { ShownRow } from "./source";

/** How far from the end lines may still come between others. Writers hold a line back for 100 ms at most. */
const UNSETTLED = 512;

export class MergedRows extends FoldedRows {
  /** Of each source; null until it has told. Before all have, positions would mean nothing. */
  #infos: (LogInfo | null)[];
  #settled = 0;

  constructor(
    readonly backend: Backend,
    readonly sources: readonly LogSource[],
  ) {
    super();
    this.#infos = sources.map(() => null);
  }

  extend(source: number, info: LogInfo, tail: number): void {
    this.#infos[source] = info;
    this.refresh(tail);
  }

  /** As `extend`, with nothing new. */
  refresh(tail: number): void {
    if (this.#infos.includes(null)) return;
    const rows = this.#sum("rows");
    this.#settled = Math.max(0, Math.min(this.known, rows) - UNSETTLED);
    this.growTo(rows, this.#sum("bytes"), tail);
  }

  /** Rows of different sources share their numbers, so a merged row is known by its place among all. */
  protected numberOf(row: ShownRow): number {
    return row.position ?? 0;
  }

  protected async read(from: number, count: number): Promise<readonly ShownRow[]> {
    return (await this.backend.readMerged({ sources: [...this.sources], from, count })).rows;
  }

  protected override stale(position: number, row: ShownRow, revision: number): boolean {
    return (position >= this.#settled || row.partial) && revision !== this.revision;
  }

  #sum(what: "rows" | "bytes"): number {
    return this.#infos.reduce((all, info) => all + (info?.[what] ?? 0), 0);
  }
}
