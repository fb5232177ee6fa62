// What the main window is doing: the filter, the selection, and what is open. Components draw this and call its methods; keys are
// mapped to them in keys.ts. What is done with tasks, the queue and jobs, and when something is asked first, is in commands/; the
// form in task-form.svelte.ts; what is said for a moment in notices.svelte.ts.
import type { Backend, Unsubscribe } from "../api/backend";
import { BOUNDS } from "../api/bindings";
import type {
  AppInfo,
  CloseAnswer,
  CloseQuestion,
  DoorStates,
  Phase,
  SavedView,
  SortBy,
  TaskRow,
  TaskSpec,
} from "../api/types";
import { plural } from "../shared/format";
import type { MenuEntry } from "../shared/Menu.svelte";
import { NEWEST_FIRST, type Order } from "../shared/order";
import { PHASES } from "../shared/phase";
import { zoom } from "../design/zoom.svelte";
import { Jobs } from "../jobs/jobs.svelte";
import { Machines } from "../machines/machines.svelte";
import type { Found } from "../settings/catalog";
import { Unsaved, type Question, type SettingsHost, type SettingsSection } from "../settings/host";
import { LogUsage } from "../settings/log-usage.svelte";
import { SettingsState } from "../settings/settings.svelte";
import { Drafts } from "../submit/draft";
import { takeOverPresets } from "../submit/earlier-presets";
import { idOf } from "./commands/host";
import { JobCommands } from "./commands/job-commands";
import { QueueCommands } from "./commands/queue-commands";
import { TaskCommands, type TaskCommandHost } from "./commands/task-commands";
import { Since } from "./digest.svelte";
import { Deletions } from "./deletions.svelte";
import { parseFilter, toQuery, withOrder } from "./filter";
import { Layout } from "./layout.svelte";
import { Notices } from "./notices.svelte";
import { LaneQueue } from "./queue/lane-queue.svelte";
import { Selection } from "./selection.svelte";
import { TaskForm } from "./task-form.svelte";
import { TaskList } from "./task-list.svelte";
import { Views } from "./views.svelte";
import { Histories } from "./detail/usage-history";

const TYPING_MS = 120;

/** What a menu at a point of the window offers. */
export interface PointMenu {
  label: string;
  x: number;
  y: number;
  entries: readonly MenuEntry[];
  /** What has the focus, and gets it back. */
  from: Element | null;
}

export class Workspace implements SettingsHost, TaskCommandHost {
  readonly backend: Backend;
  readonly list: TaskList;
  readonly selection = new Selection();
  readonly deletions: Deletions;
  readonly settings: SettingsState;
  readonly logs: LogUsage;
  readonly machines: Machines;
  readonly jobs: Jobs;
  readonly queue: LaneQueue;
  readonly drafts: Drafts;
  readonly views: Views;
  readonly layout: Layout;
  readonly since: Since;
  readonly notices = new Notices();
  readonly usage = new Histories();
  readonly unsaved = new Unsaved((question) => this.ask(question));
  readonly form = new TaskForm(this);
  readonly taskCommands = new TaskCommands(this);
  readonly queueCommands = new QueueCommands(this);
  readonly jobCommands: JobCommands;

  filterText = $state("");
  filter = $derived(parseFilter(this.filterText));
  sorting = $derived(this.filter.order ?? NEWEST_FIRST);
  #question = $state.raw<Question | undefined>(undefined);
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
  #stops: Unsubscribe[] = [];

  constructor(backend: Backend, machines = new Machines(backend)) {
    this.backend = backend;
    this.machines = machines;
    this.list = new TaskList(backend);
    this.deletions = new Deletions(backend, (error) => this.report(error));
    this.settings = new SettingsState(backend, (thrown) => this.report(thrown));
    this.logs = new LogUsage(backend);
    this.drafts = new Drafts(backend);
    this.views = new Views(backend);
    this.layout = new Layout(backend, (thrown) => this.report(thrown));
    this.since = new Since(backend, machines.here ? null : machines.name);
    this.jobs = new Jobs(backend, (thrown) => this.report(thrown));
    this.jobCommands = new JobCommands(this, this.jobs);
    this.queue = new LaneQueue(backend, (thrown) => this.report(thrown));
  }

  async start(): Promise<void> {
    this.backend.appInfo().then(
      (info) => (this.info = info),
      (thrown: unknown) => this.report(thrown),
    );
    this.#keep(this.backend.watchClosing((question) => (this.closing = question)));
    this.#keep(this.backend.watchFormAsks(() => this.form.ensure()));
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
    if (jobs > 0) this.notices.say("plain", `Your presets are jobs now: ${plural(jobs, "job")} made`);
    if (left.length > 0)
      this.notices.say("error", `Not every preset could become a job. ${left.join(" · ")}`);
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

  /** What is picked becomes all that match, also what is not loaded. */
  pickAllMatching() {
    this.selection.pickAll(this.order, true);
  }

  // ---- going elsewhere ----

  /** Opens the settings; at one that was looked for. */
  openSettings(section: SettingsSection = "general", sought?: Found) {
    const go = () => {
      this.settingsAt = section;
      if (sought) this.settings.seek(sought);
    };
    if (section === this.settingsAt) go();
    else this.unsaved.leave(go);
  }

  /** Back to the tasks, and on from there. */
  closeSettings(then?: () => void) {
    this.unsaved.leave(() => {
      this.settingsAt = undefined;
      then?.();
    });
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
    const most = BOUNDS.MAX_MERGED_LOGS;
    if (sources.length > most) this.notices.say("error", `At most ${most} logs fit in one window`);
    else if (sources.length > 0)
      this.backend.openMergedWindow(sources).catch((thrown: unknown) => this.report(thrown));
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

  /** False when it was refused. */
  async submit(spec: TaskSpec): Promise<boolean> {
    try {
      this.reveal(await this.backend.submitTask(spec));
      return true;
    } catch (thrown) {
      this.report(thrown);
      return false;
    }
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

  removeView(name: string) {
    this.ask({
      title: `Remove the view “${name}”?`,
      body: "Only the saved filter is removed. Your tasks are not affected.",
      verb: "Remove view",
      act: () => void this.views.remove(name).catch((thrown: unknown) => this.report(thrown)),
    });
  }

  /** False when it could not be carried out: the window stays then. */
  async answerClosing(answer: CloseAnswer, remember: boolean): Promise<boolean> {
    try {
      // Waiting for its undo to pass is not taken back by closing.
      if (answer !== "cancel") void this.deletions.flush();
      await this.backend.answerClosing(answer, remember);
      return true;
    } catch (thrown) {
      this.report(thrown);
      return false;
    }
  }

  /** What is asked before something is done. */
  get question(): Question | undefined {
    return this.#question;
  }

  ask(question: Question) {
    this.#question = question;
  }

  /** The question is answered, or taken back. */
  answered() {
    this.#question = undefined;
  }

  report(thrown: unknown) {
    this.notices.report(thrown);
  }

  #keep(watching: Promise<Unsubscribe>) {
    watching.then(
      (stop) => this.#stops.push(stop),
      (thrown: unknown) => this.report(thrown),
    );
  }
}
