// The logs of the backend in memory: their extent, rows, searches, merged ones and bookmarks. What a row says is fake-log.ts's, how
// rows are searched and merged fake-search.ts's.
import type { Backend } from "./backend";
import { ApiError } from "./errors";
import { fakeLine } from "./fake-log";
import {
  FakeSearch,
  fakeDensity,
  fakeLineChunk,
  fakeMerged,
  fakeText,
  mergedLog,
  searchOnce,
  type FakeLog,
} from "./fake-search";
import { copy, type FakeTasks } from "./fake-tasks";
import type { Bookmark, LogInfo, MatchedMergedRows, MergedRow, RunId } from "./types";

type LogMethods = Pick<
  Backend,
  | "lastLines"
  | "getLogInfo"
  | "setLogEncoding"
  | "readLog"
  | "watchLog"
  | "readLine"
  | "readLogText"
  | "getLogDensity"
  | "exportLog"
  | "readMerged"
  | "mergedDensity"
  | "mergedPositions"
  | "mergedPositionAt"
  | "exportMerged"
  | "openSearch"
  | "openMergedSearch"
  | "mergedSearchRows"
  | "searchStep"
  | "searchRows"
  | "searchRank"
  | "searchLine"
  | "searchRanges"
  | "searchAll"
  | "listBookmarks"
  | "setBookmark"
  | "deleteBookmark"
>;

const ROW_BYTES = 72;

export interface FakeLogs {
  readonly methods: LogMethods;
  /** A log may have more rows now, or another state. */
  grew(): void;
}

