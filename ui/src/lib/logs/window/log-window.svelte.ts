// One log window: beside what every log that is looked through has, one stream alone, errors, bookmarks, lines around hits, hiding,
// copying and saving. Components draw it and call it.
import type { Backend, LogDensity, LogQuery, LogSource, Stream } from "../../api";
import { bytes, count, plural } from "../../shared/format";
import { Contexts } from "../find/contexts.svelte";
import { EVERYTHING, LogSearch, type OnProgress } from "../find/search.svelte";
import { ordered, type Selection } from "../pane/selection";
import type { ShownRow } from "../rows/source";
import { ERROR_PATTERN } from "../text/severity";
import { Bookmarks } from "./bookmarks.svelte";
import { copySelection, writeClipboard } from "./copy";
import { SearchedLog } from "./searched-log.svelte";
import { LogSession } from "./session.svelte";

export type StreamChoice = "both" | Stream;

export class LogWindow extends SearchedLog<LogSession> {
  readonly bookmarks: Bookmarks;
  readonly contexts: Contexts;
  /** The clamped row whose whole line is shown. */
  whole = $state.raw<ShownRow | null>(null);
  panel = $state<"none" | "bookmarks">("none");
  asking = $state<"none" | "line" | "keys">("none");
  #stream = $state<StreamChoice>("both");
  #streamSearch: LogSearch | null = null;
  /** A row to go to once the log is there. */
  #row: number | undefined;
  /** The name of another machine, whose log it is: a link says so, and no file manager here knows its files. */
  machine = $state<string | undefined>(undefined);

  constructor(
    backend: Backend,
    readonly id: string,
    attempt?: number,
    row?: number,
  ) {
    super(backend, new LogSession(backend, id, attempt));
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
    this.dropFilter();
    this.problems?.close();
    this.problems = null;
    this.contexts.clear();
    this.#openStream();
    if (this.find.active) this.find.restart(false);
  }

  /** The machine is there again: streams go on by themselves, and what failed meanwhile is asked anew. */
  override returned(): void {
    if (this.session.error?.code === "Unavailable") void this.session.open();
    this.bookmarks.load().catch((thrown: unknown) => this.told.fail("Could not read the bookmarks", thrown));
    if (this.#streamSearch) this.#openStream();
    super.returned();
  }

  override close(): void {
    this.#streamSearch?.close();
    super.close();
  }

  // ---- looking ----

  override search(query: LogQuery, onProgress: OnProgress): LogSearch {
    const stream = this.#stream === "both" ? undefined : this.#stream;
    return super.search({ ...query, stream }, onProgress);
  }

  override at(): number {
    return this.cursor ?? 0;
  }

  override unfilter(): void {
    this.#stream = "both";
    this.#streamSearch?.close();
    this.#streamSearch = null;
    super.unfilter();
  }

  density(buckets: number, searchId?: string): Promise<LogDensity> {
    return this.backend.logDensity(this.id, this.session.attempt, buckets, searchId);
  }

  override get marked(): readonly number[] {
    return this.bookmarks.of(this.session.attempt).map(({ row }) => row);
  }

  protected get logs(): LogSource {
    return { id: this.id, attempt: this.session.attempt };
  }

  protected override get standing(): LogSearch | null {
    return this.#streamSearch;
  }

  protected override rowsChange(): void {
    this.contexts.clear();
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
    const there = this.machine === undefined ? "" : `?machine=${encodeURIComponent(this.machine)}`;
    const link = `solti://log/${this.id}/${this.session.attempt}/${row}${there}`;
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
    this.refilter(Math.max(row, this.top));
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
      const saved = await this.backend.exportLog(this.id, attempt, times, this.filter?.searchId ?? undefined);
      if (saved) this.told.say(`Saved ${count(saved.rows)} lines, ${bytes(saved.bytes)}, to ${saved.path}`);
    });
  }

  /** Shows the log's file in the system's file manager. */
  async reveal(): Promise<void> {
    await this.told.during(null, "show the file", () =>
      this.backend.revealLog(this.id, this.session.attempt),
    );
  }

  async #copy(selection: Selection): Promise<void> {
    await this.told.during("Copying", "copy", async () => {
      const { start, end } = ordered(selection);
      // Rows around a hit are none of the search's: within such a block the text is taken as it stands in the log.
      const block = this.contexts.sameBlock(start.row, end.row);
      const copied = await copySelection(this.backend, this.id, this.session.attempt, selection, {
        timestamps: this.choices.copyTimes.value,
        searchId: block ? undefined : (this.filter?.searchId ?? undefined),
      });
      if (copied.truncated)
        this.told.say(`Copied the first ${plural(copied.lines, "line")}; the rest is too long to copy`, {
          label: "Save as",
          run: () => void this.save(),
        });
      else if (copied.lines > 1) this.told.say(`Copied ${plural(copied.lines, "line")}`);
    });
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
