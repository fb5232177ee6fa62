// A backend in memory, for tests and for looking at the page in a browser. It keeps the contract's rules where the
// page shows them (lanes, phases, errors with a field, paging, deltas); it runs nothing. Data: fake-data.ts.
import type { Backend, Unsubscribe } from "./backend";
import { BOUNDS } from "./bindings";
import { ApiError } from "./errors";
import { fakeId, makeTask, seedLanes, seedTasks, type FakeTask } from "./fake-data";
import { fakeMatch } from "./fake-heads";
import { fakeLine } from "./fake-log";
import { FakeMachines, LAB_IS_LOST, SEEDED } from "./fake-machines";
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
import {
  defaultSettings,
  diagnosis,
  doorsOf,
  environment,
  environmentOf,
  fakeToken,
  patched,
} from "./fake-settings";
import { createFakeHooks } from "./fake-hooks";
import { createFakeJobs, fakeJobOf } from "./fake-jobs";
import { fakeOrder, fakeSpans } from "./fake-past";
import { createFakeQueue } from "./fake-queue";
import { fakeImages, fakeRunners } from "./fake-runners";
import { watchFakeUsage } from "./fake-usage";
import { compareRows, isNewestFirst, NEWEST_FIRST } from "../shared/order";
import type {
  ApiErrorBody,
  AttemptsNotKept,
  HistoryQuery,
  Task,
  TaskRun,
  CloseQuestion,
  DoorStates,
  Bookmark,
  FieldError,
  Lane,
  ListQuery,
  ListLayout,
  SavedView,
  LogInfo,
  MergedRow,
  MatchedMergedRows,
  Phase,
  Reach,
  RunId,
  Summary,
  TaskChange,
  TaskEvent,
  TaskRow,
  TaskSpec,
  ServiceStatus,
} from "./types";

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
  setPhase(id: string, phase: Phase, more?: { exitCode?: number; error?: string }): void;
  ids(): string[];
  /** As when the last window is about to close. */
  askClosing(question: CloseQuestion): void;
  /** As when a new task is chosen in the tray's menu. */
  askForm(): void;
  /** As when another machine is lost, or found again. */
  setReach(name: string, reach: Reach): void;
}

const ended = (phase: Phase) => phase !== "pending" && phase !== "running";
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

const fail = (body: ApiErrorBody) => new ApiError(body);
const copy = <T>(value: T): T => structuredClone(value);

