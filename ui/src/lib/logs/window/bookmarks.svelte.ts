// The bookmarks of a task's logs, as the backend keeps them with the task.
import type { Backend, Bookmark } from "../../api";

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

  at(attempt: number, row: number): Bookmark | undefined {
    return this.all.find((one) => one.attempt === attempt && one.row === row);
  }

  async toggle(attempt: number, row: number): Promise<void> {
    if (this.at(attempt, row)) await this.remove(attempt, row);
    else await this.set(attempt, row, "");
  }

  async set(attempt: number, row: number, note: string): Promise<void> {
    const bookmark = await this.backend.setBookmark({ run: { id: this.id, attempt }, row, note });
    const others = this.all.filter((one) => one.attempt !== attempt || one.row !== row);
    this.all = [...others, bookmark].sort((a, b) => a.attempt - b.attempt || a.row - b.row);
  }

  async remove(attempt: number, row: number): Promise<void> {
    await this.backend.deleteBookmark({ run: { id: this.id, attempt }, row });
    this.all = this.all.filter((one) => one.attempt !== attempt || one.row !== row);
  }

  /** The next one after (before) a row of an attempt, going round. */
  step(attempt: number, row: number, forward: boolean): Bookmark | undefined {
    const here = this.of(attempt);
    return forward
      ? (here.find((one) => one.row > row) ?? here[0])
      : (here.findLast((one) => one.row < row) ?? here.at(-1));
  }
}
