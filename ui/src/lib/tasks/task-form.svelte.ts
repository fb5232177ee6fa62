// The form for a task as a dialog of the main window: what it starts from, and what follows once it is submitted. The form
// itself is lib/submit.
import type { TaskSpec } from "../api/types";
import { isFinished } from "../shared/phase";
import type { Edited } from "../submit/model.svelte";
import { idOf, named, type CommandHost } from "./commands/host";
import { again, readPinned } from "./like-spec";

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

export class TaskForm {
  open = $state.raw<OpenForm | undefined>(undefined);
  readonly #host: CommandHost;
  /** Counts what was asked for: a task that is read late does not take the place of a form that was opened since. */
  #asked = 0;

  constructor(host: CommandHost) {
    this.#host = host;
  }

  create(initial?: TaskSpec) {
    this.#asked++;
    this.open = { initial };
  }

  /** A form that is open already is the one that was asked for. */
  ensure() {
    if (this.open === undefined) this.create();
  }

  close() {
    this.#asked++;
    this.open = undefined;
  }

  /** Edit and rerun: the form, filled with a task's spec, as `change` leaves it. What waits is replaced by what is submitted. */
  editCurrent(begin?: string, change: (spec: TaskSpec) => TaskSpec = (spec) => spec) {
    void this.#fill(({ task: { spec, metadata, status }, name }) => {
      const { id, resourceVersion: version } = metadata;
      const waits = status.phase === "pending";
      return waits && status.attempt === 0
        ? { initial: change(spec), name, begin, edits: { id, version } }
        : { initial: change(again(spec)), name, begin, ...(waits ? { instead: id } : {}) };
    });
  }

  /** The same form, for another task beside this one. */
  duplicateCurrent() {
    void this.#fill(({ task, name }) => ({ initial: again(task.spec), name, duplicate: true }));
  }

  /** What was filled in `form` is accepted. It may have been closed meanwhile, and another one opened. */
  submitted(id: string, form: OpenForm) {
    const { instead } = form;
    if (this.open === form) this.close();
    if (id) this.#host.reveal(id);
    if (instead !== undefined)
      this.#replaced(instead).catch((thrown: unknown) => this.#host.notices.report(thrown));
  }

  /** Opens it with what is made of the task in the detail pane. */
  async #fill(from: (read: NonNullable<Awaited<ReturnType<typeof readPinned>>>) => OpenForm): Promise<void> {
    const { backend, list, notices } = this.#host;
    const nth = ++this.#asked;
    try {
      const read = await readPinned(backend, list);
      if (read && nth === this.#asked) this.open = from(read);
    } catch (thrown) {
      if (nth === this.#asked) notices.report(thrown);
    }
  }

  /** The new one is accepted: the waiting one that it was made of goes. One that has begun meanwhile is left alone. */
  async #replaced(id: string): Promise<void> {
    const { backend, notices } = this.#host;
    const row = await backend.getTaskRow({ id });
    if (row === null || isFinished(row.task.status.phase)) return;
    if (row.task.status.phase === "running")
      notices.say("error", `${named([row])} has started in the meantime. It runs beside the changed one.`);
    // What has never run leaves nothing behind; the runs of the other are kept.
    else if (row.task.status.attempt === 0) await backend.deleteTask(id);
    else await backend.stopTask({ id: idOf(row), mode: "graceful" });
  }
}
