// When tasks waited and ran, and which waited for which, of the backend in memory: enough to look at.
import { isFinished } from "../shared/phase";
import type { LinkedTasks, SpansQuery, TaskRow, TaskSpans, TaskSpec } from "./types";

interface FakeTask {
  row: TaskRow;
  spec: TaskSpec;
}

const idOf = ({ row }: FakeTask) => row.task.metadata.id;

export function fakeSpans(all: FakeTask[], { from, to, ofJobs, limit }: SpansQuery): TaskSpans {
  const there = all.filter(({ row, spec }) => {
    const { createdAt } = row.task.metadata;
    return createdAt <= to && (row.finishedAt ?? to) >= from && (!ofJobs || spec.job !== undefined);
  });
  there.sort((a, b) => (idOf(a) < idOf(b) ? 1 : -1));
  const spans = there.slice(0, limit ?? 1000).map(({ row, spec }) => ({
    task: row.task.metadata.id,
    name: row.task.spec.name,
    slot: row.task.spec.slot,
    ownLane: row.task.spec.ownLane,
    job: spec.job,
    phase: row.task.status.phase,
    attempt: row.task.status.attempt,
    createdAt: row.task.metadata.createdAt,
    startedAt: row.startedAt,
    finishedAt: row.finishedAt,
    tookMs: isFinished(row.task.status.phase) ? row.recentRuns.at(-1)?.durationMs : undefined,
  }));
  return { spans, more: spans.length < there.length };
}

/** Up to all that a task waits for, and down to all that wait for it. */
export function fakeOrder(id: string, tasks: ReadonlyMap<string, FakeTask>): LinkedTasks {
  const links = [...tasks.values()].flatMap((task) =>
    (task.spec.after ?? []).map(({ task: on, when = "succeeded" as const }) => ({
      on,
      task: idOf(task),
      when,
      fulfilled: tasks.get(on)?.row.task.status.phase === "succeeded",
    })),
  );
  const reach = (from: "on" | "task", to: "on" | "task") => {
    const found = new Set([id]);
    for (const one of found) for (const link of links) if (link[from] === one) found.add(link[to]);
    return found;
  };
  const there = new Set([...reach("task", "on"), ...reach("on", "task")]);
  return {
    tasks: [...there].sort().map((task) => {
      const row = tasks.get(task)?.row;
      return { task, name: row?.task.spec.name ?? "", phase: row?.task.status.phase };
    }),
    links: links.filter(({ on, task }) => there.has(on) && there.has(task)),
    more: false,
  };
}
