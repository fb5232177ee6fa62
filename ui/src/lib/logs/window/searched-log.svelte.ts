// A log that is looked through: ties what is read (session), where one is (view) and what is looked for (find) together. It decides
// which rows the pane shows: all, or what the find field filters. LogWindow is that for one log, MergedWindow for several as one.
import type { Backend, LogDensity, LogQuery } from "../../api";
import { Find, type FindPlace } from "../find/find.svelte";
import { LogSearch, type OnProgress, type SearchedLogs } from "../find/search.svelte";
import { PaneView } from "../pane/view.svelte";
import { Choices } from "./choices.svelte";
import type { LogReader } from "./reader.svelte";
import { Told } from "./told.svelte";

export abstract class SearchedLog<S extends LogReader = LogReader> implements FindPlace {
  readonly view: PaneView;
  readonly find: Find;
  readonly choices = new Choices();
  readonly told = new Told();
  /** The search for errors, once somebody has asked for the next one. */
  problems = $state.raw<LogSearch | null>(null);
  /** The search whose rows are shown in place of the log. */
  #filter = $state.raw<LogSearch | null>(null);
  #origin: { row: number; following: boolean } | null = null;

  constructor(
    readonly backend: Backend,
    readonly session: S,
  ) {
    this.view = new PaneView(session);
    this.find = new Find(this);
  }

  /** What is searched. */
  protected abstract readonly logs: SearchedLogs;
  /** In equal slices, with the matches of a search of it. */
  abstract density(buckets: number, searchId?: string): Promise<LogDensity>;

  /** Rows that somebody has marked, in order. */
  get marked(): readonly number[] {
    return [];
  }

  get filtered(): boolean {
    return this.session.matches !== null;
  }

  /** The machine is there again: streams go on by themselves, and what failed meanwhile is asked anew. */
  returned(): void {
    this.session.rows?.retry();
    // A search ends with its connection.
    this.problems?.close();
    this.problems = null;
    if (this.find.active && !this.find.stopped) this.find.restart(false);
    else this.changed();
  }

  close(): void {
    this.find.close();
    this.problems?.close();
    this.session.close();
  }

  // ---- the find field's place ----

  search(query: LogQuery, onProgress: OnProgress): LogSearch {
    return new LogSearch(this.backend, this.logs, query, this.top, (search, progress) => {
      onProgress(search, progress);
      if (search === this.#filter) this.session.searched(progress);
    });
  }

  at(): number {
    return this.top;
  }

  show(row: number): void {
    void this.go(row);
  }

  begin(): void {
    this.#origin = { row: this.top, following: this.session.follow.following };
  }

  back(): void {
    const origin = this.#origin;
    this.#origin = null;
    this.view.current = null;
    if (origin === null) return;
    if (origin.following) this.view.resume();
    else void this.#place(origin.row, "top");
  }

  /** Decides again whose rows are shown. */
  changed(): void {
    const { find } = this;
    // What a stopped search has found cannot be asked for any more.
    const found = find.mode === "filter" && find.active && !find.stopped ? find.search : null;
    const wanted = found?.error ? null : (found ?? this.standing);
    if (wanted === this.#filter) return;
    if (wanted !== null && wanted.searchId === null) {
      // Until the new search is open, what the old one left stays, though its search may be gone.
      this.session.matches?.freeze();
      return;
    }
    const { top } = this;
    this.#filter = wanted;
    this.rowsChange();
    if (wanted === null) {
      this.session.unfilter();
      if (!this.session.follow.following) void this.#place(top, "top");
    } else this.#filterBy(wanted, top);
  }

  // ---- going somewhere ----

  /** Shows a row and marks it; leaves the filter when the row is not in it. */
  async go(row: number): Promise<void> {
    const { matches } = this.session;
    if (matches !== null && !(await matches.has(row).catch(() => false))) this.unfilter();
    await this.#place(row, "middle");
    this.view.current = row;
  }

  /** Moves to a row of the log, or near it where a filter leaves it out; as the minimap does. */
  jump(row: number): void {
    void this.#place(row, "center");
  }

  /** Shows a row that was found where it stands in the log. */
  showInLog(row: number): void {
    this.unfilter();
    void this.go(row);
  }

  /** Shows all rows again; what is looked for stays highlighted. */
  unfilter(): void {
    this.find.mode = "highlight";
    this.changed();
  }

  // ---- for those who know more ----

  /** A search whose rows are shown while the find field filters nothing. */
  protected get standing(): LogSearch | null {
    return null;
  }

  /** Other rows are about to be shown. */
  protected rowsChange(): void {}

  protected get filter(): LogSearch | null {
    return this.#filter;
  }

  /** What filtered means nothing any more. */
  protected dropFilter(): void {
    this.#filter = null;
  }

  /** Filters anew by what filters, as rows above are hidden or shown. */
  protected refilter(near: number): void {
    if (this.#filter) this.#filterBy(this.#filter, near);
  }

  /** The row at the top of the pane. */
  protected get top(): number {
    return this.view.seen?.first ?? 0;
  }

  #filterBy({ searchId, progress }: LogSearch, near: number): void {
    if (searchId === null) return;
    this.session.filter(searchId, near);
    if (progress) this.session.searched(progress);
  }

  async #place(row: number, where: "middle" | "center" | "top"): Promise<void> {
    const { matches, all } = this.session;
    const position = matches ? await matches.positionOf(row).catch(() => 0) : (all?.positionOf(row) ?? 0);
    if (matches === this.session.matches) this.view.show(position, where);
  }
}
