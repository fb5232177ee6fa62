// What changed while a page of the list was on its way.
import type { TaskChange, TaskRow } from "../api/types";

/** Of more tasks than that nothing is kept: reading again is cheaper. */
const MOST = 2000;

export type Changes = Pick<TaskChange, "changed" | "unmatched" | "deleted">;

/** The changes of a while: of each task its latest row and whether it matches, and the tasks that were deleted. */
export class Meanwhile {
  readonly #changed = new Map<string, TaskRow>();
  readonly #unmatched = new Set<string>();
  readonly #deleted = new Set<string>();
  /** More than are kept: reading again is cheaper. */
  tooMany = false;

  get some(): boolean {
    return this.#changed.size + this.#deleted.size > 0;
  }

  get all(): Changes {
    return {
      changed: [...this.#changed.values()],
      unmatched: [...this.#unmatched],
      deleted: [...this.#deleted],
    };
  }

  add({ changed, unmatched, deleted }: Changes) {
    const others = new Set(unmatched);
    for (const row of changed) {
      const { id } = row.task.metadata;
      this.#changed.set(id, row);
      if (others.has(id)) this.#unmatched.add(id);
      else this.#unmatched.delete(id);
    }
    for (const id of deleted) {
      this.#changed.delete(id);
      this.#deleted.add(id);
    }
    if (this.#changed.size + this.#deleted.size <= MOST) return;
    this.tooMany = true;
    this.#changed.clear();
    this.#unmatched.clear();
    this.#deleted.clear();
  }
}
