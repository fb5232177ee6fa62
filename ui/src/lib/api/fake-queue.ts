// Commands on the queue of the backend in memory: enough for tests of views.
import type { Backend } from "./backend";
import { ApiError } from "./errors";
import { fakeForecast } from "./fake-forecast";
import { fakeHead } from "./fake-heads";
import { checkSpec } from "./fake-check";
import type { FakeTask } from "./fake-data";
import type { FakeTasks } from "./fake-tasks";
import { stoodStill } from "../shared/format";
import type { TaskRow } from "./types";

type QueueMethods = Pick<
  Backend,
  | "holdTask"
  | "releaseTask"
  | "setPriority"
  | "moveTask"
  | "runNow"
  | "retryNow"
  | "editTask"
  | "suspendTask"
  | "resumeTask"
  | "holdAll"
  | "forecast"
>;

const conflict = (message: string) => new ApiError({ error: "Conflict", message });

export function createFakeQueue(tasks: FakeTasks): QueueMethods {
  const waiting = (id: string): FakeTask => {
    const task = tasks.get(id);
    if (task.row.task.status.phase !== "pending") throw conflict(`task ${id} does not wait`);
    return task;
  };
  const standStill = async (id: string, suspended: boolean) => {
    const { row } = tasks.get(id);
    if (row.task.status.phase !== "running") throw conflict(`task ${id} does not run`);
    row.suspended = suspended || undefined;
    const [still, now] = [row.suspension ?? { totalMs: 0 }, Date.now()];
    row.suspension = suspended ? { since: now, ...still } : { totalMs: stoodStill(still, now) };
    tasks.touch(id);
  };
  return {
    holdTask: async ({ id }) => {
      waiting(id).row.waiting = { reason: "held" };
      tasks.touch(id);
    },
    releaseTask: async ({ id }) => {
      const { row } = waiting(id);
      if (row.waiting?.reason !== "held") return;
      row.waiting = { reason: "lane", position: 1, behind: row.task.spec.slot };
      tasks.touch(id);
      tasks.startNext(row.task.spec.slot);
    },
    setPriority: async ({ id, priority }) => {
      const { row, spec } = waiting(id);
      spec.priority = priority;
      row.task.spec = fakeHead(spec);
      tasks.touch(id);
    },
    moveTask: async ({ id, before, after, first, last }) => {
      const { row } = waiting(id);
      const place = (other: TaskRow) => (other.waiting?.reason === "lane" ? other.waiting.position : 0);
      const queue = tasks.inLane(row.task.spec.slot).filter((other) => place(other) > 0 && other !== row);
      queue.sort((a, b) => place(a) - place(b));
      const beside = queue.findIndex((other) => other.task.metadata.id === (before ?? after));
      const at = first ? 0 : last ? queue.length : beside + (after === undefined || after === null ? 0 : 1);
      queue.splice(at, 0, row);
      queue.forEach((other, index) => {
        if (other.waiting?.reason === "lane") other.waiting.position = index + 1;
        tasks.touch(other.task.metadata.id);
      });
    },
    runNow: async ({ id }) => {
      waiting(id);
      tasks.setPhase(id, "running");
    },
    retryNow: async ({ id }) => {
      waiting(id);
      tasks.setPhase(id, "running");
    },
    editTask: async ({ id, spec, resourceVersion }) => {
      const task = waiting(id);
      const now = task.row.task.metadata.resourceVersion;
      if (now !== resourceVersion) throw conflict(`task ${id} has changed since it was read`);
      checkSpec(spec);
      task.spec = structuredClone(spec);
      task.row.task.spec = fakeHead(spec);
      tasks.touch(id);
    },
    suspendTask: ({ id }) => standStill(id, true),
    resumeTask: ({ id }) => standStill(id, false),
    forecast: async (query = {}) => fakeForecast(tasks.rows, query, (slot) => tasks.keptLane(slot)),
    holdAll: async ({ held }) => {
      tasks.holdAll(held);
      tasks.touch("");
    },
  };
}