export function createFakeLogs(tasks: FakeTasks): FakeLogs {
  const watchers = new Set<() => void>();
  const searches = new Map<string, FakeSearch>();
  const bookmarks = new Map<string, Bookmark[]>();
  /** What somebody has chosen; these logs read the same in any. */
  const encodings = new Map<string, string>();

  function infoOf(id: string, attempt: number): LogInfo {
    const task = tasks.get(id);
    const chosen = encodings.get(`${id} ${attempt}`);
    const run = task.runs.find((candidate) => candidate.attempt === attempt) ?? task.runs.at(-1);
    return {
      attempt: run?.attempt ?? 0,
      rows: run ? task.logRows : 0,
      bytes: run ? task.logRows * ROW_BYTES : 0,
      live: run?.phase === "running",
      phase: run?.phase ?? "pending",
      exitCode: run?.exitCode,
      error: run?.error,
      startedAt: run?.startedAt ?? task.row.task.metadata.createdAt,
      finishedAt: run?.finishedAt,
      attempts: task.runs.at(-1)?.attempt ?? 0,
      ...(chosen && { encoding: chosen, encodingChosen: true }),
    };
  }

  function log(id: string, attempt: number): FakeLog {
    const { rows, live, startedAt } = infoOf(id, attempt);
    return { rows, live, at: (row) => fakeLine(row, startedAt, tasks.get(id).row.task.spec.slot) };
  }

  function search(searchId: string): FakeSearch {
    const found = searches.get(searchId);
    if (!found)
      throw new ApiError({
        error: "InvalidRequest",
        field: "searchId",
        message: "that search is not open",
      });
    return found;
  }
  const logsOf = (sources: readonly RunId[]): FakeLog[] => sources.map(({ id, attempt }) => log(id, attempt));
  const named = (searchId?: string | null) => (searchId ? search(searchId) : undefined);

  const methods: LogMethods = {
    lastLines: async ({ ids }) =>
      ids.flatMap((id) => {
        const { rows, at } = tasks.all.has(id) ? log(id, 0) : { rows: 0, at: undefined };
        const attempt = tasks.all.get(id)?.runs.at(-1)?.attempt ?? 0;
        return rows > 0 && at ? [{ task: id, attempt, text: at(rows - 1).text }] : [];
      }),
    getLogInfo: async ({ run: { id, attempt } }) => infoOf(id, attempt),
    setLogEncoding: async ({ run: { id, attempt }, encoding }) => {
      if (encoding) encodings.set(`${id} ${attempt}`, encoding);
      else encodings.delete(`${id} ${attempt}`);
      return infoOf(id, attempt);
    },
    readLog: async ({ run: { id, attempt }, from, count }) => {
      const { rows: total, at } = log(id, attempt);
      const length = Math.max(0, Math.min(total, from + count) - from);
      return { from, total, rows: Array.from({ length }, (_, i) => at(from + i)) };
    },
    watchLog: async (id, attempt, onInfo) => {
      onInfo(infoOf(id, attempt));
      const watcher = () => void (tasks.all.has(id) && onInfo(infoOf(id, attempt)));
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    readLine: async ({ run: { id, attempt }, row, fromByte, count, searchId }) =>
      fakeLineChunk(log(id, attempt), row, fromByte, count, named(searchId)),
    readLogText: async ({ run: { id, attempt }, start, end, timestamps, searchId }) =>
      fakeText(log(id, attempt), start, end, timestamps, named(searchId)),
    getLogDensity: async ({ run: { id, attempt }, buckets, searchId }) =>
      fakeDensity(log(id, attempt), buckets, named(searchId)),
    exportLog: async ({ run: { id, attempt } }) => {
      const { bytes, rows } = infoOf(id, attempt);
      return { path: `~/${id}.log`, bytes, rows };
    },

    readMerged: async ({ sources, from, count }) => fakeMerged(logsOf(sources), from, count),
    mergedDensity: async ({ sources, buckets, searchId }) =>
      fakeDensity(mergedLog(logsOf(sources)), buckets, named(searchId)),
    mergedPositions: async ({ sources, rows }) => {
      const merged = mergedLog(logsOf(sources));
      const all = Array.from({ length: merged.rows }, (_, i) => merged.at(i) as MergedRow);
      return rows.map(({ source, row }) => all.findIndex((one) => one.source === source && one.row === row));
    },
    mergedPositionAt: async ({ sources, at }) => {
      const merged = mergedLog(logsOf(sources));
      for (let i = 0; i < merged.rows; i += 1) if (merged.at(i).ts >= at) return i;
      return Math.max(0, merged.rows - 1);
    },
    exportMerged: async ({ sources }) => ({
      path: "~/merged.log",
      bytes: sources.reduce((all, { id, attempt }) => all + infoOf(id, attempt).bytes, 0),
      rows: sources.reduce((all, { id, attempt }) => all + infoOf(id, attempt).rows, 0),
    }),

    openSearch: async (id, attempt, query, near, onProgress) => {
      const searchId = `search-${++tasks.version}`;
      const opened = new FakeSearch(() => log(id, attempt), query, near, onProgress);
      searches.set(searchId, opened);
      return {
        searchId,
        close: () => {
          opened.close();
          searches.delete(searchId);
        },
      };
    },
    openMergedSearch: async (sources, query, near, onProgress) => {
      const searchId = `search-${++tasks.version}`;
      const parts = sources.map(
        ({ id, attempt }) =>
          () =>
            log(id, attempt),
      );
      const opened = new FakeSearch(() => mergedLog(logsOf(sources)), query, near, onProgress);
      const all = [opened, ...parts.map((part) => new FakeSearch(part, query, 0, () => {}))];
      const nameOf = (n: number): string => (n === 0 ? searchId : `${searchId}-${n - 1}`);
      all.forEach((one, n) => searches.set(nameOf(n), one));
      return {
        searchId,
        close: () =>
          all.forEach((one, n) => {
            one.close();
            searches.delete(nameOf(n));
          }),
      };
    },
    mergedSearchRows: async ({ searchId, from, count }) =>
      search(searchId).rows(from, count) as MatchedMergedRows,
    searchStep: async ({ searchId, row, forward }) => search(searchId).step(row, forward),
    searchRows: async ({ searchId, from, count }) => search(searchId).rows(from, count),
    searchRank: async ({ searchId, row }) => search(searchId).rank(row),
    searchLine: async ({ searchId, row, fromByte, forward }) => search(searchId).line(row, fromByte, forward),
    searchRanges: async ({ searchId, from, count }) => search(searchId).ranges(from, count),
    searchAll: async (query, ids, onHits) => {
      const wanted = [...tasks.all.keys()].filter((id) => ids?.includes(id) ?? true).reverse();
      const hits = wanted.flatMap((id) =>
        tasks
          .get(id)
          .runs.map(({ attempt }) => ({ attempt, ...searchOnce(log(id, attempt), query) }))
          .flatMap(({ attempt, matches, first }) =>
            first ? [{ id, attempt, matches, firstRow: first.row, firstText: first.text }] : [],
          ),
      );
      const counts = { searchedTasks: wanted.length, totalTasks: wanted.length };
      onHits({ tasks: hits, ...counts, complete: true, unreadLogs: 0 });
      return () => {};
    },

    listBookmarks: async ({ id }) => copy(bookmarks.get(tasks.get(id).row.task.metadata.id) ?? []),
    setBookmark: async ({ run: { id, attempt }, row, note }) => {
      const bookmark = { attempt, row, note, at: Date.now() };
      const others = (bookmarks.get(id) ?? []).filter((old) => old.attempt !== attempt || old.row !== row);
      const order = (a: Bookmark, b: Bookmark) => a.attempt - b.attempt || a.row - b.row;
      bookmarks.set(id, [...others, bookmark].sort(order));
      return copy(bookmark);
    },
    deleteBookmark: async ({ run: { id, attempt }, row }) => {
      const left = (bookmarks.get(id) ?? []).filter((old) => old.attempt !== attempt || old.row !== row);
      bookmarks.set(id, left);
    },
  };

  return {
    methods,
    grew: () => {
      for (const watcher of watchers) watcher();
      for (const search of searches.values()) search.look();
    },
  };
}
