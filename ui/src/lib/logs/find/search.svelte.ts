// One search that the backend runs over a log, or over several as one: how far it is, and stepping through what it has found. The search itself never
// happens in the page. What a person types and sees of it is find.svelte.ts.
import { ApiError, type LogQuery, type SearchProgress } from "../../api";
import type { OpenSearch } from "../../api/backend";
import type { RowKey } from "../rows/numbers";
import type { Searchable } from "../window/source";
import type { RowHighlights } from "./highlights.svelte";

/** A matching row, and which of how many it is, from 1. */
export interface Hit {
  readonly key: RowKey;
  readonly index: number;
  readonly total: number;
}

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
    readonly logs: Searchable,
    readonly query: LogQuery,
    readonly near: RowKey,
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
      const open = await this.logs.search(this.query, this.near, (progress) => {
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
  async step(key: RowKey, forward: boolean): Promise<Hit | null> {
    const { backend } = this.logs;
    while (!this.#closed && this.error === null) {
      const seen = this.progress;
      if (this.searchId !== null) {
        const found = await backend.searchStep({ searchId: this.searchId, row: key, forward });
        const hit = found && { key: found.row, index: found.index, total: found.total };
        const round = hit !== null && (forward ? hit.key <= key : hit.key >= key);
        if (seen?.complete || (hit !== null && !round)) return hit;
      }
      if (this.#closed || this.error !== null) break;
      if (this.progress === seen) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    return null;
  }

  /** null until the search is open. */
  highlights(): RowHighlights | null {
    return this.searchId === null ? null : this.logs.highlights(this.searchId);
  }

  /** From 1: the place of a matching row among all that are known. */
  async indexOf(key: RowKey): Promise<number> {
    const { searchId } = this;
    return searchId === null ? 0 : (await this.logs.backend.searchRank({ searchId, row: key })) + 1;
  }

  #take(progress: SearchProgress): void {
    if (this.#closed) return;
    this.progress = progress;
    // It goes on by itself when the log can be read again.
    const { error } = progress;
    this.error = error === undefined ? null : new ApiError({ error: "Unavailable", message: error });
    this.onProgress(this, progress);
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}
