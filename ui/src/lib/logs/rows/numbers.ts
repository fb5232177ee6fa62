// What a number counts. Each kind is a type of its own, so that the compiler says where one stands in another's place; a plain
// number may become any of them, as those that come over the wire do.
declare const counts: unique symbol;
type Counting<What extends string> = number & { readonly [counts]?: What };

/** A row of one run's log, from 0. */
export type RowNo = Counting<"row">;
/** A row of several logs in their merged order, from 0. */
export type MergedPosition = Counting<"merged position">;
/** What a window knows a row by, whatever it shows: the row's number in one log, its position among those of several. */
export type RowKey = Counting<"key">;
/** A place in the list that a pane scrolls through: rows that are left out have none. */
export type Place = Counting<"place">;
/** A match of a search by its order, from 0. */
export type Rank = Counting<"rank">;

/** Only a source says by what its rows are known. */
export const knownBy = (row: RowNo | MergedPosition): RowKey => row as number;
