// The bookmarks of several logs read as one. Each is kept with the task of its row; where that row stands among all is asked of the
// backend, and again as logs grow: near their end a line that is written late moves what is behind it.
import type { Backend, Bookmark, SourceRow } from "../../api";
import { Bookmarks } from "../one/bookmarks.svelte";
import type { ShownRow } from "../rows/list";
import { knownBy, type MergedPosition, type RowKey, type RowNo } from "../rows/numbers";
import type { Mark, Marks } from "../window/source";
import type { MergedSource } from "./merged-logs.svelte";

/** What it takes of the logs. */
interface Logs {
  readonly backend: Backend;
  /** Those that are read. */
  readonly runs: readonly MergedSource[];
  read(from: RowKey, count: number): Promise<readonly ShownRow[]>;
}

type ListedMark = Mark & { readonly source: number };

/** Rows whose positions are asked for; further ones cannot be gone to from here. */
const MAX_ROWS = 1000;
const PAUSE_MS = 1000;

const nameOf = ({ id, attempt }: MergedSource, row: RowNo): string => `${id} ${attempt} ${row}`;

export class MergedMarks implements Marks {
  /** One for each task, however many of its attempts are read. */
  readonly #tasks: ReadonlyMap<string, Bookmarks>;
  #positions = $state.raw<ReadonlyMap<string, MergedPosition>>(new Map());
  #timer: ReturnType<typeof setTimeout> | undefined;
  #again = false;
  #closed = false;

  constructor(
    readonly logs: Logs,
    tasks: readonly string[],
  ) {
    this.#tasks = new Map(tasks.map((id) => [id, new Bookmarks(logs.backend, id)]));
  }

  /** In the order of the rows. */
  get all(): readonly ListedMark[] {
    const marks = this.logs.runs.flatMap((run, source) =>
      (this.#tasks.get(run.id)?.of(run.attempt) ?? []).map((bookmark) => {
        const position = this.#positions.get(nameOf(run, bookmark.row));
        return {
          id: nameOf(run, bookmark.row),
          bookmark,
          run: { id: run.id, attempt: run.attempt },
          where: { text: run.name, color: run.color },
          source,
          ...(position === undefined ? {} : { key: knownBy(position) }),
        };
      }),
    );
    return marks.sort((a, b) => (a.key ?? Infinity) - (b.key ?? Infinity));
  }

  get keys(): readonly RowKey[] {
    return this.all.flatMap(({ key }) => key ?? []);
  }

  of({ source, row }: ShownRow): Bookmark | undefined {
    const run = this.logs.runs[source ?? -1];
    return run && this.#tasks.get(run.id)?.at(run.attempt, row);
  }

  async load(): Promise<void> {
    await Promise.all([...this.#tasks.values()].map((task) => task.load()));
    await this.locate();
  }

  /** A row that is not drawn is read first: its position does not say which log it is from. */
  async toggle(key: RowKey, drawn: ShownRow | undefined): Promise<Mark | undefined> {
    const row = drawn ?? (await this.logs.read(key, 1))[0];
    const run = this.logs.runs[row?.source ?? -1];
    const before = this.all.find(({ id }) => row && run && id === nameOf(run, row.row));
    const removed = row && run && (await this.#tasks.get(run.id)?.toggle(run.attempt, row.row));
    await this.locate();
    return removed && before && { ...before, bookmark: removed };
  }

  async note({ run, bookmark }: Mark, text: string): Promise<void> {
    const task = this.#tasks.get(run.id);
    const isNew = task?.at(bookmark.attempt, bookmark.row) === undefined;
    await task?.set(bookmark.attempt, bookmark.row, text);
    if (isNew) await this.locate();
  }

  async remove(mark: Mark): Promise<Mark | undefined> {
    const { attempt, row } = mark.bookmark;
    const removed = await this.#tasks.get(mark.run.id)?.remove(attempt, row);
    return removed && { ...mark, bookmark: removed };
  }

  async next(key: RowKey, forward: boolean): Promise<RowKey | undefined> {
    await this.locate();
    const { keys } = this;
    return forward
      ? (keys.find((one) => one > key) ?? keys[0])
      : (keys.findLast((one) => one < key) ?? keys.at(-1));
  }

  async bring({ id }: Mark): Promise<RowKey | undefined> {
    await this.locate();
    return this.all.find((mark) => mark.id === id)?.key;
  }

  /** Asks where the marked rows stand now. */
  async locate(): Promise<void> {
    const marks = this.all.slice(0, MAX_ROWS);
    const rows: SourceRow[] = marks.map(({ source, bookmark }) => ({ source, row: bookmark.row }));
    const sources = this.logs.runs.map(({ id, attempt }) => ({ id, attempt }));
    const found = rows.length === 0 ? [] : await this.logs.backend.mergedPositions({ sources, rows });
    if (this.#closed) return;
    this.#positions = new Map(
      marks.flatMap(({ id }, i) => {
        const position = found[i];
        return position === undefined ? [] : [[id, position] as const];
      }),
    );
  }

  /** Other logs are read: positions mean something else. */
  moved(): void {
    this.#positions = new Map();
    this.locate().catch(() => {}); // As below.
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
