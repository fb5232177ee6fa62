// The bookmarks of a task's logs, as the backend keeps them with the task.
import type { Backend, Bookmark } from "../../api";
import type { RowNo } from "../rows/numbers";

export class Bookmarks {
  /** Of all attempts, in order. */
  all = $state.raw<readonly Bookmark[]>([]);

  constructor(
    readonly backend: Backend,
    readonly id: string,
  ) {}

  async load(): Promise<void> {
    this.all = await this.backend.listBookmarks({ id: this.id });
  }

  of(attempt: number): readonly Bookmark[] {
    return this.all.filter((one) => one.attempt === attempt);
  }

  at(attempt: number, row: RowNo): Bookmark | undefined {
    return this.all.find((one) => one.attempt === attempt && one.row === row);
  }

  /** Answers what was taken away, if that is what it did. */
  async toggle(attempt: number, row: RowNo): Promise<Bookmark | undefined> {
    if (this.at(attempt, row)) return this.remove(attempt, row);
    await this.set(attempt, row, "");
    return undefined;
  }

  async set(attempt: number, row: RowNo, note: string): Promise<void> {
    const bookmark = await this.backend.setBookmark({ run: { id: this.id, attempt }, row, note });
    const others = this.all.filter((one) => one.attempt !== attempt || one.row !== row);
    this.all = [...others, bookmark].sort((a, b) => a.attempt - b.attempt || a.row - b.row);
  }

  /** Answers what was taken away, with the note that was saved last. */
  async remove(attempt: number, row: RowNo): Promise<Bookmark | undefined> {
    await this.backend.deleteBookmark({ run: { id: this.id, attempt }, row });
    const removed = this.at(attempt, row);
    this.all = this.all.filter((one) => one.attempt !== attempt || one.row !== row);
    return removed;
  }
}
