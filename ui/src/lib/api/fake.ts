// A backend in memory, for tests and for looking at the page in a browser. It keeps the contract's rules where the page shows them
// (lanes, phases, errors with a field, paging, deltas); it runs nothing. Here it is put together, and tasks grow and end by themselves;
// its tasks are in fake-tasks.ts, and each other file answers one kind of question.
import type { Backend } from "./backend";
import { ApiError } from "./errors";
import { checkSpec } from "./fake-check";
import { createFakeHooks } from "./fake-hooks";
import { createFakeJobs } from "./fake-jobs";
import { createFakeLanes } from "./fake-lanes";
import { createFakeList } from "./fake-list";
import { createFakeLogs } from "./fake-logs";
import { FakeMachines, LAB_IS_LOST, SEEDED } from "./fake-machines";
import { fakeSpans } from "./fake-past";
import { createFakeQueue } from "./fake-queue";
import { fakeImages, fakeRunners } from "./fake-runners";
import { createFakeShell } from "./fake-shell";
import { copy, ended, FakeTasks, type FakeEnd } from "./fake-tasks";
import { watchFakeUsage } from "./fake-usage";
import type { CloseQuestion, Phase, Reach } from "./types";

/** How often live logs grow, and how long a stop takes then. */
const GROWTH_MS = 400;
const STOP_MS = 900;

export interface FakeOptions {
  /** How many tasks to start with; 0 is a first run. */
  tasks?: number;
  /** Whether two other machines are connected. */
  machines?: boolean;
  /** Let logs grow and tasks finish by themselves. Off in tests: they say what happens with `FakeControls`. */
  live?: boolean;
}

/** What a test can make happen from outside. */
export interface FakeControls {
  setPhase(id: string, phase: Phase, more?: FakeEnd): void;
  ids(): string[];
  /** As when the last window is about to close. */
  askClosing(question: CloseQuestion): void;
  /** As when a new task is chosen in the tray's menu. */
  askForm(): void;
  /** As when another machine is lost, or found again. */
  setReach(name: string, reach: Reach): void;
}

export function createFakeBackend(options: FakeOptions = {}): Backend & FakeControls {
  const live = options.live ?? false;
  const tasks = new FakeTasks(options.tasks, live, () => logs.grew());
  const logs = createFakeLogs(tasks);
  const shell = createFakeShell(options.machines ? SEEDED : []);
  const machines = new FakeMachines(shell.settings, shell.setConnections, (from, to) => tasks.turn(from, to));
  if (live) {
    machines.reach("lab", { state: "lost", problem: LAB_IS_LOST });
    setInterval(() => {
      for (const task of tasks.all.values())
        if (task.row.task.status.phase === "running") task.logRows += 3 + Math.floor(Math.random() * 40);
      logs.grew();
    }, GROWTH_MS);
  }

  const backend: Backend & FakeControls = {
    ids: () => [...tasks.all.keys()],
    askClosing: shell.askClosing,
    askForm: shell.askForm,
    setReach: (name, reach) => machines.reach(name, reach),
    setPhase: (id, phase, more) => tasks.setPhase(id, phase, more),

    ...shell.methods,
    ...logs.methods,
    ...createFakeList(tasks),
    ...createFakeQueue(tasks),
    ...createFakeHooks(() => tasks.rows),
    ...createFakeJobs({
      submit: (spec) => tasks.submit(spec),
      rows: () => [...tasks.all.values()].map(({ row, spec }) => ({ row, spec })),
    }),

    submitTask: (spec) => tasks.submit(spec),
    validateSpec: async ({ spec }) => checkSpec(spec),
    rerunTask: async ({ id }) => tasks.submit({ ...copy(tasks.get(id).spec), admission: "queue" }),
    deleteTask: async (id) => tasks.remove(id),
    stopTask: async ({ id }) => {
      const { row } = tasks.get(id);
      if (ended(row.task.status.phase))
        throw new ApiError({ error: "Conflict", message: "the task has already ended" });
      row.stopping = true;
      tasks.touch(id);
      const finish = () => tasks.all.has(id) && tasks.setPhase(id, "canceled", { error: "stopped" });
      if (live) setTimeout(finish, STOP_MS);
      else finish();
    },
    streamTaskLogs: async (_id, onFrame) => {
      onFrame({ events: [], end: true });
      return () => {};
    },
    watchUsage: async (id, onUsage) => watchFakeUsage(() => tasks.all.get(id)?.row.task.status, onUsage),

    ...createFakeLanes(tasks),

    listRunners: async () => fakeRunners,
    listImages: async () => fakeImages,
    checkClusterFolder: async () => {
      throw new ApiError({ error: "Conflict", message: "no cluster is used here" });
    },
    previewOnCluster: async () => {
      throw new ApiError({
        error: "InvalidRequest",
        field: "cluster",
        message: "the task is not for a cluster",
      });
    },
    watchMachines: async (onList, all) => machines.watch(onList, all),
    on: (machine) =>
      machine === machines.chosen
        ? backend
        : {
            ...backend,
            tasksBetween: async (asked) => {
              machines.check(machine);
              return copy(fakeSpans(tasks.elsewhere(machine), asked));
            },
            upcoming: async () => ({ times: [], more: false }),
          },
    chooseMachine: async (name) => machines.choose(name),
    saveConnection: async (connection, token, isNew) => machines.save(copy(connection), token, isNew),
    testConnection: async (connection, token) => machines.test(connection, token),
    removeConnection: async (name) => machines.remove(name),
  };
  return backend;
}
