// Someone reading a list of rows: whether they follow its end, what they look at, and whether they see all rows or only what a search
// found. Each kind of window has one: LogSession for one log, MergedSession for several.
import type { LogInfo, SearchProgress } from "../../api";
import type { FoldedRows } from "../rows/folded-rows.svelte";
import type { MatchRows } from "../rows/match-rows.svelte";
import type { RowSource } from "../rows/source";
import { follow, FOLLOWING, newRows, type Follow, type FollowEvent } from "./follow";

export abstract class LogReader {
  follow = $state.raw<Follow>(FOLLOWING);
  matches = $state.raw<MatchRows | null>(null);
  /** How many rows the pane shows at once; the tail is pulled by that much. */
  #height = 60;
  #shown = { from: 0, to: 0 };
  /** The filter's search has been through everything once; what it finds from then on is new. */
  #caughtUp = false;

  /** All rows, shown or not. */
  abstract readonly all: FoldedRows | null;
  /** Of the run that is shown; of several, what they are together. */
  abstract readonly info: LogInfo | null;
  /** When the relative time of a row counts from. */
  abstract readonly startedAt: number | undefined;
  /** Changes when rows get another meaning, as with another attempt: selections and heights are then void. */
  abstract readonly identity: string;

  /** What a search found, as rows near `near`, without those before `hideBefore`. */
  protected abstract found(searchId: string, near: number, hideBefore: number): MatchRows;
  /** All rows are shown again: what they have become meanwhile is to be taken over. */
  protected abstract catchUp(): void;

  /** What is drawn now. */
  get rows(): RowSource | null {
    return this.matches ?? this.all;
  }

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

  /** Shows only what a search found; the log itself stays as it is behind it. */
  filter(searchId: string, near: number): void {
    this.matches?.close();
    this.matches = this.found(searchId, near, this.all?.hiddenBefore ?? 0);
    this.#caughtUp = false;
    this.on("list");
  }

  /** The search that filters has come further. */
  searched(progress: SearchProgress): void {
    this.matches?.progress(progress, this.tail);
    if (this.#caughtUp || this.matches === null) return;
    this.#caughtUp = progress.complete;
    this.follow = { ...this.follow, seen: progress.matches };
  }

  /** Shows all rows again. */
  unfilter(): void {
    if (this.matches === null) return;
    this.matches.close();
    this.matches = null;
    this.catchUp();
    this.on("list");
  }

  abstract close(): void;

  protected get tail(): number {
    return this.follow.following ? this.#height : 0;
  }

  /** Behind a filter nothing of the log is drawn: how long it is will do. */
  protected get logTail(): number {
    return this.matches === null ? this.tail : 0;
  }
}
