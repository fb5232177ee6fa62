// Someone reading a list of rows: whether they follow its end, and what they look at. Each kind of window has one:
// LogSession for one log, MergedSession for several.
import type { LogInfo } from "../../api";
import type { RowSource } from "../rows/source";
import { follow, FOLLOWING, newRows, type Follow, type FollowEvent } from "./follow";

export abstract class LogReader {
  follow = $state.raw<Follow>(FOLLOWING);
  /** How many rows the pane shows at once; the tail is pulled by that much. */
  #height = 60;
  #shown = { from: 0, to: 0 };

  /** What is drawn now. */
  abstract readonly rows: RowSource | null;
  /** Of the run that is shown; a reader of several logs has none. */
  abstract readonly info: LogInfo | null;
  /** When the relative time of a row counts from. */
  abstract readonly startedAt: number | undefined;
  /** Changes when rows get another meaning, as with another attempt: selections and heights are then void. */
  abstract readonly identity: string;

  get newRows(): number {
    return newRows(this.follow, this.rows?.known ?? 0);
  }

  on(type: FollowEvent["type"], selecting = false): void {
    const rows = this.rows?.total ?? 0;
    this.follow = follow(this.follow, type === "reachedEnd" ? { type, rows, selecting } : { type, rows });
    if (this.follow.following) this.rows?.want(this.#shown.from, this.#shown.to, this.#height);
  }

  /** Says which positions the pane shows, and how many rows fit into it. */
  want(from: number, to: number, height: number): void {
    this.#height = Math.max(1, height);
    this.#shown = { from, to };
    this.rows?.want(from, to, this.tail);
  }

  protected get tail(): number {
    return this.follow.following ? this.#height : 0;
  }
}
