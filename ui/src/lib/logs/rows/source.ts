// What the pane draws: a list of rows by position. A log, the matching rows of a search and a merged log are each one.
// Positions are places in the list; a row keeps its number in the log whatever list it stands in.
import type { ApiError, LogRow } from "../../api";

/** In a merged log a row says which source it is from, and its place among the rows of all. */
export type ShownRow = LogRow & { readonly source?: number; readonly position?: number };

export interface RowSource {
  /** Rises with every change of what the other members answer. */
  readonly version: number;
  /** Positions there are to scroll through. While following it moves only together with the rows at the end: no blank tail. */
  readonly total: number;
  /** Positions there are in all, shown yet or not. */
  readonly known: number;
  readonly error: ApiError | null;
  /** The row at a position; undefined while it is not held. */
  get(position: number): ShownRow | undefined;
  /** What selections and marks know a position by: the row's number in the log (in a merged log the position). */
  keyAt(position: number): number | undefined;
  /** Says which positions [from, to) are about to be shown; with `tail` > 0 the last ones are pulled first. */
  want(from: number, to: number, tail: number): void;
  /** By how many positions what was shown has moved since the last call; the pane moves along. */
  takeShift(): number;
  retry(): void;
  close(): void;
}
