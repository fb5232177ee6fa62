// A window of several logs as one. A row is known by its position among the rows of all. Line numbers mean nothing in it, so one
// goes to times alone, and there is no one file to reveal; the menu of a row leads to its own log, which has both.
import type { Backend, Bookmark, ExportedLog, LogDensity, LogSource, MergedRow } from "../../api";
import type { Selection } from "../pane/selection";
import type { ShownRow } from "../rows/source";
import { copyRows, type Copied } from "../window/copy";
import { SearchedLog, type Mark } from "../window/searched-log.svelte";
import { MergedBookmarks, type MergedMark } from "./bookmarks.svelte";
import { MergedSession } from "./session.svelte";

type ListedMark = Mark & { readonly merged: MergedMark };

export class MergedWindow extends SearchedLog<MergedSession> {
  readonly bookmarks: MergedBookmarks;
  protected readonly noun = "these logs";

  constructor(
    backend: Backend,
    readonly logs: readonly LogSource[],
  ) {
    super(backend, new MergedSession(backend, logs));
    this.bookmarks = new MergedBookmarks(backend, logs);
  }

  async open(): Promise<void> {
    this.opening();
    await this.session.open();
  }

  /** Called when a log has grown. */
  arrived(): void {
    this.bookmarks.grew();
  }

  override returned(): void {
    void this.session.returned();
    super.returned();
  }

  override close(): void {
    this.bookmarks.close();
    super.close();
  }

  density(buckets: number, searchId?: string): Promise<LogDensity> {
    return this.backend.mergedDensity({ sources: this.sources, buckets, searchId });
  }

  keyOf(row: ShownRow): number {
    return row.position ?? 0;
  }

  sourceOf(row: ShownRow): LogSource | undefined {
    return this.logs[row.source ?? -1];
  }

  /** Opens the log that a row is from, there. */
  async openSource(row: ShownRow): Promise<void> {
    const source = this.sourceOf(row);
    if (source) await this.backend.openLogWindow(source.id, source.attempt, row.row);
  }

  protected async readRows(from: number, count: number): Promise<readonly MergedRow[]> {
    return (await this.backend.readMerged({ sources: this.sources, from, count })).rows;
  }

  /** Each line with the name of its log. */
  protected textOf(selection: Selection, searchId?: string): Promise<Copied> {
    const line = (row: MergedRow, plain: string): string => {
      const time = this.choices.copyTimes.value ? `${new Date(row.ts).toISOString()} ` : "";
      return `${time}${this.session.label(row)?.text ?? ""}: ${plain}`;
    };
    return copyRows((from, count) => this.#shown(from, count, searchId), selection, line);
  }

  protected export(timestamps: boolean, searchId?: string): Promise<ExportedLog | null> {
    return this.backend.exportMerged({ sources: this.sources, timestamps, searchId });
  }

  // ---- bookmarks ----

  get marks(): readonly ListedMark[] {
    return this.bookmarks.all.map((merged) => {
      const { source, bookmark, position } = merged;
      const label = this.session.sources[source];
      return {
        id: `${source} ${bookmark.row}`,
        bookmark,
        where: label && { text: label.name, color: label.color },
        current: position !== undefined && position === this.view.current,
        merged,
      };
    });
  }

  get marked(): readonly number[] {
    return this.bookmarks.all.flatMap(({ position }) => position ?? []);
  }

  markOf({ source, row }: ShownRow): Bookmark | undefined {
    return this.bookmarks.at(source ?? -1, row);
  }

  async showMark({ id }: Mark): Promise<void> {
    await this.told.during(null, "show the line", async () => {
      await this.bookmarks.locate();
      const position = this.marks.find((mark) => mark.id === id)?.merged.position;
      if (position === undefined) return;
      this.session.on("found");
      await this.go(position);
    });
  }

  async noteMark({ id }: Mark, note: string): Promise<void> {
    const mark = this.marks.find((one) => one.id === id);
    if (mark) await this.bookmarks.note(mark.merged, note);
  }

  async removeMark({ id }: Mark): Promise<void> {
    const mark = this.marks.find((one) => one.id === id);
    if (mark) await this.bookmarks.remove(mark.merged);
  }

  protected loadMarks(): Promise<void> {
    return this.bookmarks.load();
  }

  protected async toggleMark(position: number): Promise<void> {
    const row = this.drawn(position) ?? (await this.readRows(position, 1))[0];
    if (row?.source !== undefined) await this.bookmarks.toggle(row.source, row.row);
  }

  protected async nextMark(position: number, forward: boolean): Promise<number | undefined> {
    await this.bookmarks.locate();
    const { marked } = this;
    return forward
      ? (marked.find((one) => one > position) ?? marked[0])
      : (marked.findLast((one) => one < position) ?? marked.at(-1));
  }

  /** Shown rows from a position on. */
  async #shown(from: number, count: number, searchId?: string): Promise<readonly MergedRow[]> {
    if (searchId === undefined) return this.readRows(from, count);
    const rank = await this.backend.searchRank({ searchId, row: from });
    return (await this.backend.mergedSearchRows({ searchId, from: rank, count })).rows;
  }
}
