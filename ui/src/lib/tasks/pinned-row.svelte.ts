// The row of the task in the detail pane: kept true by the changes that the list hears, whether or not the list has it.
import type { Backend } from "../api/backend";
import type { TaskChange, TaskRow } from "../api/types";

export const isOlder = (a: TaskRow, b: TaskRow) =>
  a.task.metadata.resourceVersion < b.task.metadata.resourceVersion;

export class PinnedRow {
  row = $state.raw<TaskRow | undefined>(undefined);
  #id: string | undefined;
  #gone = false;
  readonly #backend: Backend;
  readonly #onanswer: (thrown?: unknown) => void;

  /** `onanswer` hears why it could not be read, or nothing once it is known or no longer asked for. */
  constructor(backend: Backend, onanswer: (thrown?: unknown) => void) {
    this.#backend = backend;
    this.#onanswer = onanswer;
  }

  /** From now on it is this one, which may be among those that are loaded. */
  choose(id: string | undefined, loaded: readonly TaskRow[]) {
    if (id === this.#id) return;
    this.#id = id;
    this.#gone = false;
    this.#onanswer();
    this.row = loaded.find((row) => row.task.metadata.id === id);
    if (!this.row) this.#look();
  }

  apply(change: TaskChange) {
    const id = this.#id;
    if (id === undefined) return;
    if (change.deleted.includes(id)) {
      this.#onanswer();
      this.row = undefined;
      this.#gone = true;
    }
    const fresh = change.changed.find((row) => row.task.metadata.id === id);
    if (fresh) this.#onanswer();
    if (fresh && !(this.row && isOlder(fresh, this.row))) this.row = fresh;
    if (change.resync) this.#look();
  }

  /** It need not be in the list, and changes of it may have been missed. */
  #look() {
    const id = this.#id;
    if (id === undefined) return;
    this.#backend.getTaskRow({ id }).then(
      (row) => {
        if (id !== this.#id) return;
        this.#onanswer();
        if (!this.#gone && !(row && this.row && isOlder(row, this.row))) this.row = row ?? undefined;
      },
      (thrown: unknown) => {
        if (id === this.#id) this.#onanswer(thrown);
      },
    );
  }
}
