// When the log pane follows the tail, and when it yields to the reader. Pure: the reader feeds it what happened.
import { plural } from "../../shared/format";

export interface Follow {
  readonly following: boolean;
  /** Rows there were when the reader last saw the end. */
  readonly seen: number;
}

export interface FollowEvent {
  /** `list`: another list of rows is shown, of another attempt or of what a filter leaves. */
  readonly type: "scrolledUp" | "selected" | "found" | "pause" | "reachedEnd" | "resume" | "list";
  /** How many there are. */
  readonly rows: number;
}

export const FOLLOWING: Follow = { following: true, seen: 0 };

export function follow(state: Follow, { type, rows }: FollowEvent): Follow {
  switch (type) {
    case "scrolledUp":
    case "selected":
    case "found":
    case "pause":
      return state.following ? { following: false, seen: rows } : state;
    case "reachedEnd":
    case "resume":
      return { following: true, seen: rows };
    case "list":
      return { following: state.following, seen: rows };
  }
}

/** How many rows came since the reader left the end; of those, what is below the last one in view. */
export function newRows(state: Follow, rows: number, below = rows): number {
  return state.following ? 0 : Math.max(0, Math.min(rows - state.seen, below));
}

export const newRowsLabel = (rows: number): string => `${plural(rows, "new line")} ↓`;

/** Which attempt to show next: a window that follows the latest moves on, one that was pinned to an attempt stays. */
export function nextAttempt(shown: number, latest: number, pinned: boolean): number {
  return pinned ? shown : Math.max(shown, latest);
}
