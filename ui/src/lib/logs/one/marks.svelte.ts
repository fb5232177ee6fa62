// The bookmarks of one log's window. The panel lists those of the task's other attempts, too, and leads there.
import type { Bookmark } from "../../api";
import type { ShownRow } from "../rows/list";
import { knownBy, type RowKey } from "../rows/numbers";
import type { Mark, Marks } from "../window/source";
import { Bookmarks } from "./bookmarks.svelte";
import type { OneLog } from "./one-log.svelte";

export class OneLogMarks implements Marks {
  readonly bookmarks: Bookmarks;

  constructor(readonly log: OneLog) {
    this.bookmarks = new Bookmarks(log.backend, log.id);
  }

  get all(): readonly Mark[] {
    return this.bookmarks.all.map((bookmark) => this.#markOf(bookmark));
  }

  #markOf(bookmark: Bookmark): Mark {
    const { id, attempt } = this.log;
    const run = { id, attempt: bookmark.attempt };
    const mark = { id: `${bookmark.attempt} ${bookmark.row}`, bookmark, run };
    return bookmark.attempt === attempt
      ? { ...mark, key: knownBy(bookmark.row) }
      : { ...mark, where: { text: `attempt ${bookmark.attempt}` } };
  }

  get keys(): readonly RowKey[] {
    return this.bookmarks.of(this.log.attempt).map(({ row }) => knownBy(row));
  }

  of({ row }: ShownRow): Bookmark | undefined {
    return this.bookmarks.at(this.log.attempt, row);
  }

  load(): Promise<void> {
    return this.bookmarks.load();
  }

  async toggle(key: RowKey): Promise<Mark | undefined> {
    const removed = await this.bookmarks.toggle(this.log.attempt, key as number);
    return removed && this.#markOf(removed);
  }

  note({ bookmark }: Mark, text: string): Promise<void> {
    return this.bookmarks.set(bookmark.attempt, bookmark.row, text);
  }

  async remove({ bookmark }: Mark): Promise<Mark | undefined> {
    const removed = await this.bookmarks.remove(bookmark.attempt, bookmark.row);
    return removed && this.#markOf(removed);
  }

  async next(key: RowKey, forward: boolean): Promise<RowKey | undefined> {
    const { keys } = this;
    return forward
      ? (keys.find((one) => one > key) ?? keys[0])
      : (keys.findLast((one) => one < key) ?? keys.at(-1));
  }

  async bring({ bookmark }: Mark): Promise<RowKey> {
    if (bookmark.attempt !== this.log.attempt) await this.log.show(bookmark.attempt);
    return knownBy(bookmark.row);
  }

  grew(): void {}

  close(): void {}
}
