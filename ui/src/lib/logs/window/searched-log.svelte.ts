// A log that is looked through: ties what is read (session), where one is (view) and what is looked for (find) together. It decides
// which rows the pane shows: all, one stream of them, or what the find field filters. And what can be done with its rows: errors,
// bookmarks, lines around hits, hiding, copying, saving. LogWindow is that for one log, MergedWindow for several as one; they say what
// a row is known by, and where it is from.
import type { Backend, Bookmark, ExportedLog, LogDensity, LogQuery, LogSource, Stream } from "../../api";
import { bytes, count, plural } from "../../shared/format";
import { Contexts } from "../find/contexts.svelte";
import { Find, type FindPlace } from "../find/find.svelte";
import { EVERYTHING, LogSearch, type OnProgress, type SearchedLogs } from "../find/search.svelte";
import { ordered, type Selection } from "../pane/selection";
import { PaneView } from "../pane/view.svelte";
import type { ShownRow } from "../rows/source";
import type { Place } from "../text/place";
import { ERROR_PATTERN } from "../text/severity";
import { Choices } from "./choices.svelte";
import { writeClipboard, type Copied } from "./copy";
import type { LogReader } from "./reader.svelte";
import { Told } from "./told.svelte";

export type StreamChoice = "both" | Stream;

/** A bookmark as the panel of a window lists it. */
export interface Mark {
  /** Unlike any other's. */
  readonly id: string;
  readonly bookmark: Bookmark;
  /** Where it is, when that is not all there is in the window. */
  readonly where?: { readonly text: string; readonly color?: string };
  /** The row that one is at. */
  readonly current: boolean;
}

export abstract class SearchedLog<S extends LogReader = LogReader> implements FindPlace {
  readonly view: PaneView;
  readonly find: Find;
  readonly choices = new Choices();
  readonly told = new Told();
  readonly contexts: Contexts;
  /** The search for errors, once somebody has asked for the next one. */
  problems = $state.raw<LogSearch | null>(null);
  /** The clamped row whose whole line is shown. */
  whole = $state.raw<ShownRow | null>(null);
  panel = $state<"none" | "bookmarks">("none");
  asking = $state<"none" | "place" | "keys">("none");
  /** The name of another machine, whose logs they are: a link says so, and no file manager here knows their files. */
  machine = $state<string | undefined>(undefined);
  #stream = $state<StreamChoice>("both");
  #streamSearch: LogSearch | null = null;
  /** The search whose rows are shown in place of the log. */
  #filter = $state.raw<LogSearch | null>(null);
  #origin: { row: number; following: boolean } | null = null;

  constructor(
    readonly backend: Backend,
    readonly session: S,
  ) {
    this.view = new PaneView(session);
    this.find = new Find(this);
    this.contexts = new Contexts(
      (from, rows) => this.readRows(from, rows),
      (row) => this.keyOf(row),
    );
    this.view.around = this.contexts;
  }

  /** What is searched. */
  protected abstract readonly logs: SearchedLogs;
  /** The logs that it is made of, one or more. */
  protected get sources(): LogSource[] {
    return "id" in this.logs ? [this.logs] : [...this.logs];
  }
  /** In equal slices, with the matches of a search of it. */
  abstract density(buckets: number, searchId?: string): Promise<LogDensity>;
  /** What a row is known by in this window: its number in the log, or its place among the rows of several. */
  abstract keyOf(row: ShownRow): number;
  /** The log that a row is from. */
  abstract sourceOf(row: ShownRow): LogSource | undefined;
  /** Rows from a key on, shown or not. */
  protected abstract readRows(from: number, count: number): Promise<readonly ShownRow[]>;
  protected abstract textOf(selection: Selection, searchId?: string): Promise<Copied>;
  protected abstract export(timestamps: boolean, searchId?: string): Promise<ExportedLog | null>;

  // ---- bookmarks, which are kept with the task of a row ----

  /** Of this window, in order. */
  abstract readonly marks: readonly Mark[];
  /** Keys of the marked rows that can be scrolled to, in order. */
  abstract readonly marked: readonly number[];
  abstract markOf(row: ShownRow): Bookmark | undefined;
  abstract showMark(mark: Mark): Promise<void>;
  abstract noteMark(mark: Mark, note: string): Promise<void>;
  abstract removeMark(mark: Mark): Promise<void>;
  protected abstract loadMarks(): Promise<void>;
  protected abstract toggleMark(key: number): Promise<void>;
  /** The key of the next marked row behind this one, or before it, going round. */
  protected abstract nextMark(key: number, forward: boolean): Promise<number | undefined>;
  /** "this attempt", "these logs". */
  protected abstract readonly noun: string;

