// Searching, merging and excerpting made-up logs, for the backend in memory: the same answers as the app's, found
// the slow way. A log is given as a function from row numbers to rows, so that ten million rows cost nothing.
import { ApiError } from "./errors";
import type {
  DensityBucket,
  LineChunk,
  LineMatch,
  LogDensity,
  LogQuery,
  LogRow,
  LogText,
  MatchedRows,
  MergedRow,
  MergedRows,
  Rank,
  RowRanges,
  SearchHit,
  SearchProgress,
  TextPosition,
} from "./types";

/** One run's log as it stands now. */
export interface FakeLog {
  rows: number;
  live: boolean;
  at(row: number): LogRow;
}

/** Rows searched in one go; what is longer goes on in later turns of the event loop. */
const SLICE = 50_000;
/** About what a row of these logs takes. */
const ROW_BYTES = 72;
const MAX_ROWS = 1_000;

type Ranges = (row: LogRow) => [number, number][];

/** Where a row matches; empty when it does not. An inverted query has no ranges, and its rows say so with `[0, 0]`. */
function matcher(query: LogQuery): Ranges {
  const expression = expressionOf(query, "pattern");
  const excluded = query.exclude ? expressionOf(query, "exclude") : null;
  const fields = conditionsOf(query.fields ?? "");
  return (row) => {
    if (row.removed || row.gap !== undefined || (query.stream && row.stream !== query.stream)) return [];
    if (query.severity && row.severity !== query.severity) return [];
    if (excluded && row.text.search(excluded) >= 0) return [];
    const found = [...row.text.matchAll(expression)].map((match): [number, number] => [
      match.index,
      match.index + match[0].length,
    ]);
    if (!fields.every((holds) => holds(row.text))) found.length = 0;
    if (query.invert) return found.length === 0 ? [[0, 0]] : [];
    return found;
  };
}

/** As far as made-up rows go, whose values have no blanks in them. */
function conditionsOf(fields: string): ((text: string) => boolean)[] {
  return [...fields.matchAll(/(\S+?)(?:(!?=)(\S*)|(?=\s|$))/g)].map((condition) => {
    const [, name = "", sign, value = ""] = condition;
    if (sign === undefined) {
      const message = `no = behind ${name}${/[\p{L}\p{N}]$/u.test(name) ? "," : ""} at column ${condition.index + name.length + 1}`;
      throw new ApiError({ error: "InvalidRequest", field: "query.fields", message });
    }
    const quoted = JSON.stringify(name).toLowerCase();
    const plain = value.replaceAll('"', "").toLowerCase();
    const forms = [
      `${quoted}:"${plain}"`,
      `${quoted}:${plain},`,
      `${quoted}:${plain}}`,
      ` ${name}=${plain} `,
    ];
    return (text) => {
      const padded = ` ${text.toLowerCase()} `;
      return forms.some((form) => padded.includes(form.toLowerCase())) === (sign === "=");
    };
  });
}

function expressionOf(query: LogQuery, field: "pattern" | "exclude"): RegExp {
  const pattern = query[field] ?? "";
  const source = query.regex ? pattern : pattern.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const word = query.wholeWord ? `(?<!\\w)(?:${source})(?!\\w)` : source;
  try {
    return new RegExp(word, query.caseSensitive ? "g" : "gi");
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    throw new ApiError({ error: "InvalidRequest", field: `query.${field}`, message });
  }
}