export function createFakeBackend(options: FakeOptions = {}): Backend & FakeControls {
  const tasks = new Map<string, FakeTask>();
  for (const task of seedTasks(options.tasks, Date.now())) tasks.set(task.row.task.metadata.id, task);
  for (const { spec } of tasks.values()) Object.assign(spec, fakeJobOf(spec));
  const lanes = seedLanes();
  let settings = defaultSettings();
  let tokens = 1;
  let service: ServiceStatus = {
    kind: "systemd",
    enabled: false,
    running: false,
    lingers: false,
    file: "~/.config/systemd/user/solti.service",
  };
  if (options.machines) settings.connections = SEEDED;
  /** The tasks of the machines that are not shown. */
  const elsewhere = new Map<string | null, FakeTask[]>();
  const machines = new FakeMachines(
    () => settings,
    (connections) => (settings = { ...settings, connections }),
    (from, to) => {
      elsewhere.set(from, [...tasks.values()]);
      tasks.clear();
      const there = elsewhere.get(to) ?? seedTasks(8, Date.now());
      for (const task of there) {
        if (!elsewhere.has(to)) task.row.task.metadata.id += `-${to}`;
        tasks.set(task.row.task.metadata.id, task);
      }
    },
  );
  if (options.live) machines.reach("lab", { state: "lost", problem: LAB_IS_LOST });
  const doors = new Set<(doors: DoorStates) => void>();
  const closing = new Set<(question: CloseQuestion | undefined) => void>();
  const formAsks = new Set<() => void>();
  const watchers = new Map<(change: TaskChange) => void, ListQuery>();
  const logWatchers = new Set<() => void>();
  const searches = new Map<string, FakeSearch>();
  const bookmarks = new Map<string, Bookmark[]>();
  const forgotten = new Set<string>();
  const drafts = new Map<string, string>();
  let views: SavedView[] = [];
  let layout: ListLayout = { columns: [] };
  const changed = new Set<string>();
  const deleted = new Set<string>();
  let version = 100_000;
  let created = tasks.size;
  let flushing = false;
  let allHeld = false;

  function get(id: string): FakeTask {
    const task = tasks.get(id);
    if (!task) throw fail({ error: "TaskNotFound", id, message: `there is no task ${id}` });
    return task;
  }

  function touch(id: string) {
    const task = tasks.get(id);
    if (task) {
      task.row.task.metadata.resourceVersion = ++version;
      task.row.task.metadata.updatedAt = Date.now();
      changed.add(id);
    }
    if (flushing) return;
    flushing = true;
    queueMicrotask(() => {
      flushing = false;
      const change: TaskChange = {
        resourceVersion: version,
        changed: [...changed].flatMap((key) => tasks.get(key)?.row ?? []),
        unmatched: [],
        deleted: [...deleted],
        summary: summarize(),
        resync: false,
      };
      changed.clear();
      deleted.clear();
      for (const [watcher, query] of watchers) {
        const others = change.changed.filter((row) => !fakeMatch(row, query));
        watcher(copy({ ...change, unmatched: others.map((row) => row.task.metadata.id) }));
      }
      logsGrew();
    });
  }

  function logsGrew() {
    for (const watcher of logWatchers) watcher();
    for (const search of searches.values()) search.look();
  }

  function laneOf(slot: string): Lane {
    const kept = lanes.get(slot) ?? { capacity: 1, paused: false };
    const lane: Lane = { slot, ...kept, running: 0, queued: 0, own: true };
    for (const { row } of tasks.values()) {
      if (row.task.spec.slot !== slot) continue;
      if (!row.task.spec.ownLane) lane.own = false;
      if (row.task.status.phase === "running") lane.running++;
      if (row.task.status.phase === "pending") lane.queued++;
    }
    return lane;
  }

  function summarize(): Summary {
    const byPhase: Summary["byPhase"] = {
      pending: 0,
      running: 0,
      succeeded: 0,
      failed: 0,
      timeout: 0,
      canceled: 0,
      exhausted: 0,
    };
    const slots = new Map<string, Lane>();
    const labels = new Map<string, { key: string; value: string; count: number }>();
    for (const { row } of tasks.values()) {
      const phase = row.task.status.phase;
      byPhase[phase]++;
      const slot = row.task.spec.slot;
      let lane = slots.get(slot);
      if (!lane)
        slots.set(
          slot,
          (lane = {
            slot,
            ...(lanes.get(slot) ?? { capacity: 1, paused: false }),
            running: 0,
            queued: 0,
            own: true,
          }),
        );
      if (!row.task.spec.ownLane) lane.own = false;
      if (phase === "running") lane.running++;
      if (phase === "pending") lane.queued++;
      for (const [key, value] of Object.entries(row.task.spec.labels ?? {})) {
        if (key === "name") continue;
        const known = labels.get(`${key}=${value}`);
        if (known) known.count++;
        else labels.set(`${key}=${value}`, { key, value, count: 1 });
      }
    }
    return {
      byPhase,
      lanes: [...slots.values()]
        .filter((lane) => !forgotten.has(lane.slot) && (!lane.own || lane.running + lane.queued > 0))
        .sort((a, b) => a.slot.localeCompare(b.slot)),
      labels: [...labels.values()],
      resourceVersion: version,
      storage: "ok",
      unkeptLimits: [],
      held: allHeld || undefined,
    };
  }

  function setPhase(id: string, phase: Phase, more: { exitCode?: number; error?: string } = {}) {
    const task = get(id);
    const { row } = task;
    const now = Date.now();
    row.task.status = { phase, attempt: row.task.status.attempt, ...more };
    row.waiting = undefined;
    row.nextAttemptAt = undefined;
    if (phase === "running") {
      row.task.status.attempt++;
      row.startedAt = now;
      row.finishedAt = undefined;
      task.runs.push({ attempt: row.task.status.attempt, phase, startedAt: now });
    } else if (ended(phase)) {
      row.stopping = false;
      row.finishedAt = now;
      const run = task.runs.at(-1);
      if (run && run.finishedAt === undefined) Object.assign(run, { phase, finishedAt: now, ...more });
    }
    row.recentRuns = task.runs.slice(-8).map((run) => ({
      attempt: run.attempt,
      phase: run.phase,
      durationMs: run.finishedAt === undefined ? undefined : run.finishedAt - run.startedAt,
    }));
    touch(id);
    if (ended(phase)) startNext(row.task.spec.slot);
  }

  function startNext(slot: string) {
    const queue = [...tasks.values()]
      .filter(({ row }) => row.task.spec.slot === slot && row.waiting?.reason === "lane")
      .sort((a, b) => (a.row.task.metadata.id < b.row.task.metadata.id ? -1 : 1));
    const lane = laneOf(slot);
    const first = queue.shift();
    if (!first || lane.paused || lane.running >= lane.capacity) return;
    setPhase(first.row.task.metadata.id, "running");
    queue.forEach(({ row }, index) => {
      row.waiting = { reason: "lane", position: index + 1, behind: first.row.task.spec.labels?.name ?? slot };
      touch(row.task.metadata.id);
    });
  }

  function check(spec: TaskSpec) {
    const wrong: FieldError[] = [];
    const refuse = (field: string, message: string) => wrong.push({ field, message });
    if (!/^[A-Za-z0-9._-]{1,64}$/.test(spec.slot))
      refuse("slot", "a lane's name has 1 to 64 letters, digits, dots, dashes or underscores");
    if (
      "subprocess" in spec.kind &&
      "command" in spec.kind.subprocess.mode &&
      spec.kind.subprocess.mode.command.command.trim() === ""
    ) {
      refuse("kind.subprocess.mode.command.command", "the command is empty");
    }
    const within = (field: string, value: number | undefined, least: number, most: number) => {
      if (value !== undefined && !(value >= least && value <= most))
        refuse(field, `must be from ${least} to ${most}`);
    };
    within("timeout", spec.timeout, 1, BOUNDS.MAX_DURATION_MS);
    if (spec.restart?.type === "always")
      within("restart.intervalMs", spec.restart.intervalMs, 0, BOUNDS.MAX_DURATION_MS);
    within("backoff.firstMs", spec.backoff?.firstMs, 1, BOUNDS.MAX_DURATION_MS);
    within("backoff.maxMs", spec.backoff?.maxMs, 1, BOUNDS.MAX_DURATION_MS);
    if (spec.backoff && spec.backoff.maxMs < spec.backoff.firstMs)
      refuse("backoff.maxMs", "the longest wait is shorter than the first");
    within("backoff.factor", spec.backoff?.factor, 1, BOUNDS.MAX_BACKOFF_FACTOR);
    within("maxRetries", spec.maxRetries, 1, BOUNDS.MAX_RETRIES);
    const [first, ...others] = wrong;
    if (first) throw fail({ error: "InvalidRequest", ...first, ...(others.length > 0 && { others }) });
  }

  async function submit(spec: TaskSpec): Promise<string> {
    check(spec);
    const lane = laneOf(spec.slot);
    const busy = lane.running >= lane.capacity;
    const holder = [...tasks.values()].find(
      ({ row }) => row.task.spec.slot === spec.slot && row.task.status.phase === "running",
    );
    if (busy && holder && (spec.admission ?? "dropIfRunning") === "dropIfRunning") {
      const running = holder.row.task.metadata.id;
      throw fail({
        error: "SlotBusy",
        message: `lane ${spec.slot} is busy with ${running}`,
        slot: spec.slot,
        running,
      });
    }
    const made = makeTask({ spec: copy(spec), ago: 0, phase: "pending", logRows: 0 }, created++, Date.now());
    const id = fakeId(Date.now(), created);
    forgotten.delete(spec.slot);
    made.row.task.metadata.id = id;
    tasks.set(id, made);
    const first = spec.after?.[0];
    if (first) {
      const name = tasks.get(first.task)?.row.task.spec.name ?? "";
      made.row.waiting = { reason: "dependency", on: first.task, when: first.when ?? "succeeded", name };
    } else if (spec.notBefore !== undefined && spec.notBefore > Date.now()) {
      made.row.waiting = { reason: "notBefore", until: spec.notBefore };
    }
    if (made.row.waiting) {
      touch(id);
      return id;
    }
    if (busy && holder && spec.admission === "replace") setPhase(holder.row.task.metadata.id, "canceled");
    if ((busy && spec.admission === "queue") || lane.paused) {
      made.row.waiting = lane.paused
        ? { reason: "lanePaused" }
        : {
            reason: "lane",
            position: lane.queued + 1,
            behind: holder?.row.task.spec.labels?.name ?? spec.slot,
          };
      touch(id);
    } else {
      setPhase(id, "running");
      if (options.live)
        setTimeout(
          () =>
            tasks.get(id)?.row.task.status.phase === "running" && setPhase(id, "succeeded", { exitCode: 0 }),
          6000,
        );
    }
    return id;
  }

  /** What somebody has chosen; these logs read the same in any. */
  const encodings = new Map<string, string>();

  function logInfo(id: string, attempt: number): LogInfo {
    const task = get(id);
    const chosen = encodings.get(`${id} ${attempt}`);
    const run = task.runs.find((candidate) => candidate.attempt === attempt) ?? task.runs.at(-1);
    return {
      attempt: run?.attempt ?? 0,
      rows: run ? task.logRows : 0,
      bytes: run ? task.logRows * 72 : 0,
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
    const { rows, live, startedAt } = logInfo(id, attempt);
    return { rows, live, at: (row) => fakeLine(row, startedAt, get(id).row.task.spec.slot) };
  }

  function search(searchId: string): FakeSearch {
    const found = searches.get(searchId);
    if (!found)
      throw fail({ error: "InvalidRequest", field: "searchId", message: "that search is not open" });
    return found;
  }
  const logsOf = (sources: readonly RunId[]): FakeLog[] => sources.map(({ id, attempt }) => log(id, attempt));
  const named = (searchId?: string | null) => (searchId ? search(searchId) : undefined);

  function events(task: FakeTask): TaskEvent[] {
    const list: Omit<TaskEvent, "seq">[] = [
      { at: task.row.task.metadata.createdAt, kind: "queued", detail: `lane ${task.row.task.spec.slot}` },
    ];
    for (const run of task.runs) {
      list.push({
        at: run.startedAt,
        attempt: run.attempt,
        kind: "started",
        detail: `pid ${4000 + run.attempt * 17}`,
      });
      if (run.finishedAt !== undefined)
        list.push({
          at: run.finishedAt,
          attempt: run.attempt,
          kind: "exited",
          detail: run.error ?? `exit ${run.exitCode ?? 0}`,
        });
    }
    if (task.row.nextAttemptAt)
      list.push({
        at: task.row.task.metadata.updatedAt,
        kind: "retryScheduled",
        detail: "next attempt after 42 s",
      });
    if (task.row.finishedAt)
      list.push({ at: task.row.finishedAt, kind: "finished", detail: task.row.task.status.phase });
    return list.map((event, seq) => ({ seq, ...event }));
  }

  if (options.live) {
    setInterval(() => {
      for (const task of tasks.values())
        if (task.row.task.status.phase === "running") task.logRows += 3 + Math.floor(Math.random() * 40);
      logsGrew();
    }, 400);
  }

  const subscribe = <T>(set: Set<T>, item: T): Unsubscribe => {
    set.add(item);
    return () => set.delete(item);
  };

  return {
    ids: () => [...tasks.keys()],
    askClosing: (question) => closing.forEach((asked) => asked(question)),
    askForm: () => formAsks.forEach((asked) => asked()),
    setReach: (name, reach) => machines.reach(name, reach),
    setPhase,
    submitTask: submit,
    getTaskStatus: async (id) => {
      const task = tasks.get(id);
      return task ? copy(whole(task)) : null;
    },
    queryTasks: async (query) => {
      const all = [...tasks.values()].map(whole).reverse();
      const hits = all.filter(
        (task) =>
          (!query.slot || task.spec.slot === query.slot) &&
          (!query.status?.length || query.status.includes(task.status.phase)),
      );
      const from = query.offset ?? 0;
      return copy({ tasks: hits.slice(from, from + (query.limit ?? 100)), total: hits.length });
    },
    listTaskRuns: async (id) => copy(get(id).runs),
    deleteTask: async (id) => {
      const slot = tasks.get(id)?.row.task.spec.slot;
      if (!tasks.delete(id)) return;
      deleted.add(id);
      touch(id);
      if (slot) startNext(slot);
    },
    streamTaskLogs: async (_id, onFrame) => {
      onFrame({ events: [], end: true });
      return () => {};
    },
    forgetLane: async ({ slot }) => void forgotten.add(slot),
    readDraft: async ({ draft }) => drafts.get(draft) ?? null,
    saveDraft: async ({ draft, text }) => {
      if (text == null) drafts.delete(draft);
      else drafts.set(draft, text);
    },
    lastLines: async ({ ids }) =>
      ids.flatMap((id) => {
        const { rows, at } = tasks.has(id) ? log(id, 0) : { rows: 0, at: undefined };
        const attempt = tasks.get(id)?.runs.at(-1)?.attempt ?? 0;
        return rows > 0 && at ? [{ task: id, attempt, text: at(rows - 1).text }] : [];
      }),
    hasDirectory: async ({ path }) => path.startsWith("/") && !path.includes("missing"),
    completeProgram: async ({ prefix }) =>
      ["make", "makepkg", "node", "npm", "python3", "rsync"].filter((name) => name.startsWith(prefix)),
    completeDirectory: async ({ prefix }) =>
      ["/home/me", "/home/me/work", "/srv", "/srv/data"].filter((path) => path.startsWith(prefix)),
    listRunners: async () => fakeRunners,
    listImages: async () => fakeImages,
    readViews: async () => views,
    saveViews: async (kept) => void (views = kept.views),
    ...createFakeHooks(() => [...tasks.values()].map(({ row }) => row)),
    readListLayout: async () => layout,
    saveListLayout: async (kept) => void (layout = kept.layout),
    countExpired: async ({ keepDays, keepTasks } = {}) => {
      const ends = [...tasks.values()].flatMap(({ row }) => row.finishedAt ?? []).sort((a, b) => a - b);
      const since = keepDays == null ? 0 : Date.now() - keepDays * 86_400_000;
      const over = keepTasks == null ? 0 : Math.max(0, ends.length - keepTasks);
      return Math.max(over, ends.filter((at) => at < since).length);
    },
    validateSpec: async ({ spec }) => check(spec),
    stopTask: async ({ id }) => {
      const { row } = get(id);
      if (ended(row.task.status.phase))
        throw fail({ error: "Conflict", message: "the task has already ended" });
      row.stopping = true;
      touch(id);
      const finish = () =>
        tasks.has(id) && setPhase(id, "canceled", { error: "killed by signal 15 (SIGTERM)" });
      if (options.live) setTimeout(finish, 900);
      else finish();
    },
    ...createFakeQueue({
      get,
      inLane: (slot) =>
        [...tasks.values()].map(({ row }) => row).filter((row) => row.task.spec.slot === slot),
      check,
      setPhase,
      startNext,
      touch,
      hold: (held) => (allHeld = held),
      all: () => [...tasks.values()].map(({ row }) => row),
      lane: (slot) => ({ places: lanes.get(slot)?.capacity ?? 1, paused: lanes.get(slot)?.paused ?? false }),
    }),
    rerunTask: async ({ id }) => submit({ ...copy(get(id).spec), admission: "queue" }),

    taskOrder: async ({ id }) => {
      get(id);
      return copy(fakeOrder(id, tasks));
    },
    tasksBetween: async (asked) => copy(fakeSpans([...tasks.values()], asked)),

    listTasks: async ({ query }) => {
      const hits = [...tasks.values()].map(({ row }) => row).filter((row) => fakeMatch(row, query));
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
    getTaskRow: async ({ id }) => copy(tasks.get(id)?.row ?? null),
    getTaskRows: async ({ ids }) => copy(ids.flatMap((id) => tasks.get(id)?.row ?? [])),
    getSummary: async () => summarize(),
    taskEvents: async ({ id }) => events(get(id)),
    pageRuns: async ({ id, query }) => {
      const { runs } = get(id);
      const { page, more } = paged(runs, query, (run) => run.attempt);
      return copy({ runs: page, more, notKept: notKept(runs) });
    },
    pageEvents: async ({ id, query }) => {
      const task = get(id);
      const { page, more } = paged(events(task), query, (event) => event.seq);
      return copy({ events: page, more, notKept: notKept(task.runs) });
    },
    getRunEnvironment: async ({ run: { id, attempt } }) => {
      const { kind } = get(id).spec;
      const of = "wasm" in kind ? kind.wasm : "container" in kind ? kind.container : kind.subprocess;
      return environmentOf(attempt, of.env ?? []);
    },
    watchTasks: async (query, onChange) => {
      watchers.set(onChange, query);
      return () => watchers.delete(onChange);
    },
    ...createFakeJobs({
      submit,
      rows: () => [...tasks.values()].map(({ row, spec }) => ({ row, spec })),
    }),
    watchUsage: async (id, onUsage) => watchFakeUsage(() => tasks.get(id)?.row.task.status, onUsage),
    listLanes: async () => summarize().lanes,
    setLaneRules: async ({ slot, rules }) => {
      if (rules.between && rules.between.from === rules.between.to)
        throw new ApiError({
          error: "InvalidRequest",
          field: "rules.between.to",
          message: "must not be the time from which it is",
        });
      lanes.set(slot, { ...(lanes.get(slot) ?? { capacity: 1, paused: false }), rules });
      startNext(slot);
      touch("");
      return laneOf(slot);
    },
    setLane: async ({ slot, ...change }) => {
      const kept = lanes.get(slot) ?? { capacity: 1, paused: false };
      lanes.set(slot, {
        ...kept,
        capacity: change.capacity ?? kept.capacity,
        paused: change.paused ?? kept.paused,
      });
      startNext(slot);
      touch("");
      return laneOf(slot);
    },
    getLogInfo: async ({ run: { id, attempt } }) => logInfo(id, attempt),
    setLogEncoding: async ({ run: { id, attempt }, encoding }) => {
      if (encoding) encodings.set(`${id} ${attempt}`, encoding);
      else encodings.delete(`${id} ${attempt}`);
      return logInfo(id, attempt);
    },
    readLog: async ({ run: { id, attempt }, from, count }) => {
      const { rows: total, at } = log(id, attempt);
      const length = Math.max(0, Math.min(total, from + count) - from);
      return { from, total, rows: Array.from({ length }, (_, i) => at(from + i)) };
    },
    watchLog: async (id, attempt, onInfo) => {
      onInfo(logInfo(id, attempt));
      return subscribe(logWatchers, () => tasks.has(id) && onInfo(logInfo(id, attempt)));
    },
    readLine: async ({ run: { id, attempt }, row, fromByte, count, searchId }) =>
      fakeLineChunk(log(id, attempt), row, fromByte, count, named(searchId)),
    readLogText: async ({ run: { id, attempt }, start, end, timestamps, searchId }) =>
      fakeText(log(id, attempt), start, end, timestamps, named(searchId)),
    getLogDensity: async ({ run: { id, attempt }, buckets, searchId }) =>
      fakeDensity(log(id, attempt), buckets, named(searchId)),
    exportLog: async ({ run: { id, attempt } }) => {
      const { bytes, rows } = logInfo(id, attempt);
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
      bytes: sources.reduce((all, { id, attempt }) => all + logInfo(id, attempt).bytes, 0),
      rows: sources.reduce((all, { id, attempt }) => all + logInfo(id, attempt).rows, 0),
    }),

    openSearch: async (id, attempt, query, near, onProgress) => {
      const searchId = `search-${++version}`;
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
      const searchId = `search-${++version}`;
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
      const wanted = [...tasks.keys()].filter((id) => ids?.includes(id) ?? true).reverse();
      const hits = wanted.flatMap((id) =>
        get(id)
          .runs.map(({ attempt }) => ({ attempt, ...searchOnce(log(id, attempt), query) }))
          .flatMap(({ attempt, matches, first }) =>
            first ? [{ id, attempt, matches, firstRow: first.row, firstText: first.text }] : [],
          ),
      );
      const counts = { searchedTasks: wanted.length, totalTasks: wanted.length };
      onHits({ tasks: hits, ...counts, complete: true, unreadLogs: 0 });
      return () => {};
    },

    listBookmarks: async ({ id }) => copy(bookmarks.get(get(id).row.task.metadata.id) ?? []),
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

    openLogWindow: async (id, attempt, row) => {
      const more = `${attempt ? `&attempt=${attempt}` : ""}${row === undefined ? "" : `&row=${row}`}`;
      window.open(`?view=log&task=${id}${more}`, `log-${id}`);
    },
    revealLog: async () => {
      throw fail({ error: "Unavailable", message: "no file manager can be reached" });
    },
    openMergedWindow: async (sources) => {
      const list = sources.map(({ id, attempt }) => `&source=${id}:${attempt}`).join("");
      window.open(`?view=merged${list}`);
    },
    pickDirectory: async (from) => from || "/srv",
    // Of the made-up lines only a pipe is for a shell.
    readCommandLine: async (line) =>
      line.includes(" | ") ? { advice: "| is passed on as text: no shell is involved." } : {},
    openFile: async () => {
      if (settings.editor.command === "")
        throw new ApiError({ error: "Conflict", message: "no editor is chosen in the settings" });
    },
    openLink: async (address) => void window.open(address, "_blank", "noopener"),
    closeWindow: async () => window.close(),
    toggleFullScreen: async () => {},
    watchJumps: async () => () => {},
    watchAddress: async () => () => {},
    watchMachines: async (onList) => machines.watch(onList),
    chooseMachine: async (name) => machines.choose(name),
    saveConnection: async (connection, token, isNew) => machines.save(copy(connection), token, isNew),
    testConnection: async (connection, token) => machines.test(connection, token),
    removeConnection: async (name) => machines.remove(name),
    getSettings: async () => copy(settings),
    setSettings: async (patch) => {
      settings = patched(settings, patch);
      doors.forEach((told) => told(doorsOf(settings)));
      return copy(settings);
    },
    watchClosing: async (onQuestion) => subscribe(closing, onQuestion),
    answerClosing: async (answer, remember) => {
      if (remember && answer !== "cancel") settings = patched(settings, { closing: answer });
      closing.forEach((asked) => asked(undefined));
    },
    watchFormAsks: async (onAsk) => subscribe(formAsks, onAsk),
    watchDoors: async (onDoors) => {
      onDoors(doorsOf(settings));
      return subscribe(doors, onDoors);
    },
    apiToken: async () => fakeToken(tokens),
    rotateApiToken: async () => fakeToken(++tokens),
    logUsage: async () => 12.4e9,
    serviceStatus: async () => service,
    setService: async (enabled) => (service = { ...service, enabled, running: enabled }),
    linger: async () => (service = { ...service, lingers: true }),
    diagnose: async () => diagnosis(),
    inheritedEnvironment: async () => environment(),
    setZoom: async (factor) => document.documentElement.style.setProperty("zoom", String(factor)),
    useUsualRenderer: async () => {},
    appInfo: async () => ({
      version: "0.1.0",
      dataDir: "~/.local/share/solti",
      homeDir: "/home/you",
      platform: "linux",
      drawing: "usual",
    }),
  };
}
