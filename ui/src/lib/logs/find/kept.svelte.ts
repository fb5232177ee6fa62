// Highlighters that stay while something else is looked for, each in a colour of its own. A window has its own, and few.
import type { LogQuery } from "../../api";
import type { RowHighlights } from "./highlights.svelte";
import type { LogSearch, OnProgress } from "./search.svelte";

const COLORS = [1, 2, 3, 4, 5, 6].map((n) => `var(--tint-${n})`);

/** What else is marked in rows, and in which colour. */
export interface Tint {
  readonly color: string;
  readonly highlights: RowHighlights | null;
}

export class Highlighter implements Tint {
  highlights = $state.raw<RowHighlights | null>(null);
  readonly search: LogSearch;

  constructor(
    readonly query: LogQuery,
    readonly color: string,
    open: (query: LogQuery, onProgress: OnProgress) => LogSearch,
  ) {
    this.search = open({ ...query, background: true }, (search) => {
      if (search.searchId !== null) this.highlights ??= search.highlights();
    });
    void this.search.open();
  }
}

export class Highlighters {
  all = $state.raw<readonly Highlighter[]>([]);

  constructor(readonly open: (query: LogQuery, onProgress: OnProgress) => LogSearch) {}

  get full(): boolean {
    return this.all.length >= COLORS.length;
  }

  /** Keeps what is looked for in the next free colour. */
  keep(query: LogQuery): void {
    const color = COLORS.find((color) => this.all.every((one) => one.color !== color));
    if (color === undefined || query.pattern === "" || query.invert) return;
    this.all = [...this.all, new Highlighter(query, color, this.open)];
  }

  drop(dropped: Highlighter): void {
    dropped.search.close();
    this.all = this.all.filter((one) => one !== dropped);
  }

  /** Searches again: the log is another one. */
  restart(): void {
    for (const { search } of this.all) search.close();
    this.all = this.all.map(({ query, color }) => new Highlighter(query, color, this.open));
  }

  close(): void {
    for (const { search } of this.all) search.close();
  }
}
