// The order of a list, as the backend has it (`crates/store/src/order.rs`), so that a row that changes finds its place without a
// page being read again. tests/corpus/sorted-rows.json holds cases for both.
import type { Phase, SortBy, TaskRow } from "../api/types";
import { elapsed } from "./format";

export interface Order {
  readonly by: SortBy;
  readonly reverse: boolean;
}
export const NEWEST_FIRST: Order = { by: "created", reverse: false };
export const isNewestFirst = ({ by, reverse }: Order): boolean => by === "created" && !reverse;

export const SORTS: readonly SortBy[] = ["created", "changed", "name", "took", "exit", "lane", "state"];
/** The greatest comes first, unless it is turned round. */
const FALLS = new Set<SortBy>(["created", "changed", "took", "exit"]);
export const falls = ({ by, reverse }: Order): boolean => FALLS.has(by) !== reverse;

/** As many characters of a name count. */
const NAME = 60;
const STATES: Record<Phase, number> = {
  running: 0,
  pending: 1,
  failed: 2,
  timeout: 3,
  exhausted: 4,
  canceled: 5,
  succeeded: 6,
};
const idOf = (row: TaskRow) => row.task.metadata.id;

function key(row: TaskRow, by: SortBy, now: number): string | number | undefined {
  const { metadata, spec, status } = row.task;
  switch (by) {
    case "created":
      return metadata.id; // Ids sort by creation.
    case "changed":
      return metadata.updatedAt;
    case "name":
      return [...spec.name.toLowerCase()].slice(0, NAME).join("");
    case "took":
      return elapsed(row, () => now);
    case "exit":
      return status.exitCode ?? undefined;
    case "lane":
      return spec.slot;
    case "state":
      return STATES[status.phase];
  }
}

/** By their characters, as the backend compares them; not by the halves that this language has them in. */
function compareTexts(a: string, b: string): number {
  const [left, right] = [[...a], [...b]];
  for (const [i, char] of left.entries()) {
    const other = right[i];
    if (other === undefined) return 1;
    if (char !== other) return (char.codePointAt(0) ?? 0) - (other.codePointAt(0) ?? 0);
  }
  return left.length - right.length;
}

/** Negative when `a` stands before `b`. What there is nothing to sort by comes last; of equals the newest is first. */
export function compareRows({ by, reverse }: Order, now: number): (a: TaskRow, b: TaskRow) => number {
  const sign = falls({ by, reverse }) ? -1 : 1;
  return (a, b) => {
    const [left, right] = [key(a, by, now), key(b, by, now)];
    let way = 0;
    if (left === undefined || right === undefined)
      way = Number(left === undefined) - Number(right === undefined);
    else if (typeof left === "number" && typeof right === "number") way = sign * (left - right);
    else way = sign * compareTexts(String(left), String(right));
    return way || Number(idOf(a) < idOf(b)) - Number(idOf(a) > idOf(b));
  };
}

/** What a list that is sorted so is called. */
export const SORT_WORDS: Record<SortBy, { readonly usual: string; readonly reversed: string }> = {
  created: { usual: "Newest first", reversed: "Oldest first" },
  changed: { usual: "Last changed first", reversed: "Last changed at the end" },
  name: { usual: "Name, A to Z", reversed: "Name, Z to A" },
  took: { usual: "Longest first", reversed: "Shortest first" },
  exit: { usual: "Highest exit code first", reversed: "Lowest exit code first" },
  lane: { usual: "Lane, A to Z", reversed: "Lane, Z to A" },
  state: { usual: "State: running first", reversed: "State: succeeded first" },
};
export const sortWords = ({ by, reverse }: Order): string => SORT_WORDS[by][reverse ? "reversed" : "usual"];
