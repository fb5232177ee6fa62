// What the pane draws: a list of rows by their place in it. All rows of what a window shows, and the matching rows of a search,
// are each one. A row keeps its key whatever list it stands in.
import type { ApiError, LogRow } from "../../api";
import type { MergedPosition, Place, RowKey } from "./numbers";

/** A row of several logs also says which of them it is from, and where it stands in their merged order. */
export type ShownRow = LogRow & { readonly source?: number; readonly position?: MergedPosition };

export interface RowList {
  /** Rises with every change of what the other members answer. */
  readonly version: number;
  /** Places there are to scroll through. While following it moves only together with the rows at the end: no blank tail. */
  readonly total: number;
  /** Places there are in all, shown yet or not. */
  readonly known: number;
  readonly error: ApiError | null;
  /** The row at a place; undefined while it is not held. */
  get(place: Place): ShownRow | undefined;
  /** What selections and marks know the row at a place by. */
  keyAt(place: Place): RowKey | undefined;
  /** Says which places [from, to) are about to be shown; with `tail` > 0 the last ones are pulled first. */
  want(from: Place, to: Place, tail: number): void;
  /** By how many places what was shown has moved since the last call; the pane moves along. */
  takeShift(): number;
  retry(): void;
  close(): void;
}

/** Where the rows of lists come from. */
export interface RowFeed {
  /** Rows at the end of the log that may still change places: a line that is written late comes between them. */
  readonly unsettled: number;
  keyOf(row: ShownRow): RowKey;
  /** Rows from a key on, in order; fewer at the end. */
  read(from: RowKey, count: number): Promise<readonly ShownRow[]>;
}