/** A search over one log: near `near` first, then back, then forward and on as the log grows. */
export class FakeSearch {
  #rangesOf: Ranges;
  #invert: boolean;
  /** Searched is `#from` to `#to`; matches in it, in order. */
  #from: number;
  #to: number;
  #hits: number[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private log: () => FakeLog,
    query: LogQuery,
    private near: number,
    private onProgress: (progress: SearchProgress) => void,
  ) {
    this.#rangesOf = matcher(query);
    this.#invert = query.invert;
    this.#from = this.#to = Math.min(Math.max(0, near), log().rows);
    this.#advance();
  }

  close() {
    clearTimeout(this.#timer);
    this.onProgress = () => {};
  }

  /** The log may have grown. */
  look() {
    if (this.#timer === undefined && this.#to < this.log().rows) this.#advance();
  }

  step(row: number, forward: boolean): SearchHit | null {
    const total = this.#hits.length;
    if (total === 0) return null;
    const rank = this.rank(forward ? row + 1 : row);
    const index = forward ? rank % total : (rank - 1 + total) % total;
    return { row: this.#hits[index]!, index: index + 1, total };
  }

  rows(from: Rank, count: number): MatchedRows {
    const log = this.log();
    const rows = this.#hits.slice(from, from + Math.min(count, MAX_ROWS)).map((row) => log.at(row));
    return { from, total: this.#hits.length, rows };
  }

  rank(row: number): number {
    let [low, high] = [0, this.#hits.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#hits[middle]! < row) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  ranges(from: number, count: number): RowRanges[] {
    if (this.#invert) return [];
    const log = this.log();
    const to = Math.min(from + Math.min(count, MAX_ROWS), log.rows);
    const found: RowRanges[] = [];
    for (let row = from; row < to; row++) {
      const ranges = this.#rangesOf(log.at(row));
      if (ranges.length > 0) found.push({ row, ranges });
    }
    return found;
  }

  line(row: number, fromByte: number, forward: boolean): LineMatch | null {
    const { text } = this.log().at(row);
    const bytes = (to: number): number => new TextEncoder().encode(text.slice(0, to)).length;
    const all = this.#ranges(row).map(([from, to]) => ({ fromByte: bytes(from), toByte: bytes(to) }));
    const behind = (match: LineMatch): boolean => match.fromByte >= fromByte;
    return (forward ? all.find(behind) : all.findLast((match) => !behind(match))) ?? null;
  }

  /** Columns of a part of a row's text. */
  within(row: number, from: number, to: number): [number, number][] {
    const inside = this.#ranges(row).filter(([start, end]) => start < to && end > from);
    return inside.map(([start, end]) => [Math.max(start, from) - from, Math.min(end, to) - from]);
  }

  #ranges(row: number): [number, number][] {
    return this.#invert ? [] : this.#rangesOf(this.log().at(row));
  }

  matches(row: LogRow): boolean {
    return this.#rangesOf(row).length > 0;
  }

  #scan(log: FakeLog, from: number, to: number): number[] {
    const found: number[] = [];
    for (let row = from; row < to; row++) if (this.matches(log.at(row))) found.push(row);
    return found;
  }

  #advance() {
    this.#timer = undefined;
    const log = this.log();
    let left = SLICE;
    const forward = (end: number) => {
      const to = Math.min(end, this.#to + left, log.rows);
      this.#hits = this.#hits.concat(this.#scan(log, this.#to, to));
      left -= Math.max(0, to - this.#to);
      this.#to = Math.max(to, this.#to);
    };
    forward(this.near + MAX_ROWS);
    const from = Math.max(0, this.#from - left);
    this.#hits = this.#scan(log, from, this.#from).concat(this.#hits);
    left -= this.#from - from;
    this.#from = from;
    if (from === 0) forward(log.rows);
    const complete = this.#from === 0 && this.#to === log.rows;
    const nearest = this.#hits[this.rank(this.near)] ?? this.#hits.at(-1);
    this.onProgress({
      matches: this.#hits.length,
      searchedBytes: (this.#to - this.#from) * ROW_BYTES,
      totalBytes: log.rows * ROW_BYTES,
      complete,
      live: log.live,
      nearest,
    });
    if (!complete) this.#timer = setTimeout(() => this.#advance(), 0);
  }
}

/** All matches of a log that is small enough to be read at once. */
export function searchOnce(log: FakeLog, query: LogQuery): { matches: number; first?: LogRow } {
  const rangesOf = matcher(query);
  let matches = 0;
  let first: LogRow | undefined;
  for (let row = 0; row < Math.min(log.rows, SLICE); row++) {
    const line = log.at(row);
    if (rangesOf(line).length === 0) continue;
    matches++;
    first ??= line;
  }
  return { matches, first };
}

export function fakeDensity(log: FakeLog, count: number, search?: FakeSearch): LogDensity {
  const buckets: DensityBucket[] = [];
  for (let n = 0; n < count; n++) {
    const from = Math.floor((log.rows * n) / count);
    const to = Math.floor((log.rows * (n + 1)) / count);
    const step = Math.max(1, Math.floor((to - from) / 50));
    const bucket = { stdout: 0, stderr: 0, matches: search ? search.rank(to) - search.rank(from) : 0 };
    for (let row = from; row < to; row += step) bucket[log.at(row).stream] += Math.min(step, to - row);
    buckets.push(bucket);
  }
  return { rows: log.rows, buckets };
}

export function fakeLineChunk(
  log: FakeLog,
  row: number,
  fromByte: number,
  count: number,
  search?: FakeSearch,
): LineChunk {
  const bytes = new TextEncoder().encode(log.at(row).text);
  const nextByte = Math.min(bytes.length, fromByte + count);
  const decode = (from: number, to: number): string => new TextDecoder().decode(bytes.subarray(from, to));
  const text = decode(fromByte, nextByte);
  const column = decode(0, fromByte).length;
  const ranges = search?.within(row, column, column + text.length);
  return { text, ranges, fromByte, nextByte, fullLen: bytes.length };
}

export function fakeText(
  log: FakeLog,
  start: TextPosition,
  end: TextPosition,
  timestamps: boolean,
  search?: FakeSearch,
): LogText {
  const lines: string[] = [];
  for (let row = start.row; row <= Math.min(end.row, log.rows - 1); row++) {
    const line = log.at(row);
    if (search && !search.matches(line)) continue;
    const text = line.text.slice(
      row === start.row ? start.column : 0,
      row === end.row ? end.column : undefined,
    );
    lines.push(timestamps ? `${new Date(line.ts).toISOString()} ${text}` : text);
  }
  return { text: lines.join("\n"), truncated: false };
}

/** By time, then source, then row: finds the time of the first row wanted by halving, then merges from there. */
export function fakeMerged(logs: FakeLog[], from: number, count: number): MergedRows {
  const total = logs.reduce((sum, log) => sum + log.rows, 0);
  const before = (log: FakeLog, ts: number) => {
    let [low, high] = [0, log.rows];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (log.at(middle).ts < ts) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  let [low, high] = [0, 1];
  for (const log of logs) if (log.rows > 0) high = Math.max(high, log.at(log.rows - 1).ts + 1);
  // The latest time before which no more than `from` rows lie.
  while (low + 1 < high) {
    const middle = Math.floor((low + high) / 2);
    if (logs.reduce((sum, log) => sum + before(log, middle), 0) <= from) low = middle;
    else high = middle;
  }
  const next = logs.map((log) => before(log, low));
  let rank = next.reduce((sum, row) => sum + row, 0);
  const rows: MergedRow[] = [];
  while (rank < total && rows.length < Math.min(count, MAX_ROWS)) {
    let source = -1;
    let first: LogRow | undefined;
    logs.forEach((log, n) => {
      const row = next[n]!;
      if (row >= log.rows) return;
      const line = log.at(row);
      if (!first || line.ts < first.ts) [first, source] = [line, n];
    });
    if (!first) break;
    next[source]!++;
    if (rank++ >= from) rows.push({ ...first, source, position: rank - 1 });
  }
  return { from, total, rows };
}

/** Several logs as one whose rows are numbered by their positions. */
export function mergedLog(logs: FakeLog[]): FakeLog {
  const rows = logs.reduce((sum, log) => sum + log.rows, 0);
  let page: MergedRow[] = [];
  let last = -1;
  const at = (position: number): MergedRow => {
    const first = page[0]?.position ?? Infinity;
    // Rows that are asked for one after the other are made many at a time.
    if (position < first || position >= first + page.length)
      page = fakeMerged(logs, position, position === last + 1 ? MAX_ROWS : 1).rows;
    last = position;
    return page[position - (page[0]?.position ?? 0)] as MergedRow;
  };
  return { rows, live: logs.some((log) => log.live), at };
}
