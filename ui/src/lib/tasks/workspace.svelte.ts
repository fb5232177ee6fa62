// What the main window is doing: the list, the selection, the open dialogs, and the actions with their rules about
// when to ask. Components draw this and call its methods; keys are mapped to them in keys.ts.
import type { Backend, Unsubscribe } from "../api/backend";
import { ApiError } from "../api/errors";
import type {
  LaneRules,
  AppInfo,
  CloseAnswer,
  CloseQuestion,
  DoorStates,
  Phase,
  Job,
  SavedView,
  SortBy,
  StopMode,
  Task,
  TaskRow,
  TaskSpec,
} from "../api/types";
import { count, plural } from "../shared/format";
import type { MenuEntry } from "../shared/Menu.svelte";
import { NEWEST_FIRST, type Order } from "../shared/order";
import { isNamedForOneTask, randomSuffix } from "../shared/own-lane";
import { isFinished, PHASES } from "../shared/phase";
import { zoom } from "../design/zoom.svelte";
import { Jobs } from "../jobs/jobs.svelte";
import { Machines } from "../machines/machines.svelte";
import type { Found } from "../settings/catalog";
import type { Question, SettingsHost, SettingsSection } from "../settings/host";
import { SettingsState } from "../settings/settings.svelte";
import { Drafts } from "../submit/draft";
import { takeOverPresets } from "../submit/earlier-presets";
import { sentence } from "../submit/errors";
import type { Edited } from "../submit/model.svelte";
import { actOnAll, ALL_ACTS, type AllAct } from "./all-matching";
import { Since } from "./digest.svelte";
import { Deletions } from "./deletions.svelte";
import { parseFilter, toQuery, withOrder } from "./filter";
import { Layout } from "./layout.svelte";
import { LaneQueue } from "./queue/lane-queue.svelte";
import { Selection } from "./selection.svelte";
import { TaskList } from "./task-list.svelte";
import { Views } from "./views.svelte";

/** More than this many at once is asked about first. */
const MANY = 5;
/** Logs that can be read as one. */
const MERGED = 16;
const TYPING_MS = 120;
const NOTICE_MS = 6000;

/** What the open form starts from; a duplicate gets another lane of its own where the task had one. */
export interface OpenForm {
  initial?: TaskSpec;
  /** What the task is called that `initial` is from. */
  name?: string;
  duplicate?: boolean;
  /** The task that has not been started and is changed, as it was read. */
  edits?: Edited;
  /** The waiting task that the new one takes the place of, once it is accepted. */
  instead?: string;
  /** The field to begin with, by its path in the spec. */
  begin?: string;
}
/** What a menu at a point of the window offers. */
export interface PointMenu {
  label: string;
  x: number;
  y: number;
  entries: readonly MenuEntry[];
  /** What has the focus, and gets it back. */
  from: Element | null;
}
export interface Notice {
  key: number;
  tone: "plain" | "error";
  text: string;
}

/** Of the tasks that wait in a lane and have one's priority, the one so far behind it. */
function neighbour(rows: readonly TaskRow[], id: string, step: 1 | -1): string | undefined {
  const place = (row: TaskRow) => (row.waiting?.reason === "lane" ? row.waiting.position : undefined);
  const priority = (row?: TaskRow) => row?.task.spec.priority ?? 0;
  const own = rows.find((row) => idOf(row) === id);
  const queue = rows
    .filter((row) => place(row) !== undefined && priority(row) === priority(own))
    .sort((a, b) => (place(a) ?? 0) - (place(b) ?? 0));
  const at = queue.findIndex((row) => idOf(row) === id);
  const other = at < 0 ? undefined : queue[at + step];
  return other && idOf(other);
}

/** As another task runs it: now, and for no other task's sake. */
function again(spec: TaskSpec): TaskSpec {
  const { notBefore: _time, after: _others, ...rest } = spec;
  return rest;
}

const idOf = (row: TaskRow) => row.task.metadata.id;

export class Workspace implements SettingsHost {
  readonly backend: Backend;
  readonly list: TaskList;
  readonly selection = new Selection();
  readonly deletions: Deletions;
  readonly settings: SettingsState;
  readonly machines: Machines;
  readonly jobs: Jobs;
  readonly queue: LaneQueue;
  readonly drafts: Drafts;
  readonly views: Views;
  readonly layout: Layout;
  readonly since: Since;

