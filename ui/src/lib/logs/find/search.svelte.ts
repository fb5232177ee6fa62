// One search that the backend runs over a log, or over several as one: how far it is, and stepping through what it has found. The search itself never
// happens in the page. What a person types and sees of it is find.svelte.ts.
import {
  ApiError,
  type Backend,
  type LogQuery,
  type LogSource,
  type SearchHit,
  type SearchProgress,
} from "../../api";
import type { OpenSearch } from "../../api/backend";
import { Highlights, MergedHighlights, type RowHighlights } from "./highlights.svelte";

/** One log, or several as one: rows of a search of those are positions of their merged order. */
export type SearchedLogs = LogSource | readonly LogSource[];

export const EVERYTHING: LogQuery = {
  pattern: "",
  regex: false,
  caseSensitive: false,
  wholeWord: false,
  invert: false,
  ignoreAnsi: true,
};

export type OnProgress = (search: LogSearch, progress: SearchProgress) => void;

export class LogSearch {
  progress = $state.raw<SearchProgress | null>(null);
  error = $state.raw<ApiError | null>(null);
  /** What rows, ranges and ranks are asked by; null until the search is open. */
  searchId = $state.raw<string | null>(null);
  #open: OpenSearch | null = null;
  #closed = false;
  /** Those that wait for more to be found. */
  #waiting: (() => void)[] = [];

  constructor(
    readonly backend: Backend,
    readonly logs: SearchedLogs,
    readonly query: LogQuery,
    readonly near: number,
    readonly onProgress: OnProgress,
  ) {}

  get matches(): number {
    return this.progress?.matches ?? 0;
  }

  get complete(): boolean {
    return this.progress?.complete ?? false;
  }

  async open(): Promise<void> {
    try {
      const early: SearchProgress[] = [];
      const open = await this.#begin((progress) => {
        if (this.searchId === null) early[0] = progress;
        else this.#take(progress);
      });
      if (this.#closed) return open.close();
      this.#open = open;
      this.searchId = open.searchId;
      if (early[0] !== undefined) this.#take(early[0]);
    } catch (thrown) {
      this.error = ApiError.from(thrown);
      this.#wake();
    }
  }

  close(): void {
    this.#closed = true;
    this.#open?.close();
    this.#open = null;
    this.#wake();
  }

  /** The next match after (before) a row. Goes round at the ends only when all was searched, and until then waits for more. */
  async step(row: number, forward: boolean): Promise<SearchHit | null> {
    while (!this.#closed && this.error === null) {
      const seen = this.progress;
      if (this.searchId !== null) {
        const hit = await this.backend.searchStep({ searchId: this.searchId, row, forward });
        const round = hit !== null && (forward ? hit.row <= row : hit.row >= row);
        if (seen?.complete || (hit !== null && !round)) return hit;
      }
      if (this.#closed || this.error !== null) break;
      if (this.progress === seen) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    return null;
  }

  /** What to highlight in rows; null until the search is open. */
  highlights(): RowHighlights | null {
    if (this.searchId === null) return null;
    return "id" in this.logs
      ? new Highlights(this.backend, this.searchId)
      : new MergedHighlights(this.backend, this.searchId, this.logs.length);
  }

  /** From 1: the place of a matching row among all that are known. */
  async indexOf(row: number): Promise<number> {
    return this.searchId === null ? 0 : (await this.backend.searchRank({ searchId: this.searchId, row })) + 1;
  }

  #begin(onProgress: (progress: SearchProgress) => void): Promise<OpenSearch> {
    const { backend, logs, query, near } = this;
    return "id" in logs
      ? backend.openSearch(logs.id, logs.attempt, query, near, onProgress)
      : backend.openMergedSearch([...logs], query, near, onProgress);
  }

  #take(progress: SearchProgress): void {
    if (this.#closed) return;
    this.progress = progress;
    if (progress.error !== undefined)
      this.error = new ApiError({ error: "Unavailable", message: progress.error });
    this.onProgress(this, progress);
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}
