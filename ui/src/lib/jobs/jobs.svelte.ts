// The saved jobs as the window shows them: a page of the list, and of one job what has become of it. Whatever changes is read again;
// what is shown meanwhile stays.
import type { Backend, Unsubscribe } from "../api/backend";
import { ApiError } from "../api/errors";
import type { Job, JobDetail, JobRevision, JobRow, TaskRow, TaskSpec } from "../api/types";

const PAGE = 100;
const HISTORY = 60;
const TYPING_MS = 150;

/** What the open editor starts from. */
export interface OpenEditor {
  job: Partial<Job>;
  /** That it is saved over; 0 for a new one. */
  revision: number;
}

/** A job with what is shown beside it. */
export interface ShownJob {
  detail: JobDetail;
  history: TaskRow[];
  total: number;
  revisions: JobRevision[];
}

export class Jobs {
  readonly backend: Backend;
  /** The jobs take the place of the task list. */
  open = $state(false);
  /** They are shown in a calendar, and not as a list. */
  calendar = $state(false);
  rows = $state.raw<JobRow[]>([]);
  total = $state(0);
  loaded = $state(false);
  error = $state.raw<ApiError | undefined>(undefined);
  text = $state("");
  chosen = $state<string | undefined>(undefined);
  shown = $state.raw<ShownJob | undefined>(undefined);
  /** The one that is shown lies over the list, for want of room. */
  drawer = $state(false);
  /** The job that is given another name. */
  renaming = $state.raw<Job | undefined>(undefined);
  editor = $state.raw<OpenEditor | undefined>(undefined);
  /** The job whose parameters are asked for. */
  asking = $state.raw<Job | undefined>(undefined);

  #pages = 1;
  #reading = 0;
  #stop: Unsubscribe | undefined;
  #typing: ReturnType<typeof setTimeout> | undefined;
  readonly #report: (thrown: unknown) => void;

  constructor(backend: Backend, report: (thrown: unknown) => void) {
    this.backend = backend;
    this.#report = report;
  }

  /** Follows what changes until it is called back. */
  follow(): Unsubscribe {
    let left = false;
    this.backend
      .watchJobs(() => void this.read())
      .then(
        (stop) => (left ? stop() : (this.#stop = stop)),
        (thrown: unknown) => (this.error = ApiError.from(thrown)),
      );
    return () => {
      left = true;
      clearTimeout(this.#typing);
      this.#stop?.();
      this.#stop = undefined;
    };
  }

  find(text: string) {
    this.text = text;
    clearTimeout(this.#typing);
    this.#typing = setTimeout(() => {
      this.#pages = 1;
      void this.read();
    }, TYPING_MS);
  }

  more() {
    this.#pages++;
    void this.read();
  }

  choose(name: string | undefined) {
    this.chosen = name;
    this.shown = undefined;
    void this.read();
  }

  async read(): Promise<void> {
    const turn = ++this.#reading;
    try {
      const { chosen } = this;
      // One that cannot be shown, because it has another name by now, takes nothing from the list.
      let refused: unknown;
      const [list, shown] = await Promise.all([
        this.#list(),
        this.#shown(chosen).catch((thrown: unknown) => void (refused = thrown)),
      ]);
      // An answer that was overtaken is older than what is shown.
      if (turn !== this.#reading) return;
      this.rows = list.rows;
      this.total = list.total;
      this.shown = shown;
      if (this.chosen !== undefined && shown === undefined) this.chosen = undefined;
      if (refused !== undefined) this.#report(refused);
      this.error = undefined;
      this.loaded = true;
    } catch (thrown) {
      if (turn === this.#reading) this.error = ApiError.from(thrown);
    }
  }

  async #list(): Promise<{ rows: JobRow[]; total: number }> {
    const rows: JobRow[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < this.#pages; page++) {
      const answer = await this.backend.listJobs({ query: { text: this.text, cursor, limit: PAGE } });
      rows.push(...answer.jobs);
      cursor = answer.nextCursor;
      if (cursor === undefined) return { rows, total: answer.total };
      if (page === this.#pages - 1) return { rows, total: answer.total };
    }
    return { rows, total: rows.length };
  }

  async #shown(name: string | undefined): Promise<ShownJob | undefined> {
    if (name === undefined) return undefined;
    const [detail, history, revisions] = await Promise.all([
      this.backend.getJob({ name }),
      this.backend.jobHistory({ name, limit: HISTORY }),
      this.backend.jobRevisions({ name }),
    ]);
    return detail ? { detail, history: history.rows, total: history.total, revisions } : undefined;
  }

  // ---- actions ----

  edit(job: Job) {
    this.editor = { job, revision: job.revision ?? 0 };
  }

  create(spec?: TaskSpec, title?: string) {
    this.editor = { job: { title, spec }, revision: 0 };
  }

  /** What was written in `editor` is saved. It may have been closed meanwhile, and another one opened. */
  saved(job: Job, editor: OpenEditor) {
    if (this.editor === editor) this.editor = undefined;
    this.open = true;
    this.choose(job.name);
  }

  /** The way back to an earlier state: a new revision that says the same. */
  restore(name: string, revision: number) {
    void this.#do(async () => {
      const old = await this.backend.getJob({ name, revision });
      if (old) await this.backend.saveJob({ job: old.job });
    });
  }

  pause(job: Job, paused: boolean) {
    const schedules = (job.schedules ?? []).map((schedule) => ({ ...schedule, paused }));
    void this.#do(() => this.backend.saveJob({ job: { ...job, schedules }, expectedRevision: job.revision }));
  }

  skip(name: string) {
    void this.#do(() => this.backend.skipNext({ name }));
  }

  remove(name: string) {
    void this.#do(() => this.backend.deleteJob({ name }));
  }

  /** Rejects with what is wrong with the name. */
  async rename(name: string, to: string): Promise<void> {
    await this.backend.renameJob({ name, to });
    if (this.chosen === name) this.chosen = to;
    await this.read();
  }

  async #do(act: () => Promise<unknown>): Promise<void> {
    try {
      await act();
      await this.read();
    } catch (thrown) {
      this.#report(thrown);
    }
  }
}
