// The window of one log: beside what every log that is looked through has, its attempts, a row that it is opened at, and its file.
import type { Backend, Bookmark, ExportedLog, LogDensity, LogSource } from "../../api";
import type { Selection } from "../pane/selection";
import type { ShownRow } from "../rows/source";
import { Bookmarks } from "./bookmarks.svelte";
import { copySelection, type Copied } from "./copy";
import { SearchedLog, type Mark } from "./searched-log.svelte";
import { LogSession } from "./session.svelte";

export class LogWindow extends SearchedLog<LogSession> {
  readonly bookmarks: Bookmarks;
  protected readonly noun = "this attempt";
  /** A row to go to once the log is there. */
  #row: number | undefined;

  constructor(
    backend: Backend,
    readonly id: string,
    attempt?: number,
    row?: number,
  ) {
    super(backend, new LogSession(backend, id, attempt));
    this.bookmarks = new Bookmarks(backend, id);
    this.#row = row;
  }

  async open(): Promise<void> {
    this.opening();
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

  /** Another attempt is shown. */
  attemptChanged(): void {
    this.searchAnew();
  }

  /** The machine is there again: streams go on by themselves, and what failed meanwhile is asked anew. */
  override returned(): void {
    if (this.session.error?.code === "Unavailable") void this.session.open();
    super.returned();
  }

  density(buckets: number, searchId?: string): Promise<LogDensity> {
    return this.backend.getLogDensity({
      run: { id: this.id, attempt: this.session.attempt },
      buckets,
      searchId,
    });
  }

  keyOf(row: ShownRow): number {
    return row.row;
  }

  sourceOf(): LogSource {
    return this.logs;
  }

  protected get logs(): LogSource {
    return { id: this.id, attempt: this.session.attempt };
  }

  protected async readRows(from: number, count: number): Promise<readonly ShownRow[]> {
    return (await this.backend.readLog({ run: { id: this.id, attempt: this.session.attempt }, from, count }))
      .rows;
  }

  protected textOf(selection: Selection, searchId?: string): Promise<Copied> {
    const timestamps = this.choices.copyTimes.value;
    const options = { timestamps, searchId };
    return copySelection(this.backend, this.id, this.session.attempt, selection, options);
  }

  protected export(timestamps: boolean, searchId?: string): Promise<ExportedLog | null> {
    return this.backend.exportLog({
      run: { id: this.id, attempt: this.session.attempt },
      timestamps,
      searchId,
    });
  }

  /** Shows the log's file in the system's file manager. */
  async reveal(): Promise<void> {
    await this.told.during(null, "show the file", () =>
      this.backend.revealLog(this.id, this.session.attempt),
    );
  }

  // ---- bookmarks: the panel lists those of other attempts, too ----

  get marks(): readonly Mark[] {
    const { attempt } = this.session;
    return this.bookmarks.all.map((bookmark) => {
      const here = bookmark.attempt === attempt;
      const mark = {
        id: `${bookmark.attempt} ${bookmark.row}`,
        bookmark,
        current: here && bookmark.row === this.view.current,
      };
      return here ? mark : { ...mark, where: { text: `attempt ${bookmark.attempt}` } };
    });
  }

  get marked(): readonly number[] {
    return this.bookmarks.of(this.session.attempt).map(({ row }) => row);
  }

  markOf({ row }: ShownRow): Bookmark | undefined {
    return this.bookmarks.at(this.session.attempt, row);
  }

  async showMark({ bookmark }: Mark): Promise<void> {
    if (bookmark.attempt !== this.session.attempt) await this.session.show(bookmark.attempt);
    this.expect(bookmark.row);
  }

  noteMark({ bookmark }: Mark, note: string): Promise<void> {
    return this.bookmarks.set(bookmark.attempt, bookmark.row, note);
  }

  removeMark({ bookmark }: Mark): Promise<void> {
    return this.bookmarks.remove(bookmark.attempt, bookmark.row);
  }

  protected loadMarks(): Promise<void> {
    return this.bookmarks.load();
  }

  protected toggleMark(row: number): Promise<void> {
    return this.bookmarks.toggle(this.session.attempt, row);
  }

  protected async nextMark(row: number, forward: boolean): Promise<number | undefined> {
    return this.bookmarks.step(this.session.attempt, row, forward)?.row;
  }
}
