// Deletions that can still be undone. A finished task disappears at once and is deleted 10 s later, or when the
// window goes; until then Undo brings it back with nothing lost, because nothing was sent.
import type { Backend } from "../api/backend";
import { ApiError } from "../api/errors";

export const UNDO_MS = 10_000;

interface Batch {
  key: number;
  ids: string[];
  /** Of a single one. */
  name?: string;
  until: number;
}

export class Deletions {
  /** Those that can be undone. */
  batches = $state.raw<readonly Batch[]>([]);
  /** Those that were sent and have no answer: hidden until the backend has said so, as a row must not flash back. */
  #sent = $state.raw<readonly Batch[]>([]);
  hidden = $derived<ReadonlySet<string>>(new Set([...this.batches, ...this.#sent].flatMap(({ ids }) => ids)));

  #backend: Backend;
  #onError: (error: ApiError) => void;
  #timers = new Map<number, ReturnType<typeof setTimeout>>();
  #next = 1;

  constructor(backend: Backend, onError: (error: ApiError) => void) {
    this.#backend = backend;
    this.#onError = onError;
  }

  /** Hides the tasks now, deletes them in 10 s. */
  schedule(ids: string[], name?: string) {
    const key = this.#next++;
    this.batches = [...this.batches, { key, ids, name, until: Date.now() + UNDO_MS }];
    this.#timers.set(
      key,
      setTimeout(() => void this.#commit(key), UNDO_MS),
    );
  }

  /** The tasks that are back; none where it was sent. */
  undo(key: number): string[] {
    return this.#take(key)?.ids ?? [];
  }

  /** Sends everything that waits; at unload nobody can await it. */
  async flush(): Promise<void> {
    await Promise.all(this.batches.map((batch) => this.#commit(batch.key)));
  }

  /** Deletes at once, without undo: for running tasks, after the person has confirmed. */
  async now(ids: string[]): Promise<void> {
    const results = await Promise.allSettled(ids.map((id) => this.#backend.deleteTask(id)));
    const failed = results.find((result) => result.status === "rejected");
    if (failed) this.#onError(ApiError.from(failed.reason));
  }

  async #commit(key: number): Promise<void> {
    const batch = this.#take(key);
    if (!batch) return;
    this.#sent = [...this.#sent, batch];
    await this.now(batch.ids);
    this.#sent = this.#sent.filter((other) => other !== batch);
  }

  #take(key: number): Batch | undefined {
    clearTimeout(this.#timers.get(key));
    this.#timers.delete(key);
    const batch = this.batches.find((candidate) => candidate.key === key);
    this.batches = this.batches.filter((candidate) => candidate.key !== key);
    return batch;
  }
}