  get stream(): StreamChoice {
    return this.#stream;
  }

  /** Both streams, or one: a search for everything in it, whose rows are shown. */
  set stream(stream: StreamChoice) {
    if (stream === this.#stream) return;
    this.#stream = stream;
    this.openStream();
    if (this.find.active) this.find.restart(false);
    else this.changed();
  }

  /** The row that single keys act on: where the selection ends, else the one gone to, else the first that is seen. */
  get cursor(): number | null {
    const { view } = this;
    const { seen } = view;
    if (view.selection) return view.selection.focus.row;
    const { current } = view;
    if (current !== null && seen && current >= seen.first && current <= seen.last) return current;
    return seen?.first ?? null;
  }

  /** How much there is, and how much of it a filter leaves. */
  get extent(): string {
    const { info, rows } = this.session;
    if (!info) return "";
    const shown = this.filtered ? `${count(rows?.known ?? 0)} of ` : "";
    return `${shown}${count(info.rows)} lines · ${bytes(info.bytes)}`;
  }

  /** The row of a key, if it is among those that are drawn. */
  drawn(key: number): ShownRow | undefined {
    const { rows } = this.session;
    const { from, to } = this.view.place;
    for (let at = from; at < to; at += 1) if (rows?.keyAt(at) === key) return rows.get(at);
    return this.contexts.rowOf(key);
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
    this.#loadMarks();
    if (this.#streamSearch) this.openStream();
    if (this.find.active && !this.find.stopped) this.find.restart(false);
    else this.changed();
  }

  close(): void {
    this.find.close();
    this.problems?.close();
    this.#streamSearch?.close();
    this.session.close();
  }

  // ---- the find field's place ----

  search(query: LogQuery, onProgress: OnProgress): LogSearch {
    const stream = this.#stream === "both" ? undefined : this.#stream;
    return new LogSearch(this.backend, this.logs, { ...query, stream }, this.top, (search, progress) => {
      onProgress(search, progress);
      if (search === this.#filter) this.session.searched(progress);
    });
  }

  at(): number {
    return this.cursor ?? 0;
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
    const wanted = found?.error ? null : (found ?? this.#streamSearch);
    if (wanted === this.#filter) return;
    if (wanted !== null && wanted.searchId === null) {
      // Until the new search is open, what the old one left stays, though its search may be gone.
      this.session.matches?.freeze();
      return;
    }
    const { top } = this;
    this.#filter = wanted;
    this.contexts.clear();
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

  /** Goes where somebody asked to: to a line, or to the first row of a time or later. */
  async goTo(place: Place): Promise<void> {
    await this.told.during(null, "find that time", async () => {
      const row =
        "line" in place
          ? place.line - 1
          : await this.backend.mergedPositionAt({ sources: this.sources, at: Math.max(0, place.at) });
      this.session.on("found");
      await this.go(row);
    });
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

  /** Shows all rows again, of both streams; what is looked for stays highlighted. */
  unfilter(): void {
    this.#stream = "both";
    this.#streamSearch?.close();
    this.#streamSearch = null;
    this.find.mode = "highlight";
    this.changed();
  }

  async problem(forward: boolean): Promise<void> {
    if (this.problems?.error) this.problems = null;
    if (this.problems === null) {
      const query = { ...EVERYTHING, pattern: ERROR_PATTERN, regex: true, caseSensitive: true };
      this.problems = new LogSearch(this.backend, this.logs, query, this.top, () => {});
      void this.problems.open();
    }
    const search = this.problems;
    this.told.working = "Looking for errors";
    const hit = await search.step(this.cursor ?? 0, forward).catch(() => null);
    this.told.working = null;
    if (search !== this.problems) return;
    if (hit !== null) await this.go(hit.row);
    else
      this.told.say(search.error ? `Could not look for errors: ${search.error.message}` : "No errors found");
  }

  async bookmark(forward: boolean): Promise<void> {
    await this.told.during(null, "look for the bookmark", async () => {
      const next = await this.nextMark(this.cursor ?? 0, forward);
      if (next !== undefined) await this.go(next);
      else this.told.say(`No bookmarks in ${this.noun}`);
    });
  }

  // ---- acting on rows ----

  toggleBookmark(key = this.cursor): void {
    if (key === null) return;
    this.toggleMark(key).catch((thrown: unknown) => this.told.fail("Could not keep the bookmark", thrown));
  }

  async copyLink(row: ShownRow): Promise<void> {
    const source = this.sourceOf(row);
    if (!source) return;
    const there = this.machine === undefined ? "" : `?machine=${encodeURIComponent(this.machine)}`;
    const link = `solti://log/${source.id}/${source.attempt}/${row.row}${there}`;
    await this.told.during(null, "copy the link", async () => {
      await writeClipboard(link);
      this.told.say(`Copied ${link}`);
    });
  }

  async widen(key: number): Promise<void> {
    this.session.on("found"); // Whoever looks at one place does not want the end.
    await this.told.during(null, "read the lines around", () => this.contexts.widen(key));
  }

  hideBefore(key: number): void {
    this.session.all?.hideBefore(key);
    this.view.selection = null;
    this.refilter(Math.max(key, this.top));
    if (key > 0)
      this.told.say(`${plural(key, "line")} hidden above`, { label: "Show", run: () => this.hideBefore(0) });
  }

  /** Copies the selection as it is shown. */
  async copy(): Promise<void> {
    if (this.view.selection) await this.#copy(this.view.selection);
  }

  /** Copies all that can be scrolled to. */
  async copyAll(): Promise<void> {
    const { info, all } = this.session;
    if (info === null || info.rows === 0) return;
    const anchor = { row: all?.hiddenBefore ?? 0, column: 0 };
    await this.#copy({ anchor, focus: { row: info.rows - 1, column: Infinity } });
  }

  /** Saves all there is, or what the filter leaves; the system asks where. */
  async save(): Promise<void> {
    await this.told.during("Saving", "save the log", async () => {
      const times = this.choices.copyTimes.value;
      const saved = await this.export(times, this.filter?.searchId ?? undefined);
      if (saved) this.told.say(`Saved ${count(saved.rows)} lines, ${bytes(saved.bytes)}, to ${saved.path}`);
    });
  }

  // ---- for those who know more ----

  /** Reads the bookmarks, for the first time or again. */
  #loadMarks(): void {
    this.loadMarks().catch((thrown: unknown) => this.told.fail("Could not read the bookmarks", thrown));
  }

  /** What every window does when it is opened. */
  protected opening(): void {
    this.#loadMarks();
  }

  /** Searches for the rows of the stream that is chosen, in what is searched now. */
  protected openStream(): void {
    this.#streamSearch?.close();
    this.#streamSearch = null;
    if (this.#stream === "both") return;
    const search = this.search(EVERYTHING, () => this.changed());
    this.#streamSearch = search;
    void search.open();
  }

  protected get filter(): LogSearch | null {
    return this.#filter;
  }

  /** Other logs are searched: what filtered or was found means nothing any more. */
  protected searchAnew(): void {
    this.#filter = null;
    this.problems?.close();
    this.problems = null;
    this.contexts.clear();
    this.openStream();
    if (this.find.active) this.find.restart(false);
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

  async #copy(selection: Selection): Promise<void> {
    await this.told.during("Copying", "copy", async () => {
      const { start, end } = ordered(selection);
      // Rows around a hit are none of the search's: within such a block the text is taken as it stands in the log.
      const block = this.contexts.sameBlock(start.row, end.row);
      const copied = await this.textOf(selection, block ? undefined : (this.filter?.searchId ?? undefined));
      if (copied.truncated)
        this.told.say(`Copied the first ${plural(copied.lines, "line")}; the rest is too long to copy`, {
          label: "Save as",
          run: () => void this.save(),
        });
      else if (copied.lines > 1) this.told.say(`Copied ${plural(copied.lines, "line")}`);
    });
  }

  async #place(row: number, where: "middle" | "center" | "top"): Promise<void> {
    const { matches, all } = this.session;
    const position = matches ? await matches.positionOf(row).catch(() => 0) : (all?.positionOf(row) ?? 0);
    if (matches === this.session.matches) this.view.show(position, where);
  }
}
