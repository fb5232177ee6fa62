// A window of logs: ties what is read (reader, of a source), where one is (view) and what is looked for (find) together. It decides
// which rows the pane shows: all, one stream of them (stream-filter), or what the find field filters. And what can be done with its rows:
// going to errors, lines around hits, folding, hiding, saving; bookmarks and the clipboard have their own files. Whether it is one log or
// several as one is the source's affair.
import type { LogDensity, LogQuery, RunId, Severity } from "../../api";
import { bytes, count, plural } from "../../shared/format";
import type { FileName } from "../../shared/row-text/files";
import { Around } from "../find/around.svelte";
import { Contexts } from "../find/contexts.svelte";
import { Find, type FindPlace } from "../find/find.svelte";
import { Highlighters, type Highlighter } from "../find/kept.svelte";
import { EVERYTHING, LogSearch, type OnProgress } from "../find/search.svelte";
import type { OneLog } from "../one/one-log.svelte";
import { onRow } from "../pane/selection";
import type { Display } from "../pane/display";
import { PaneView } from "../pane/view.svelte";
import { Expanded } from "../rows/expanded.svelte";
import type { ShownRow } from "../rows/list";
import type { RowKey } from "../rows/numbers";
import { COMMON, namesIn } from "../text/columns";
import type { Place } from "../text/place";
import { Bookmarks } from "./bookmarks";
import { Choices } from "./choices.svelte";
import { ColumnChoice } from "./columns.svelte";
import { Clipboard } from "./clipboard";
import { Folding } from "./folding.svelte";
import { lookForGaps } from "./gaps";
import { HitPane } from "./hit-pane.svelte";
import { linesAround } from "./lines-around";
import { Problems } from "./problems.svelte";
import { LogReader } from "./reader.svelte";
import type { LogSource } from "./source";
import { StreamFilter, type StreamChoice } from "./stream-filter.svelte";
import { Told } from "./told.svelte";

/** Fields that are offered as columns. */
const MAX_FIELDS = 200;

export class LogWindow<S extends LogSource = LogSource> implements FindPlace {
  readonly reader: LogReader;
  readonly view: PaneView;
  readonly find: Find;
  readonly choices = new Choices();
  readonly told = new Told();
  readonly contexts: Contexts;
  readonly around: Around;
  /** Records that are shown field by field. */
  readonly expanded = new Expanded();
  /** Fields of records that are columns. */
  readonly columns = new ColumnChoice(() => this.source.name);
  /** Blocks of rows that are folded. */
  readonly folding: Folding;
  /** What stays highlighted while something else is looked for. */
  readonly kept: Highlighters;
  readonly bookmarks = new Bookmarks(this);
  readonly clipboard = new Clipboard(this);
  /** What was found, listed below the log. */
  below = $state.raw<HitPane | null>(null);
  /** What the log says went wrong. */
  readonly problems: Problems;
  /** The clamped row whose whole line is shown, from about this byte on. */
  whole = $state.raw<{ readonly row: ShownRow; readonly at: number } | null>(null);
  panel = $state<"none" | "bookmarks">("none");
  asking = $state<"none" | "place" | "keys" | "encoding" | "columns">("none");
  /** The row whose menu is open, and where. */
  menu = $state.raw<{ readonly key: RowKey; readonly at: { x: number; y: number } } | null>(null);
  readonly #streams = new StreamFilter(() => this.search(EVERYTHING, () => this.changed()));
  /** The search whose rows are shown in place of the log. */
  #filter = $state.raw<LogSearch | null>(null);
  #origin: { key: RowKey; following: boolean } | null = null;
  /** A row to go to once the log is there. */
  #awaited: RowKey | undefined;

