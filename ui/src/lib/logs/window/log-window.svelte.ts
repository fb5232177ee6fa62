// One log window: ties what is read (session), where one is (view), what is looked for (find), and what was marked together.
// It decides which rows the pane shows: the log, what the find field filters, or one stream. Components draw it and call it.
import type { Backend, LogQuery, Stream } from "../../api";
import { bytes, count, plural } from "../../shared/format";
import { Contexts } from "../find/contexts.svelte";
import { Find, type FindPlace } from "../find/find.svelte";
import { EVERYTHING, LogSearch, type OnProgress } from "../find/search.svelte";
import { ordered, type Selection } from "../pane/selection";
import { PaneView } from "../pane/view.svelte";
import type { ShownRow } from "../rows/source";
import { ERROR_PATTERN } from "../text/severity";
import { Bookmarks } from "./bookmarks.svelte";
import { Choices } from "./choices.svelte";
import { copySelection, writeClipboard } from "./copy";
import { LogSession } from "./session.svelte";
import { Told } from "./told.svelte";

export type StreamChoice = "both" | Stream;

export class LogWindow implements FindPlace {
  readonly session: LogSession;
  readonly view: PaneView;
  readonly find: Find;
  readonly bookmarks: Bookmarks;
  readonly contexts: Contexts;
  readonly choices = new Choices();
  readonly told = new Told();
  /** The search for errors, once somebody has asked for the next one. */
  problems = $state.raw<LogSearch | null>(null);
  /** The clamped row whose whole line is shown. */
  whole = $state.raw<ShownRow | null>(null);
  panel = $state<"none" | "bookmarks">("none");
  asking = $state<"none" | "line" | "keys">("none");
  #stream = $state<StreamChoice>("both");
  #streamSearch: LogSearch | null = null;
  /** The search whose rows are shown in place of the log. */
  #filter = $state.raw<LogSearch | null>(null);
  #origin: { row: number; following: boolean } | null = null;
  /** A row to go to once the log is there. */
  #row: number | undefined;
  /** Links lead to logs of this machine. */
  linkable = $state(true);

  constructor(
    readonly backend: Backend,
    readonly id: string,
    attempt?: number,
    row?: number,
  ) {
    this.session = new LogSession(backend, id, attempt);
    this.view = new PaneView(this.session);
    this.find = new Find(this);
    this.bookmarks = new Bookmarks(backend, id);
    this.contexts = new Contexts(backend);
    this.view.around = this.contexts;
    this.#row = row;
  }

  get stream(): StreamChoice {
    return this.#stream;
  }

