// When the log pane follows the tail, and when it yields to the reader. Pure: the session feeds it what happened.

export interface Follow {
  readonly following: boolean;
  /** Rows there were when the reader last saw the end. */
  readonly seen: number;
}

export type FollowEvent =
  | { readonly type: "scrolledUp"; readonly rows: number }
  | { readonly type: "selected"; readonly rows: number }
  | { readonly type: "found"; readonly rows: number }
  | { readonly type: "reachedEnd"; readonly rows: number; readonly selecting: boolean }
  | { readonly type: "resume"; readonly rows: number }
  | { readonly type: "pause"; readonly rows: number }
  /** Another list of rows is shown: another attempt, or what a filter leaves. */
  | { readonly type: "list"; readonly rows: number };

export const FOLLOWING: Follow = { following: true, seen: 0 };

export function follow(state: Follow, event: FollowEvent): Follow {
  switch (event.type) {
    case "scrolledUp":
    case "selected":
    case "found":
    case "pause":
      return state.following ? { following: false, seen: event.rows } : state;
    case "reachedEnd":
      // Someone who marks text at the end wants it to stay there.
      return event.selecting ? state : { following: true, seen: event.rows };
    case "resume":
      return { following: true, seen: event.rows };
    case "list":
      return { following: state.following, seen: event.rows };
  }
}

/** How many rows came since the reader left the end. */
export function newRows(state: Follow, rows: number): number {
  return state.following ? 0 : Math.max(0, rows - state.seen);
}

const grouped = new Intl.NumberFormat("en-US");

export function newRowsLabel(count: number): string {
  return `${grouped.format(count)} new ${count === 1 ? "line" : "lines"} ↓`;
}

/** Which attempt to show next: a window that follows the latest moves on, one that was pinned to an attempt stays. */
export function nextAttempt(shown: number, latest: number, pinned: boolean): number {
  return pinned ? shown : Math.max(shown, latest);
}
