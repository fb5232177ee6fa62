// How the backend in memory answers what is asked of its tasks: lists, single rows, and what became of a task, run by run and event
// by event. It changes nothing.
import type { Backend } from "./backend";
import type { FakeTask } from "./fake-data";
import { fakeMatch } from "./fake-heads";
import { fakeOrder, fakeSpans } from "./fake-past";
import { environmentOf } from "./fake-settings";
import { copy, type FakeTasks } from "./fake-tasks";
import { compareRows, isNewestFirst, NEWEST_FIRST } from "../shared/order";
import type { AttemptsNotKept, HistoryQuery, Task, TaskEvent, TaskRow, TaskRun } from "./types";

type ListMethods = Pick<
  Backend,
  | "getTaskStatus"
  | "queryTasks"
  | "listTaskRuns"
  | "listTasks"
  | "getTaskRow"
  | "getTaskRows"
  | "getSummary"
  | "listLanes"
  | "taskOrder"
  | "tasksBetween"
  | "taskEvents"
  | "pageRuns"
  | "pageEvents"
  | "getRunEnvironment"
  | "countExpired"
  | "watchTasks"
>;

const DAY_MS = 86_400_000;
const whole = ({ row, spec }: FakeTask): Task => ({ ...row.task, spec });

/** After a cursor the next ones, else the latest ones. */
function paged<T>(all: T[], { after, before, limit = 100 }: HistoryQuery, numberOf: (item: T) => number) {
  const hits = all.filter((item) => numberOf(item) > (after ?? -1) && numberOf(item) < (before ?? Infinity));
  const page = after === undefined ? hits.slice(-limit) : hits.slice(0, limit);
  return { page, more: page.length < hits.length };
}

function notKept(runs: TaskRun[]): AttemptsNotKept | undefined {
  const at = runs.findIndex((run, i) => run.attempt > (runs[i - 1]?.attempt ?? 0) + 1);
  const after = runs[at - 1]?.attempt ?? 0;
  return at < 0 ? undefined : { after, count: runs[at]!.attempt - after - 1 };
}

function eventsOf({ row, runs }: FakeTask): TaskEvent[] {
  const { metadata, spec, status } = row.task;
  const list: Omit<TaskEvent, "seq">[] = [
    { at: metadata.createdAt, kind: "queued", detail: `lane ${spec.slot}` },
  ];
  for (const { attempt, startedAt, finishedAt, error, exitCode } of runs) {
    list.push({ at: startedAt, attempt, kind: "started", detail: `pid ${4000 + attempt * 17}` });
    if (finishedAt !== undefined)
      list.push({ at: finishedAt, attempt, kind: "exited", detail: error ?? `exit ${exitCode ?? 0}` });
  }
  if (row.nextAttemptAt)
    list.push({ at: metadata.updatedAt, kind: "retryScheduled", detail: "next attempt after 42 s" });
  if (row.finishedAt) list.push({ at: row.finishedAt, kind: "finished", detail: status.phase });
  return list.map((event, seq) => ({ seq, ...event }));
}

export function createFakeList(tasks: FakeTasks): ListMethods {
  return {
    getTaskStatus: async (id) => {
      const task = tasks.all.get(id);
      return task ? copy(whole(task)) : null;
    },
    queryTasks: async (query) => {
      const all = [...tasks.all.values()].map(whole).reverse();
      const hits = all.filter(
        (task) =>
          (!query.slot || task.spec.slot === query.slot) &&
          (!query.status?.length || query.status.includes(task.status.phase)),
      );
      const from = query.offset ?? 0;
      return copy({ tasks: hits.slice(from, from + (query.limit ?? 100)), total: hits.length });
    },
    listTaskRuns: async (id) => copy(tasks.get(id).runs),
    listTasks: async ({ query }) => {
      const hits = tasks.rows.filter((row) => fakeMatch(row, query));
      const order = { by: query.sort ?? NEWEST_FIRST.by, reverse: query.reverse ?? false };
      hits.sort(compareRows(order, Date.now()));
      const after = query.cursor;
      const from =
        after === undefined
          ? 0
          : isNewestFirst(order)
            ? hits.findIndex((row) => row.task.metadata.id < after)
            : hits.findIndex((row) => row.task.metadata.id === after) + 1;
      const limit = Math.min(query.limit ?? 100, 1000);
      const page: TaskRow[] = from < 0 ? [] : hits.slice(from, from + limit);
      const more = from >= 0 && from + limit < hits.length;
      return copy({
        rows: page,
        total: hits.length,
        nextCursor: more ? page.at(-1)?.task.metadata.id : undefined,
      });
    },
    getTaskRow: async ({ id }) => copy(tasks.all.get(id)?.row ?? null),
    getTaskRows: async ({ ids }) => copy(ids.flatMap((id) => tasks.all.get(id)?.row ?? [])),
    getSummary: async () => tasks.summary(),
    listLanes: async () => tasks.summary().lanes,
    taskOrder: async ({ id }) => {
      tasks.get(id);
      return copy(fakeOrder(id, tasks.all));
    },
    tasksBetween: async (asked) => copy(fakeSpans([...tasks.all.values()], asked)),
    taskEvents: async ({ id }) => eventsOf(tasks.get(id)),
    pageRuns: async ({ id, query }) => {
      const { runs } = tasks.get(id);
      const { page, more } = paged(runs, query, (run) => run.attempt);
      return copy({ runs: page, more, notKept: notKept(runs) });
    },
    pageEvents: async ({ id, query }) => {
      const task = tasks.get(id);
      const { page, more } = paged(eventsOf(task), query, (event) => event.seq);
      return copy({ events: page, more, notKept: notKept(task.runs) });
    },
    getRunEnvironment: async ({ run: { id, attempt } }) => {
      const { kind } = tasks.get(id).spec;
      const of = "wasm" in kind ? kind.wasm : "container" in kind ? kind.container : kind.subprocess;
      return environmentOf(attempt, of.env ?? []);
    },
    countExpired: async ({ keepDays, keepTasks } = {}) => {
      const ends = tasks.rows.flatMap((row) => row.finishedAt ?? []).sort((a, b) => a - b);
      const since = keepDays == null ? 0 : Date.now() - keepDays * DAY_MS;
      const over = keepTasks == null ? 0 : Math.max(0, ends.length - keepTasks);
      return Math.max(over, ends.filter((at) => at < since).length);
    },
    watchTasks: async (query, onChange) => tasks.watch(query, onChange),
  };
}