  /** Both streams, or one: a search for everything in it, whose rows are shown. */
  set stream(stream: StreamChoice) {
    if (stream === this.#stream) return;
    this.#stream = stream;
    this.#openStream();
    if (this.find.active) this.find.restart(false);
    else this.changed();
  }

  get filtered(): boolean {
    return this.session.matches !== null;
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

  async open(): Promise<void> {
    void this.bookmarks
      .load()
      .catch((thrown: unknown) => this.told.fail("Could not read the bookmarks", thrown));
    if (this.#row !== undefined) this.session.on("found");
    await this.session.open();
  }

  /** Goes to a row, now or once the log is there. */
  expect(row: number): void {
    this.#row = row;
    this.session.on("found");
    this.arrived();
  }

  /** Called when the log has grown or another attempt is shown: a row that was asked for may be there now. */
  arrived(): void {
    const row = this.#row;
    if (row === undefined || this.session.info === null) return;
    if (row >= this.session.info.rows && this.session.info.live) return;
    this.#row = undefined;
    void this.go(Math.min(row, Math.max(0, this.session.info.rows - 1)));
  }

  /** Another attempt is shown: what was found in the one before means nothing here. */
  attemptChanged(): void {
    this.#filter = null;
    this.problems?.close();
    this.problems = null;
    this.contexts.clear();
    this.#openStream();
    if (this.find.active) this.find.restart(false);
  }

  /** The machine is there again: streams go on by themselves, and what failed meanwhile is asked anew. */
  returned(): void {
    if (this.session.error?.code === "Unavailable") void this.session.open();
    this.session.rows?.retry();
    this.bookmarks.load().catch((thrown: unknown) => this.told.fail("Could not read the bookmarks", thrown));
    // A search ends with its connection.
    this.problems?.close();
    this.problems = null;
    if (this.#streamSearch) this.#openStream();
    if (this.find.active && !this.find.stopped) this.find.restart(false);
    else this.changed();
  }

  close(): void {
    this.find.close();
    this.#streamSearch?.close();
    this.problems?.close();
    this.session.close();
  }

  // ---- the find field's place ----

  search(query: LogQuery, onProgress: OnProgress): LogSearch {
    const { id, attempt } = this.session;
    const stream = this.#stream === "both" ? undefined : this.#stream;
    return new LogSearch(this.backend, id, attempt, { ...query, stream }, this.#top, (search, progress) => {
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
    this.#origin = { row: this.#top, following: this.session.follow.following };
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
    const top = this.#top;
    this.#filter = wanted;
    this.contexts.clear();
    if (wanted === null) {
      this.session.unfilter();
      if (!this.session.follow.following) void this.#place(top, "top");
    } else if (wanted.searchId !== null) {
      this.session.filter(wanted.searchId, top);
      if (wanted.progress) this.session.searched(wanted.progress);
    }
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
      const { id, attempt } = this.session;
      this.problems = new LogSearch(this.backend, id, attempt, query, this.#top, () => {});
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

  bookmark(forward: boolean): void {
    const next = this.bookmarks.step(this.session.attempt, this.cursor ?? 0, forward);
    if (next) void this.go(next.row);
    else this.told.say("No bookmarks in this attempt");
  }

  // ---- acting on rows ----

  toggleBookmark(row = this.cursor): void {
    if (row === null) return;
    this.bookmarks
      .toggle(this.session.attempt, row)
      .catch((thrown: unknown) => this.told.fail("Could not keep the bookmark", thrown));
  }

  async copyLink(row: number): Promise<void> {
    const link = `solti://log/${this.id}/${this.session.attempt}/${row}`;
    await this.told.during(null, "copy the link", async () => {
      await writeClipboard(link);
      this.told.say(`Copied ${link}`);
    });
  }

  async widen(row: number): Promise<void> {
    this.session.on("found"); // Whoever looks at one place does not want the end.
    await this.told.during(null, "read the lines around", () =>
      this.contexts.widen(this.id, this.session.attempt, row),
    );
  }

  hideBefore(row: number): void {
    const { session } = this;
    session.log?.hideBefore(row);
    this.view.selection = null;
    const filter = this.#filter;
    if (filter?.searchId) {
      session.filter(filter.searchId, Math.max(row, this.#top));
      if (filter.progress) session.searched(filter.progress);
    }
    if (row > 0)
      this.told.say(`${plural(row, "line")} hidden above`, { label: "Show", run: () => this.hideBefore(0) });
  }

  /** Copies the selection as it is shown. */
  async copy(): Promise<void> {
    if (this.view.selection) await this.#copy(this.view.selection);
  }

  /** Copies all that can be scrolled to. */
  async copyAll(): Promise<void> {
    const { info, log } = this.session;
    if (info === null || info.rows === 0) return;
    const anchor = { row: log?.hiddenBefore ?? 0, column: 0 };
    await this.#copy({ anchor, focus: { row: info.rows - 1, column: Infinity } });
  }

  /** Saves all of the log, or what the filter leaves; the system asks where. */
  async save(): Promise<void> {
    await this.told.during("Saving", "save the log", async () => {
      const { attempt } = this.session;
      const times = this.choices.copyTimes.value;
      const saved = await this.backend.exportLog(
        this.id,
        attempt,
        times,
        this.#filter?.searchId ?? undefined,
      );
      if (saved) this.told.say(`Saved ${count(saved.rows)} lines, ${bytes(saved.bytes)}, to ${saved.path}`);
    });
  }

  async #copy(selection: Selection): Promise<void> {
    await this.told.during("Copying", "copy", async () => {
      const { start, end } = ordered(selection);
      // Rows around a hit are none of the search's: within such a block the text is taken as it stands in the log.
      const block = this.contexts.sameBlock(start.row, end.row);
      const copied = await copySelection(this.backend, this.id, this.session.attempt, selection, {
        timestamps: this.choices.copyTimes.value,
        searchId: block ? undefined : (this.#filter?.searchId ?? undefined),
      });
      if (copied.truncated)
        this.told.say(`Copied the first ${plural(copied.lines, "line")}; the rest is too long to copy`, {
          label: "Save as",
          run: () => void this.save(),
        });
      else if (copied.lines > 1) this.told.say(`Copied ${plural(copied.lines, "line")}`);
    });
  }

  /** The row at the top of the pane. */
  get #top(): number {
    return this.view.seen?.first ?? 0;
  }

  async #place(row: number, where: "middle" | "center" | "top"): Promise<void> {
    const { matches, log } = this.session;
    const position = matches ? await matches.positionOf(row).catch(() => 0) : (log?.positionOf(row) ?? 0);
    if (matches === this.session.matches) this.view.show(position, where);
  }

  #openStream(): void {
    this.#streamSearch?.close();
    this.#streamSearch = null;
    if (this.#stream === "both") return;
    const search = this.search(EVERYTHING, () => this.changed());
    this.#streamSearch = search;
    void search.open();
  }
}