  filterText = $state("");
  filter = $derived(parseFilter(this.filterText));
  sorting = $derived(this.filter.order ?? NEWEST_FIRST);
  question = $state.raw<Question | undefined>(undefined);
  form = $state.raw<OpenForm | undefined>(undefined);
  /** The menu of what was clicked with the other button. */
  menu = $state.raw<PointMenu | undefined>(undefined);
  sheetOpen = $state(false);
  paletteOpen = $state(false);
  /** The search over all logs. */
  searchOpen = $state(false);
  /** The settings take the place of the list while a section of them is shown. */
  settingsAt = $state<SettingsSection | undefined>(undefined);
  /** The doors for other programs. */
  doors = $state.raw<DoorStates | undefined>(undefined);
  /** What is asked before the last window closes. */
  closing = $state.raw<CloseQuestion | undefined>(undefined);
  /** The detail as a drawer, in a narrow window. */
  drawerOpen = $state(false);
  notices = $state.raw<Notice[]>([]);
  info = $state.raw<AppInfo | undefined>(undefined);

  visible = $derived.by(() => {
    const hidden = this.deletions.hidden;
    return hidden.size ? this.list.rows.filter((row) => !hidden.has(idOf(row))) : this.list.rows;
  });
  order = $derived(this.visible.map(idOf));
  /** Of each phase, the tasks whose deletion can still be undone: the backend still counts them. */
  hiddenByPhase = $derived.by(() => {
    const counts = new Map<Phase, number>(PHASES.map((phase) => [phase, 0]));
    const { hidden } = this.deletions;
    if (hidden.size === 0) return counts;
    for (const row of this.list.rows) {
      const { phase } = row.task.status;
      if (hidden.has(idOf(row))) counts.set(phase, (counts.get(phase) ?? 0) + 1);
    }
    return counts;
  });
  /** Those worth a line of their own: shared, or made so by hand. */
  lanes = $derived.by(
    () =>
      this.list.summary?.lanes.filter(
        (lane) => !lane.own || lane.paused || lane.capacity > 1 || lane.queued > 0,
      ) ?? [],
  );
  /** The lanes that start nothing for now. */
  pausedLanes = $derived.by(
    () => new Set(this.list.summary?.lanes.filter((lane) => lane.paused).map((lane) => lane.slot)),
  );
  /** Something else has taken the place of the list. */
  away = $derived.by(() => this.jobs.open || this.queue.open);
  shown = $derived.by(() => Math.max(0, this.list.total - (this.list.rows.length - this.visible.length)));

  #typing: ReturnType<typeof setTimeout> | undefined;
  #nextNotice = 1;
  #stops: Unsubscribe[] = [];

  constructor(backend: Backend, machines = new Machines(backend)) {
    this.backend = backend;
    this.machines = machines;
    this.list = new TaskList(backend);
    this.deletions = new Deletions(backend, (error) => this.report(error));
    this.settings = new SettingsState(backend);
    this.drafts = new Drafts(backend);
    this.views = new Views(backend);
    this.layout = new Layout(backend, (thrown) => this.report(thrown));
    this.since = new Since(backend, machines.here ? null : machines.name);
    this.jobs = new Jobs(backend, (thrown) => this.report(thrown));
    this.queue = new LaneQueue(backend, (thrown) => this.report(thrown));
  }

  async start(): Promise<void> {
    this.backend.appInfo().then(
      (info) => (this.info = info),
      (thrown: unknown) => this.report(thrown),
    );
    this.#keep(this.backend.watchClosing((question) => (this.closing = question)));
    // A form that is open already is the one that was asked for.
    this.#keep(this.backend.watchFormAsks(() => (this.form ??= {})));
    this.#keep(this.backend.watchDoors((doors) => (this.doors = doors)));
    if (zoom.factor !== 1) this.backend.setZoom(zoom.factor).catch((thrown: unknown) => this.report(thrown));
    this.machines.onleave = () => this.deletions.flush();
    this.settings.load().catch((thrown: unknown) => this.report(thrown));
    // An older machine keeps none: forms are then forgotten when they are closed.
    this.drafts.load(this.machines.here).catch(() => {});
    this.views.load().catch(() => {});
    this.layout
      .load()
      .then((order) => order && this.filterText === "" && this.setFilter(withOrder("", order)))
      .catch(() => {});
    if (this.machines.here) this.#takeOverPresets().catch((thrown: unknown) => this.report(thrown));
    await this.list.start();
  }

