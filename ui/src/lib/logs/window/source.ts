// What a window of logs reads. There are two: one log (one/one-log.svelte.ts) and several as one (merged/merged-logs.svelte.ts).
// A source says what there is and tells of its changes; what a person does with it is log-window.svelte.ts's.
import type {
  ApiError,
  Backend,
  Bookmark,
  ExportedLog,
  LogDensity,
  LogInfo,
  LogQuery,
  LogText,
  RunId,
  SearchProgress,
} from "../../api";
import type { OpenSearch } from "../../api/backend";
import type { RowHighlights } from "../find/highlights.svelte";
import type { Point } from "../pane/selection";
import type { RowFeed, ShownRow } from "../rows/list";
import type { MatchFeed } from "../rows/match-rows.svelte";
import type { RowKey } from "../rows/numbers";

/** The name of a row's log and the colour it has in this window. */
export interface Label {
  readonly text: string;
  readonly color: string;
}

/** A bookmark as a window lists it. */
export interface Mark {
  /** Unlike any other's. */
  readonly id: string;
  readonly bookmark: Bookmark;
  readonly run: RunId;
  /** Where it is, when that is not all there is in the window. */
  readonly where?: { readonly text: string; readonly color?: string };
  /** Its row, if it is among those of this window and known. */
  readonly key?: RowKey;
}

/** The bookmarks of a window, which are kept with the tasks of their rows. */
export interface Marks {
  readonly all: readonly Mark[];
  /** The marked rows that can be scrolled to, in order. */
  readonly keys: readonly RowKey[];
  of(row: ShownRow): Bookmark | undefined;
  load(): Promise<void>;
  /** Answers what was taken away, if that is what it did. */
  toggle(key: RowKey, row: ShownRow | undefined): Promise<Mark | undefined>;
  /** Also of one that was taken away: it is there again then. */
  note(mark: Mark, text: string): Promise<void>;
  remove(mark: Mark): Promise<Mark | undefined>;
  /** The next marked row behind this one, or before it, going round. */
  next(key: RowKey, forward: boolean): Promise<RowKey | undefined>;
  /** Shows what the mark's row is in, and says what it is known by there. */
  bring(mark: Mark): Promise<RowKey | undefined>;
  /** There is more of the log. */
  grew(): void;
  close(): void;
}

/** What a search needs to know of the logs it goes through. */
export interface Searchable {
  readonly backend: Backend;
  search(query: LogQuery, near: RowKey, onProgress: (progress: SearchProgress) => void): Promise<OpenSearch>;
  /** What an open search has found in rows that are drawn. */
  highlights(searchId: string): RowHighlights;
}

export interface Excerpt {
  /** The name of its log before each row, where there are several, and its time if `times`. */
  readonly prefixed: boolean;
  readonly times: boolean;
  /** Only rows that this search found. */
  readonly searchId?: string;
}

export interface LogSource extends RowFeed, MatchFeed, Searchable {
  /** The logs that are read, in their order. */
  readonly runs: readonly RunId[];
  /** Of all of them together; null until each has told. */
  readonly info: LogInfo | null;
  readonly error: ApiError | null;
  /** Changes when rows get other keys, as with another attempt. */
  readonly identity: string;
  /** What a person knows it by; empty until that is known. */
  readonly name: string;
  /** Rows have numbers that mean something to a person. */
  readonly numbered: boolean;
  /** What is looked through: "this attempt", "these logs". */
  readonly noun: string;
  readonly marks: Marks;

  open(events: SourceEvents): Promise<void>;
  /** The machine is there again: streams go on by themselves, and what failed meanwhile is asked anew. */
  returned(): void;
  close(): void;

  /** The log that a row is from. */
  runOf(row: ShownRow): RunId | undefined;
  /** Null where all rows are from one log. */
  labelOf(row: ShownRow): Label | null;
  /** All rows in equal slices, with the matches of a search. */
  density(buckets: number, searchId?: string): Promise<LogDensity>;
  /** The text of rows as it is shown; bounded, and it says so. */
  text(from: Point, to: Point, excerpt: Excerpt): Promise<LogText>;
  /** Saves all, or what a search found; the system asks where. */
  save(times: boolean, searchId?: string): Promise<ExportedLog | null>;
}

export interface SourceEvents {
  /** There is more, or it is known how it ended. */
  grew(): void;
  /** Rows have other keys from now on; of what there is, `grew` tells. */
  replaced(): void;
}
