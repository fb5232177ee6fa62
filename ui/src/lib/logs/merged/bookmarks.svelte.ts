// The bookmarks of several logs read as one. Each is kept with the task of its row; where that row stands among all is asked of the
// backend, and again as logs grow: near their end a line that is written late moves what is behind it.
import type { Backend, Bookmark, LogSource, SourceRow } from "../../api";
import { Bookmarks } from "../window/bookmarks.svelte";

/** A bookmark of one of the logs, and the position of its row once that is known. */
export interface MergedMark {
  readonly source: number;
  readonly bookmark: Bookmark;
  readonly position: number | undefined;
}

/** Rows whose positions are asked for; further ones cannot be gone to from here. */
const MAX_ROWS = 1000;
const PAUSE_MS = 1000;

const nameOf = (source: number, row: number): string => `${source} ${row}`;

export class MergedBookmarks {
  /** One for each task, however many of its attempts are read. */
  readonly #tasks: ReadonlyMap<string, Bookmarks>;
  #positions = $state.raw<ReadonlyMap<string, number>>(new Map());
  #timer: ReturnType<typeof setTimeout> | undefined;
  #again = false;
  #closed = false;

  constructor(
    readonly backend: Backend,
    readonly sources: readonly LogSource[],
  ) {
    this.#tasks = new Map(sources.map(({ id }) => [id, new Bookmarks(backend, id)]));
  }

  /** In the order of the rows. */
  get all(): readonly MergedMark[] {
    const marks = this.sources.flatMap(({ id, attempt }, source) =>
      (this.#tasks.get(id)?.of(attempt) ?? []).map((bookmark) => ({
        source,
        bookmark,
        position: this.#positions.get(nameOf(source, bookmark.row)),
      })),
    );
    return marks.sort((a, b) => (a.position ?? Infinity) - (b.position ?? Infinity));
  }

  at(source: number, row: number): Bookmark | undefined {
    const log = this.sources[source];
    return log && this.#tasks.get(log.id)?.at(log.attempt, row);
  }

  async load(): Promise<void> {
    await Promise.all([...this.#tasks.values()].map((task) => task.load()));
    await this.locate();
  }

  async toggle(source: number, row: number): Promise<void> {
    const log = this.sources[source];
    await (log && this.#tasks.get(log.id)?.toggle(log.attempt, row));
    await this.locate();
  }

  async note({ source, bookmark }: MergedMark, note: string): Promise<void> {
    await this.#tasks.get(this.sources[source]?.id ?? "")?.set(bookmark.attempt, bookmark.row, note);
  }

  async remove({ source, bookmark }: MergedMark): Promise<void> {
    await this.#tasks.get(this.sources[source]?.id ?? "")?.remove(bookmark.attempt, bookmark.row);
  }

  /** Asks where the marked rows stand now. */
  async locate(): Promise<void> {
    const rows: SourceRow[] = this.all.slice(0, MAX_ROWS).map(({ source, bookmark }) => ({
      source,
      row: bookmark.row,
    }));
    const found =
      rows.length === 0 ? [] : await this.backend.mergedPositions({ sources: [...this.sources], rows });
    if (this.#closed) return;
    this.#positions = new Map(
      rows.flatMap(({ source, row }, i) => {
        const position = found[i];
        return position === undefined ? [] : [[nameOf(source, row), position] as const];
      }),
    );
  }

  /** A log has grown: asked again, but not with each line. */
  grew(): void {
    if (this.all.length === 0 || this.#closed) return;
    if (this.#timer !== undefined) return void (this.#again = true);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#again) this.grew();
    }, PAUSE_MS);
    this.#again = false;
    this.locate().catch(() => {}); // Where they stood will do; what cannot be read, the pane says.
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }
}
