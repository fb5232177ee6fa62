// What a number counts. Each kind is a type of its own, so that the compiler says where one stands in another's place; a plain
// number may become any of them, as those that come over the wire do.
import type { MergedPosition, Rank, RowKey, RowNo } from "../../api/types";

export type { MergedPosition, Rank, RowKey, RowNo };

/** A place in the list that a pane scrolls through: rows that are left out have none. */
export type Place = number & { readonly counts?: "place" };

// Only a source says by what its rows are known.
export const knownBy = (row: RowNo | MergedPosition): RowKey => row as number;
/** Where one log is shown. */
export const rowOf = (key: RowKey): RowNo => key as number;
/** Where several are. */
export const positionOf = (key: RowKey): MergedPosition => key as number;