  /** `machine`: the name of another machine, whose logs they are: a link says so, and no file manager here knows their files. */
  constructor(
    readonly source: S,
    readonly machine?: string,
  ) {
    this.problems = new Problems(source, () => this.#top);
    this.reader = new LogReader(source, {
      grew: () => {
        source.marks.grew();
        if (source.info?.rows) this.problems.count();
        this.#arrive();
      },
      replaced: () => this.#searchAnew(),
    });
    this.contexts = new Contexts(source);
    this.view = new PaneView(this.reader, () => this.#display);
    this.around = new Around(
      source,
      () => this.choices.around.value,
      () => {
        const { reader, find } = this;
        const found = find.mode === "filter" && find.active ? reader.matches : null;
        return found && { list: found, end: source.info?.rows ?? 0 };
      },
    );
    this.find = new Find(this);
    this.view.around = linesAround(this.contexts, this.around, this.expanded, () => this.find.deep);
    this.folding = new Folding(source, this.reader);
    this.kept = new Highlighters((query, onProgress) => this.search(query, onProgress));
    this.view.onstand = (key) => {
      this.find.from = key;
      void this.below?.show(key);
    };
  }

  /** At a row, or at the end. */
  async open(row?: RowKey): Promise<void> {
    if (row !== undefined) {
      this.#awaited = row;
      this.reader.on("found");
    }
    // First what is seen first.
    const opened = this.reader.open();
    this.bookmarks.load();
    await opened;
  }

  /** Goes to a row, now or once the log is there. */
  expect(row: RowKey): void {
    this.#awaited = row;
    this.reader.on("found");
    this.#arrive();
  }

  get stream(): StreamChoice {
    return this.#streams.chosen;
  }

  /** Both streams, or one: a search for everything in it, whose rows are shown. */
  set stream(stream: StreamChoice) {
    if (stream === this.stream) return;
    this.#streams.choose(stream);
    if (this.find.active) this.find.restart(false);
    else this.changed();
  }

  /** The row that single keys act on. */
  get cursor(): RowKey | null {
    return this.view.line;
  }

  /** How much there is, how much of it a filter leaves, and what is gone. */
  get extent(): string {
    const { info, rows, all } = this.reader;
    if (!info) return "";
    const shown = this.filtered ? `${count(rows?.known ?? 0)} of ` : "";
    const removed = all?.removed ?? 0;
    const gone = removed > 0 ? ` · ${count(removed)} removed` : "";
    return `${shown}${plural(info.rows, "line")} · ${bytes(info.bytes)}${gone}`;
  }

  /** The row of a key, if it is among those that are drawn. */
  drawn(key: RowKey): ShownRow | undefined {
    const { rows } = this.reader;
    const { from, to } = this.view.place;
    for (let at = from; at < to; at += 1) if (rows?.keyAt(at) === key) return rows.get(at);
    return this.contexts.rowOf(key) ?? this.around.rowOf(key);
  }

  get filtered(): boolean {
    return this.reader.matches !== null;
  }

  /** The machine is there again. */
  returned(): void {
    this.source.returned();
    this.reader.rows?.retry();
    // A search ends with its connection.
    this.problems.forget();
    this.problems.count();
    this.bookmarks.load();
    this.#streams.restart();
    this.kept.restart();
    if (this.find.active && !this.find.stopped) this.find.restart(false);
    else this.changed();
  }

  close(): void {
    this.find.close();
    this.problems.close();
    this.kept.close();
    this.below?.close();
    this.#streams.close();
    this.reader.close();
  }

  // ---- the find field's place ----

  search(query: LogQuery, onProgress: OnProgress): LogSearch {
    return new LogSearch(
      this.source,
      { ...query, stream: this.#streams.only },
      this.#top,
      (search, progress) => {
        onProgress(search, progress);
        if (search === this.#filter) this.reader.searched(progress);
        if (search === this.below?.search) this.below.searched(progress);
      },
    );
  }

  at(): RowKey {
    return this.cursor ?? 0;
  }

  show(key: RowKey): void {
    void this.go(key);
    void this.below?.show(key);
  }

  begin(): void {
    this.#origin = { key: this.#top, following: this.reader.follow.following };
  }

  back(): void {
    const origin = this.#origin;
    this.#origin = null;
    this.view.current = null;
    if (origin === null) return;
    if (origin.following) this.view.resume();
    else void this.#place(origin.key, "top");
  }

  /** Decides again whose rows are shown. */
  changed(): void {
    const { find } = this;
    this.#list();
    // What a stopped search has found cannot be asked for any more.
    const found = find.mode === "filter" && find.active && !find.stopped ? find.search : null;
    const wanted = found?.error ? null : (found ?? this.#streams.search);
    if (wanted === this.#filter) return;
    if (wanted !== null && wanted.searchId === null) {
      // Until the new search is open, what the old one left stays, though its search may be gone.
      this.reader.matches?.freeze();
      return;
    }
    const top = this.#top;
    this.#filter = wanted;
    this.contexts.clear();
    if (wanted === null) {
      this.reader.unfilter();
      if (!this.reader.follow.following) void this.#place(top, "top");
    } else this.#filterBy(wanted, top);
  }

  // ---- going somewhere ----

  /** Shows a row and marks it; leaves the filter when the row is not in it. */
  async go(key: RowKey): Promise<void> {
    const { matches } = this.reader;
    if (matches !== null && !(await matches.has(key).catch(() => false))) this.unfilter();
    // Without a wait where nothing is hidden: what is read first is what is gone to.
    if (this.folding.hides(key)) await this.folding.reveal(key);
    await this.#place(key, "middle");
    this.view.current = key;
  }

  /** Goes where somebody asked to: to a line, or to the first row of a time or later. */
  async goTo(place: Place): Promise<void> {
    await this.told.during(null, "find that time", async () => {
      const { backend, runs } = this.source;
      const sources = runs.map(({ id, attempt }) => ({ id, attempt }));
      const key =
        "line" in place
          ? place.line - 1
          : await backend.mergedPositionAt({ sources, at: Math.max(0, place.at) });
      this.reader.on("found");
      await this.go(key);
    });
  }

  /** Moves to a row of the log, or near it where a filter leaves it out; as the minimap does. */
  jump(key: RowKey): void {
    void this.#place(key, "center");
  }

  /** Shows a row that was found where it stands in the log. */
  showInLog(key: RowKey): void {
    this.unfilter();
    void this.go(key);
  }

  /** Shows all rows again, of both streams; what is looked for stays highlighted. */
  unfilter(): void {
    this.#streams.choose("both");
    if (this.find.mode === "filter") this.find.mode = "highlight";
    this.changed();
  }

  /** Goes to the next row that a kept highlighter marks. */
  async stepTo({ search }: Highlighter, forward: boolean): Promise<void> {
    const hit = await search.step(this.cursor ?? 0, forward).catch(() => null);
    if (hit !== null) await this.go(hit.key);
  }

  /** Goes to the next row that says it is an error, or a warning, or to the one before. */
  async problem(forward: boolean, severity: Severity = "error"): Promise<void> {
    const what = severity === "error" ? "errors" : "warnings";
    const search = this.problems.wanted(severity);
    this.told.working = `Looking for ${what}`;
    const hit = await search.step(this.cursor ?? 0, forward).catch(() => null);
    this.told.working = null;
    if (search !== this.problems.of(severity)) return;
    if (hit !== null) await this.go(hit.key);
    else if (search.error) this.told.say(`Could not search for ${what}: ${search.error.message}`);
    else this.told.say(`No ${what} found`);
  }

  // ---- acting on rows ----

  /** Reads the log in another encoding, at the same place; null guesses it. */
  async readIn(this: LogWindow<OneLog>, encoding: string | null): Promise<void> {
    const [top, { following }] = [this.#top, this.reader.follow];
    await this.told.during(null, "switch the encoding", async () => {
      await this.source.readIn(encoding);
      if (!following) await this.#place(top, "top");
    });
  }

  async openLink(address: string): Promise<void> {
    await this.told.during(null, "open the link", () => this.source.backend.openLink(address));
  }

  /** Opens a file that a row names in the editor that the settings name. */
  async openFile(row: ShownRow, place: FileName): Promise<void> {
    const run = this.source.runOf(row);
    if (run) await this.told.during(null, "open the file", () => this.source.backend.openFile(run.id, place));
  }

  /** Opens the menu of a row, or of the line that one is at; without a point beside it. */
  openMenu(key = this.cursor, at = key === null ? null : this.view.cornerOf(key)): void {
    if (key !== null && at) this.menu = { key, at };
  }

  async widen(key: RowKey): Promise<void> {
    this.reader.on("found"); // Whoever looks at one place does not want the end.
    await this.told.during(null, "read the lines around", () => this.contexts.widen(key));
  }

  /** The fields of the records in view. */
  get fields(): readonly string[] {
    const { from, to } = this.view.place;
    const names = new Set<string>();
    for (let at = from; at < to; at += 1)
      for (const name of namesIn(this.reader.rows?.get(at)?.text ?? "")) names.add(name);
    const common = COMMON.filter((name) => names.delete(name));
    return [...common, ...names].slice(0, MAX_FIELDS);
  }

  /** Shows fields of records as columns or rows as text again; which fields is asked where none were chosen. */
  toggleColumns(): void {
    if (this.columns.chosen.length === 0) this.asking = "columns";
    else this.columns.toggle();
  }

  /** Shows only records whose fields say this, beside what is looked for already. */
  narrow(condition: string): void {
    const { find } = this;
    const all = find.fields.split(" ").includes(condition) ? find.fields : `${find.fields} ${condition}`;
    find.mode = "filter";
    find.narrowed(all.trim());
  }

  /** Folds the block that a row is in to its first line, or unfolds it. */
  async fold(key = this.cursor): Promise<void> {
    if (key === null) return;
    this.reader.on("found"); // Whoever looks at one place does not want the end.
    await this.told.during(null, "read the lines around", async () => {
      if (!(await this.folding.toggle(key)))
        return this.told.say(
          this.filtered
            ? "Nothing to fold here: the filter shows fewer than two lines of a stack trace, group or test section"
            : "Nothing to fold here: no stack trace, group or test section, or one longer than 5,000 lines",
        );
      const head = this.folding.foldOf(key)?.from;
      if (head === undefined) return;
      this.view.stand(head);
      // It may stand far above what was in view.
      await this.#place(head, "middle");
    });
  }

  /** Folds the traces and groups that begin in view. */
  async foldShown(): Promise<void> {
    const { from, to } = this.view.place;
    const rows = Array.from({ length: to - from }, (_, i) => {
      const [key, row] = [this.reader.rows?.keyAt(from + i), this.reader.rows?.get(from + i)];
      return key !== undefined && row ? [[key, row] as const] : [];
    }).flat();
    this.reader.on("found");
    await this.told.during(null, "read the lines around", async () => {
      const folded = await this.folding.foldAll(rows);
      this.told.say(
        folded === 0 ? "No stack traces or groups begin in view" : `Folded ${plural(folded, "block")}`,
      );
    });
  }

  runOf(row: ShownRow): RunId | undefined {
    return this.source.runOf(row);
  }

  /** Shows a long line part by part: from its beginning, or from the hit that one is at in it. */
  showWhole(row: ShownRow): void {
    const deep = this.find.deep.of(this.source.keyOf(row));
    this.whole = { row, at: deep?.match.fromByte ?? 0 };
  }

  /** Shows the fields of a record below it, or hides them. */
  expand(key = this.cursor): void {
    const row = key === null ? undefined : this.drawn(key);
    if (key === null || !row) return;
    this.reader.on("found"); // Whoever looks at one place does not want the end.
    if (!this.expanded.toggle(key, row)) this.told.say("This line is not a record (JSON or logfmt)");
  }

  hideBefore(key: RowKey): void {
    this.reader.all?.hideBefore(key);
    this.view.selection = null;
    if (this.#filter) this.#filterBy(this.#filter, Math.max(key, this.#top));
    if (key > 0)
      this.told.say(`${plural(key, "line")} hidden above`, { label: "Show", run: () => this.hideBefore(0) });
  }

  /** What is selected within one line, to be looked for. */
  get word(): string {
    const { selection } = this.view;
    const row = selection && this.drawn(selection.anchor.key);
    const part = row && onRow(selection, selection.anchor.key);
    return part && selection.anchor.key === selection.focus.key ? row.text.slice(part.from, part.to) : "";
  }

  /** Saves all there is, or what the filter leaves; the system asks where. */
  async save(): Promise<void> {
    await this.told.during("Saving", "save the log", async () => {
      const times = this.choices.copyTimes.value;
      const saved = await this.source.save(times, this.#filter?.searchId ?? undefined);
      if (saved)
        this.told.say(`Saved ${plural(saved.rows, "line")}, ${bytes(saved.bytes)}, to ${saved.path}`);
    });
  }

  /** Looks for rows that were removed, where an overview of the log shows none. */
  async lookForGaps(density: LogDensity): Promise<void> {
    await lookForGaps(this.source, this.reader, density);
  }

  // ---- what follows from what ----

  /** The log has grown, or is another one: a row that was asked for may be there now. */
  #arrive(): void {
    const row = this.#awaited;
    const { info } = this.reader;
    if (row === undefined || info === null) return;
    if (row >= info.rows && info.live) return;
    this.#awaited = undefined;
    void this.go(Math.min(row, Math.max(0, info.rows - 1)));
  }

  /** Other rows are searched: what filtered or was found means nothing any more. */
  #searchAnew(): void {
    this.#filter = null;
    this.problems.forget();
    this.contexts.clear();
    this.around.clear();
    this.expanded.clear();
    this.#streams.restart();
    this.kept.restart();
    if (this.find.active) this.find.restart(false);
  }

  /** Lists what was found below the log, or does so no more. */
  #list(): void {
    const { find, below } = this;
    const search =
      find.mode === "split" && find.active && !find.stopped && !find.search?.error ? find.search : null;
    if (search === (below?.search ?? null)) return;
    // Until the new search is open, what the old one left stays.
    if (search !== null && search.searchId === null) return;
    below?.close();
    this.below = search && new HitPane(search, this.source, () => this.#display, this.#top);
    if (this.below === null) return;
    this.below.view.onstand = (key) => {
      void this.go(key).then(() => find.choose(key));
    };
    void this.below.show(find.hit?.key ?? this.cursor ?? this.#top);
  }

  get #display(): Display {
    // Numbers of a merged list mean nothing in any log.
    const numbers = this.choices.numbers.value && this.source.numbered;
    return { ...this.choices.display, numbers, columns: this.columns.shown };
  }

  /** The row at the top of the pane. */
  get #top(): RowKey {
    return this.view.seen?.first ?? 0;
  }

  #filterBy({ searchId, progress }: LogSearch, near: RowKey): void {
    if (searchId === null) return;
    this.reader.filter(searchId, near);
    if (progress) this.reader.searched(progress);
  }

  async #place(key: RowKey, where: "middle" | "center" | "top"): Promise<void> {
    const { matches, all } = this.reader;
    const place = matches ? await matches.placeOf(key).catch(() => 0) : (all?.placeOf(key) ?? 0);
    if (matches === this.reader.matches) this.view.show(place, where);
  }
}
