// The columns of the list: what each is called, how wide it is, and what a click on its head sorts by. Pure; which ones are shown is
// kept by layout.svelte.ts.
import type { ListColumn, SortBy } from "../api/types";

interface Column {
  /** In the head, and in the list of columns. */
  readonly word: string;
  /** What it says, where the word alone does not. */
  readonly about?: string;
  /** In pixels, at least. */
  readonly width: number;
  /** Of what is left over, so many parts. */
  readonly grows?: number;
  readonly sort?: SortBy;
  /** Numbers and times stand at its right edge. */
  readonly right?: boolean;
}

export const COLUMNS: Readonly<Record<ListColumn, Column>> = {
  state: { word: "State", width: 100, sort: "state" },
  name: { word: "Name", width: 120, grows: 1, sort: "name" },
  story: {
    word: "Activity",
    about: "Why it is waiting, how it failed, or its last line",
    width: 180,
    grows: 1.15,
  },
  runs: { word: "Runs", about: "How the last runs went", width: 58, right: true },
  took: { word: "Duration", width: 74, sort: "took", right: true },
  ended: { word: "Ended", width: 70, sort: "changed", right: true },
  lane: { word: "Lane", width: 104, sort: "lane" },
  exit: { word: "Exit", about: "The exit code", width: 48, sort: "exit", right: true },
  attempt: { word: "Attempt", about: "The number of the latest attempt", width: 60, right: true },
  created: { word: "Created", width: 78, sort: "created", right: true },
  changed: {
    word: "Changed",
    about: "When it last changed its state",
    width: 78,
    sort: "changed",
    right: true,
  },
  usage: {
    word: "Usage",
    about: "Processor use while it runs, sampled in view only",
    width: 104,
    right: true,
  },
};
export const ALL_COLUMNS = Object.keys(COLUMNS) as ListColumn[];
export const USUAL: readonly ListColumn[] = ["state", "name", "story", "runs", "took", "ended"];
/** Without them a row is none. */
export const FIXED = new Set<ListColumn>(["state", "name"]);

const GAP = 12;
const PADDING = 24;
/** Of a tick for what is selected. */
const TICK = 20;

/** As many of the columns as there is room for: those at the right go first, and what a row cannot be without stays. */
export function fitting(columns: readonly ListColumn[], room: number): ListColumn[] {
  const kept = [...columns];
  const needed = () => kept.reduce((sum, column) => sum + COLUMNS[column].width + GAP, PADDING - GAP);
  while (needed() > room) {
    const at = kept.findLastIndex((column) => !FIXED.has(column) && column !== "story");
    if (at < 0) break;
    kept.splice(at, 1);
  }
  return kept;
}

/** The tracks of a row's grid. */
export const tracks = (columns: readonly ListColumn[], picking: boolean): string =>
  columns
    .map((column) => {
      const { width, grows } = COLUMNS[column];
      if (grows !== undefined) return `minmax(${column === "story" ? 0 : 96}px, ${grows}fr)`;
      return `${width + (picking && column === "state" ? TICK : 0)}px`;
    })
    .join(" ");

/** One of them a place further to the left or right. */
export function moved(columns: readonly ListColumn[], column: ListColumn, by: 1 | -1): ListColumn[] {
  const at = columns.indexOf(column);
  const to = at + by;
  if (at < 0 || to < 0 || to >= columns.length) return [...columns];
  const rest = columns.filter((other) => other !== column);
  return [...rest.slice(0, to), column, ...rest.slice(to)];
}

/** Shown or not; one that comes back stands at the end. */
export const toggled = (columns: readonly ListColumn[], column: ListColumn): ListColumn[] =>
  columns.includes(column) ? columns.filter((other) => other !== column) : [...columns, column];

/** Of what was kept, what can be shown: with what a row cannot be without. */
export function whole(columns: readonly ListColumn[]): readonly ListColumn[] {
  if (columns.length === 0) return USUAL;
  return [...[...FIXED].filter((column) => !columns.includes(column)), ...columns];
}
export const isUsual = (columns: readonly ListColumn[]): boolean => columns.join() === USUAL.join();