  async #takeOverPresets(): Promise<void> {
    const { jobs, left } = await takeOverPresets(this.backend);
    if (jobs > 0) this.#notify("plain", `Your presets are jobs now: ${plural(jobs, "job")} made`);
    if (left.length > 0) this.#notify("error", `Not every preset could become a job. ${left.join(" · ")}`);
  }

  close() {
    clearTimeout(this.#typing);
    void this.drafts.flush();
    this.#stops.forEach((stop) => stop());
    void this.deletions.flush();
    this.list.stop();
  }

  /** `typing` waits for a pause; a click applies at once. */
  setFilter(text: string, typing = false) {
    this.toList();
    this.filterText = text;
    this.selection.clearPicked();
    clearTimeout(this.#typing);
    const apply = () => {
      this.layout.sorted(this.filter.order);
      void this.list.show(toQuery(this.filter, Date.now()));
    };
    if (typing) this.#typing = setTimeout(apply, TYPING_MS);
    else apply();
  }

  /** A click on the head of a column: its usual order, the other way round, and newest first again. */
  sortBy(by: SortBy) {
    const { order } = this.filter;
    if (order?.by !== by) this.setOrder({ by, reverse: by === "created" });
    else if (order.reverse || by === "created") this.setOrder(NEWEST_FIRST);
    else this.setOrder({ by, reverse: true });
  }

  setOrder(order: Order) {
    this.setFilter(withOrder(this.filterText, order));
  }

  showView({ filter, columns }: SavedView) {
    this.setFilter(filter);
    if (columns?.length) this.layout.show(columns);
  }

  // ---- selection ----

  choose(id: string) {
    this.selection.only(id);
    this.list.pin(id);
  }

  toggle(id: string) {
    this.selection.toggle(id);
    this.list.pin(id);
  }

  extendTo(id: string) {
    this.selection.extendTo(id, this.order);
    this.list.pin(id);
  }

  move(by: number, extend = false) {
    const { order } = this;
    if (order.length === 0) return;
    const at = this.selection.current === undefined ? -1 : order.indexOf(this.selection.current);
    const to = order[Math.min(order.length - 1, Math.max(0, at + by))];
    if (to === undefined) return;
    if (extend) this.extendTo(to);
    else {
      this.selection.goTo(to);
      this.list.pin(to);
    }
  }

  row(id: string): TaskRow | undefined {
    return (
      this.list.rows.find((row) => idOf(row) === id) ??
      (this.list.pinned && idOf(this.list.pinned) === id ? this.list.pinned : undefined)
    );
  }

  get targetRows(): TaskRow[] {
    return this.selection.targets.flatMap((id) => this.row(id) ?? []);
  }

  // ---- actions; each takes the selected tasks unless told otherwise ----

  stop(mode: StopMode = "graceful", some?: TaskRow[]) {
    if (some === undefined && this.selection.whole) return this.#all(mode === "kill" ? "kill" : "stop");
    const rows = some ?? this.targetRows;
    const active = rows.filter((row) => !isFinished(row.task.status.phase));
    if (active.length === 0) return;
    const act = () => void this.#each(active, (row) => this.backend.stopTask({ id: idOf(row), mode }));
    if (mode === "graceful" && active.length <= MANY) return act();
    this.question = {
      title: `${mode === "kill" ? "Kill" : "Stop"} ${what(active)}?`,
      body:
        mode === "kill"
          ? "The processes end at once and cannot clean up after themselves."
          : "Each is asked to end, and killed if it has not ended after its grace period. Waiting tasks will not start.",
      verb: `${mode === "kill" ? "Kill" : "Stop"} ${active.length === 1 ? "task" : plural(active.length, "task")}`,
      act,
    };
  }

  /** Of several, those that still run or wait are left alone; of one alone it is asked what to do. */
  rerun(some?: TaskRow[]) {
    if (some === undefined && this.selection.whole) return this.#all("rerun");
    const rows = some ?? this.targetRows;
    const [only] = rows;
    if (only === undefined) return;
    if (rows.length === 1 && !isFinished(only.task.status.phase)) return this.#rerunActive(only);
    const over = rows.filter((row) => isFinished(row.task.status.phase));
    const left = rows.length - over.length;
    if (over.length === 0) return this.#notify("plain", "All of them are still running or waiting");
    const act = () => {
      void this.#each(over, async (row) => {
        const id = await this.backend.rerunTask({ id: idOf(row) });
        if (rows.length === 1) this.reveal(id);
      });
      if (left > 0 && rows.length <= MANY)
        this.#notify("plain", `${plural(left, "task")} still running or waiting left alone`);
    };
    if (rows.length <= MANY) return act();
    const alone =
      left > 0
        ? ` ${plural(left, "other is still running or waiting and is", "others are still running or waiting and are")} left alone.`
        : "";
    this.question = {
      title: `Rerun ${what(over)}?`,
      body: `Each runs again as a new task with the same settings.${alone}`,
      verb: `Rerun ${plural(over.length, "task")}`,
      harmless: true,
      act,
    };
  }

  /** What runs would be in the way of itself: it is stopped first, or the other one gets a lane of its own. */
  #rerunActive(row: TaskRow) {
    const id = idOf(row);
    const waits = row.task.status.phase === "pending";
    const again = async (): Promise<void> => {
      await this.backend.stopTask({ id, mode: "graceful" });
      await this.list.whenOver(id);
      this.reveal(await this.backend.rerunTask({ id }));
    };
    const beside = async (): Promise<void> => {
      const task = await this.backend.getTaskStatus(id);
      if (task) this.reveal(await this.backend.submitTask(besideItself(task.spec)));
    };
    const tell = (done: Promise<void>) => done.catch((thrown: unknown) => this.report(thrown));
    const shared = !row.task.spec.ownLane;
    this.question = {
      title: `${what([row])} ${waits ? "is still waiting" : "is still running"}`,
      body: waits
        ? "Cancel it and submit it again, or submit a second one beside it."
        : shared
          ? `Stop it and run it again, or run a second one beside it. The second one gets a lane of its own instead of ${row.task.spec.slot}.`
          : "Stop it and run it again, or run a second one beside it.",
      verb: waits ? "Cancel and run again" : "Stop and run again",
      act: () => void tell(again()),
      other: { verb: "Run beside it", act: () => void tell(beside()) },
    };
  }

  remove(some?: TaskRow[]) {
    if (some === undefined && this.selection.whole) return this.#all("remove");
    const rows = some ?? this.targetRows;
    if (rows.length === 0) return;
    const active = rows.filter((row) => !isFinished(row.task.status.phase));
    const ids = rows.map(idOf);
    const act = () => {
      const activeIds = active.map(idOf);
      const finished = ids.filter((id) => !activeIds.includes(id));
      this.#stepAside(ids);
      if (finished.length) this.deletions.schedule(finished);
      if (activeIds.length) void this.deletions.now(activeIds);
    };
    if (active.length === 0 && rows.length <= MANY) return act();
    const running = active.filter((row) => row.task.status.phase === "running").length;
    const waiting = active.length - running;
    const one = rows.length === 1;
    const consequence = one
      ? [
          running ? "It is stopped first." : waiting ? "It will not start." : "",
          "Its runs and log are deleted for good.",
        ]
      : [
          running ? `${plural(running, "running task is", "running tasks are")} stopped first.` : "",
          waiting ? `${plural(waiting, "waiting task")} will not start.` : "",
          active.length ? "Their runs and logs are deleted for good." : "Their runs and logs go with them.",
        ];
    this.question = {
      title: `Delete ${what(rows)}?`,
      body: consequence.filter(Boolean).join(" "),
      verb: `Delete ${rows.length === 1 ? "task" : plural(rows.length, "task")}`,
      act,
    };
  }

  /** What is picked becomes all that match, also what is not loaded. */
  pickAllMatching() {
    this.selection.pickAll(this.order, true);
  }

  /** Does it with all that match the filter, once somebody has said yes to their number. */
  #all(act: AllAct) {
    // In the order in which nothing is passed over, whatever changes meanwhile.
    const query = toQuery({ ...this.filter, order: undefined }, Date.now());
    const { title, body, verb, done, harmless, phases } = ALL_ACTS[act];
    const meant = query.phases ? phases.filter((phase) => query.phases?.includes(phase)) : [...phases];
    const asked = { ...query, phases: meant };
    const ask = async (): Promise<void> => {
      const { total } =
        meant.length > 0 ? await this.backend.listTasks({ query: { ...asked, limit: 1 } }) : { total: 0 };
      if (total === 0) return this.#notify("plain", "This applies to none of them");
      this.question = {
        title: `${title} ${plural(total, "task")}?`,
        body: `All that match ${this.filterText ? "the filter" : "are in the list"}, including those not loaded yet. ${body}`,
        verb: `${verb} ${plural(total, "task")}`,
        harmless,
        act: () => {
          this.selection.clearPicked();
          void actOnAll(this.backend, asked, act).then(
            (came) => this.#tellAll(done, came),
            (thrown: unknown) => this.report(thrown),
          );
        },
      };
    };
    ask().catch((thrown: unknown) => this.report(thrown));
  }

  #tellAll(done: string, { acted, failed, first }: Awaited<ReturnType<typeof actOnAll>>) {
    const text = `${plural(acted, "task")} ${done}`;
    if (failed === 0) this.#notify("plain", text);
    else this.#notify("error", `${text}, ${count(failed)} not. The first: ${ApiError.from(first).message}`);
  }

  undo(key: number) {
    const ids = this.deletions.undo(key);
    if (ids[0] !== undefined) this.choose(ids[0]);
  }

  /** Takes back the deletion that was last asked for, while it waits. */
  undoLast() {
    const last = this.deletions.batches.at(-1);
    if (last) this.undo(last.key);
    else this.#notify("plain", "There is nothing to undo");
  }

  /** Opens the settings; at one that was looked for. */
  openSettings(section: SettingsSection = "general", sought?: Found) {
    this.settingsAt = section;
    if (sought) this.settings.seek(sought);
  }

  /** Turns the window to another machine; the one that it is on is tried again at once. */
  chooseMachine(name: string | null) {
    this.machines.choose(name).catch((thrown: unknown) => this.report(thrown));
  }

  openLog(id: string | undefined = this.selection.current, attempt?: number) {
    if (id === undefined) return;
    this.backend.openLogWindow(id, attempt).catch((thrown: unknown) => this.report(thrown));
  }

  /** The picked tasks' latest attempts in one window; what has not run yet has no log. */
  openMerged(rows: TaskRow[] = this.targetRows) {
    const sources = rows
      .filter((row) => row.task.status.attempt > 0)
      .map((row) => ({ id: idOf(row), attempt: row.task.status.attempt }));
    if (sources.length > MERGED) this.#notify("error", `At most ${MERGED} logs fit into one window`);
    else if (sources.length > 0)
      this.backend.openMergedWindow(sources).catch((thrown: unknown) => this.report(thrown));
  }

  newTask(initial?: TaskSpec) {
    this.form = { initial };
  }

  /** Edit and rerun: the form, filled with a task's spec, as `change` leaves it. What waits is replaced by what is submitted. */
  editCurrent(begin?: string, change: (spec: TaskSpec) => TaskSpec = (spec) => spec) {
    void this.#withSpec((spec, name, { metadata, status }) => {
      const { id, resourceVersion: version } = metadata;
      const waits = status.phase === "pending";
      if (waits && status.attempt === 0)
        this.form = { initial: change(spec), name, begin, edits: { id, version } };
      else this.form = { initial: change(again(spec)), name, begin, ...(waits ? { instead: id } : {}) };
    });
  }

  /** The same form, for another task beside this one. */
  duplicateCurrent() {
    void this.#withSpec((spec, name) => (this.form = { initial: again(spec), name, duplicate: true }));
  }

  /** A job of what the task in the detail pane runs. */
  saveCurrentAsJob() {
    void this.#withSpec((spec, name) => this.jobs.create(again(spec), name));
  }

  /** At once, or when its parameters are filled in. */
  runJob(job: Job) {
    if (job.parameters?.length) this.jobs.asking = job;
    else this.startJob(job.name, {}).catch((thrown: unknown) => this.report(thrown));
  }

  runJobNamed(name: string) {
    this.backend.getJob({ name }).then(
      (detail) => {
        if (detail) this.runJob(detail.job);
        else this.#notify("error", `There is no job ${name} any more`);
      },
      (thrown: unknown) => this.report(thrown),
    );
  }

  /** Rejects with what is wrong with the parameters. */
  async startJob(name: string, parameters: Record<string, string>): Promise<void> {
    await this.backend.runJob({ name, parameters });
    this.jobs.asking = undefined;
    this.#notify("plain", `${name} is under way`);
  }

  removeJob(job: Job) {
    this.question = {
      title: `Delete the job “${job.title ?? job.name}”?`,
      body: "It is not run by itself any more. Its revisions go with it; its tasks and their logs stay.",
      verb: "Delete job",
      act: () => this.jobs.remove(job.name),
    };
  }

  /** Back to the list of tasks, whatever has taken its place. */
  toList() {
    this.jobs.open = false;
    this.queue.open = false;
  }

  /** To the lanes as they go on, or back from there. */
  toggleQueue() {
    const open = !this.queue.open || this.jobs.open;
    this.jobs.open = false;
    this.queue.open = open;
  }

  /** From the jobs or the lanes to one of the tasks, in the list. */
  showTask(id: string) {
    this.toList();
    this.reveal(id);
    this.drawerOpen = true;
  }

  /** The whole spec of the task in the detail pane: rows have only what they show. */
  async #withSpec(use: (spec: TaskSpec, name: string, task: Task) => void): Promise<void> {
    const head = this.list.pinned?.task;
    if (head === undefined) return;
    try {
      const task = await this.backend.getTaskStatus(head.metadata.id);
      if (task) use(task.spec, head.spec.name, task);
    } catch (thrown) {
      this.report(thrown);
    }
  }

  async submit(spec: TaskSpec): Promise<void> {
    try {
      this.reveal(await this.backend.submitTask(spec));
    } catch (thrown) {
      this.report(thrown);
    }
  }

  submitted(id: string) {
    const instead = this.form?.instead;
    this.form = undefined;
    if (id) this.reveal(id);
    if (instead !== undefined) this.#replaced(instead).catch((thrown: unknown) => this.report(thrown));
  }

  /** The new one is accepted: the waiting one that it was made of goes. One that has begun meanwhile is left alone. */
  async #replaced(id: string): Promise<void> {
    const row = await this.backend.getTaskRow({ id });
    if (row === null || isFinished(row.task.status.phase)) return;
    if (row.task.status.phase === "running")
      this.#notify("error", `${what([row])} has started in the meantime. It runs beside the changed one.`);
    // What has never run leaves nothing behind; the runs of the other are kept.
    else if (row.task.status.attempt === 0) await this.backend.deleteTask(id);
    else await this.backend.stopTask({ id, mode: "graceful" });
  }

  /** Shows a task just made, whatever the pointer is over. */
  reveal(id: string) {
    this.list.admit(id);
    this.choose(id);
  }

  /** One step larger or smaller; 0 is the usual size. */
  zoom(by: 1 | -1 | 0) {
    this.backend.setZoom(zoom.step(by)).catch((thrown: unknown) => this.report(thrown));
  }

  // ---- hands on the queue ----

  hold(rows: TaskRow[] = this.targetRows) {
    void this.#each(rows, (row) => this.backend.holdTask({ id: idOf(row) }));
  }

  release(rows: TaskRow[] = this.targetRows) {
    void this.#each(rows, (row) => this.backend.releaseTask({ id: idOf(row) }));
  }

  /** Those that are held go on, and where none is, those that wait are held. */
  holdOrRelease(rows: TaskRow[] = this.targetRows) {
    const waiting = rows.filter((row) => row.task.status.phase === "pending");
    const held = waiting.filter((row) => row.waiting?.reason === "held");
    if (held.length > 0) this.release(held);
    else if (waiting.length > 0) this.hold(waiting);
    else this.#notify("plain", "Only waiting tasks can be held");
  }

  runNow(row: TaskRow) {
    void this.#each([row], () => this.backend.runNow({ id: idOf(row) }));
  }

  retryNow(row: TaskRow) {
    void this.#each([row], () => this.backend.retryNow({ id: idOf(row) }));
  }

  suspend(row: TaskRow, suspended: boolean) {
    const id = idOf(row);
    void this.#each([row], () =>
      suspended ? this.backend.suspendTask({ id }) : this.backend.resumeTask({ id }),
    );
  }

  setPriority(row: TaskRow, priority: number) {
    void this.#each([row], () => this.backend.setPriority({ id: idOf(row), priority }));
  }

  /** Within its lane: to the front or the end, or past its neighbour there. */
  moveInLane(row: TaskRow, to: "first" | "last" | "up" | "down") {
    void this.#each([row], async () => {
      const id = idOf(row);
      if (to === "first" || to === "last") return this.backend.moveTask({ id, [to]: true });
      const query = { slot: row.task.spec.slot, phases: ["pending" as const], limit: 1000 };
      const other = neighbour((await this.backend.listTasks({ query })).rows, id, to === "up" ? -1 : 1);
      if (other !== undefined)
        await this.backend.moveTask(to === "up" ? { id, before: other } : { id, after: other });
    });
  }

  holdAll(held: boolean) {
    this.backend.holdAll({ held }).catch((thrown: unknown) => this.report(thrown));
  }

  setLane(slot: string, change: { paused?: boolean; capacity?: number }) {
    this.backend.setLane({ slot, ...change }).catch((thrown: unknown) => this.report(thrown));
  }

  /** What the lane asks of the machine, all of it. Rejects with what is wrong. */
  async setLaneRules(slot: string, rules: LaneRules): Promise<void> {
    await this.backend.setLaneRules({ slot, rules });
  }

  removeView(name: string) {
    this.question = {
      title: `Remove the view “${name}”?`,
      body: "Only the saved filter is removed. Your tasks are not affected.",
      verb: "Remove view",
      act: () => void this.views.remove(name).catch((thrown: unknown) => this.report(thrown)),
    };
  }

  /** Takes a shared lane that is idle off the lists. */
  forgetLane(slot: string) {
    this.backend
      .forgetLane({ slot })
      .then(() => this.list.readSummary())
      .catch((thrown: unknown) => this.report(thrown));
  }

  /** False when it could not be carried out: the window stays then. */
  async answerClosing(answer: CloseAnswer, remember: boolean): Promise<boolean> {
    try {
      // What waits for its undo to pass is not taken back by closing.
      if (answer !== "cancel") void this.deletions.flush();
      await this.backend.answerClosing(answer, remember);
      return true;
    } catch (thrown) {
      this.report(thrown);
      return false;
    }
  }

  report(thrown: unknown) {
    this.#notify("error", sentence(ApiError.from(thrown).message));
  }

  dismiss(key: number) {
    this.notices = this.notices.filter((notice) => notice.key !== key);
  }

  #keep(watching: Promise<Unsubscribe>) {
    watching.then(
      (stop) => this.#stops.push(stop),
      (thrown: unknown) => this.report(thrown),
    );
  }

  #notify(tone: Notice["tone"], text: string) {
    const key = this.#nextNotice++;
    this.notices = [...this.notices.slice(-2), { key, tone, text }];
    setTimeout(() => this.dismiss(key), NOTICE_MS);
  }

  /** Before rows go: moves the selection to the next row that stays. */
  #stepAside(ids: string[]) {
    const { order, selection } = this;
    const gone = new Set(ids);
    if (selection.current !== undefined && gone.has(selection.current)) {
      const at = order.indexOf(selection.current);
      const next =
        order.slice(at).find((id) => !gone.has(id)) ??
        order.slice(0, Math.max(0, at)).findLast((id) => !gone.has(id));
      selection.forget(ids);
      if (next !== undefined) this.choose(next);
      else this.list.pin(undefined);
    }
    selection.forget(ids);
  }

  async #each(rows: TaskRow[], act: (row: TaskRow) => Promise<void>): Promise<void> {
    const results = await Promise.allSettled(rows.map(act));
    const failed = results.filter((result) => result.status === "rejected");
    const first = failed[0];
    if (!first) return;
    if (failed.length === 1) this.report(first.reason);
    else
      this.#notify(
        "error",
        `${failed.length} of ${rows.length} failed. The first: ${ApiError.from(first.reason).message}`,
      );
  }
}

/** The same task, so that it starts although the first one runs. */
function besideItself(spec: TaskSpec): TaskSpec {
  const base = isNamedForOneTask(spec.slot) ? spec.slot.slice(0, spec.slot.lastIndexOf("-")) : spec.slot;
  const suffix = randomSuffix();
  return {
    ...spec,
    slot: `${base.slice(0, 64 - suffix.length - 1)}-${suffix}`,
    ownLane: true,
    admission: "dropIfRunning",
  };
}

function what(rows: TaskRow[]): string {
  const only = rows[0];
  if (rows.length === 1 && only) {
    const { name } = only.task.spec;
    return `“${name.length > 60 ? `${name.slice(0, 57)}…` : name}”`;
  }
  return plural(rows.length, "task");
}
