// A search over the logs of all tasks: what it found so far, newest first. The backend reads; the page keeps a bounded list.
import { ApiError, type Backend, type LogQuery, type Unsubscribe } from "../../api";
import type { RunHits } from "../../api/bindings";

/** Runs that are listed; what is beyond is only counted. */
const MAX_RUNS = 300;

export class AllLogsSearch {
  runs = $state.raw<readonly RunHits[]>([]);
  names = $state.raw<ReadonlyMap<string, string>>(new Map());
  /** Matching runs and lines, listed or not. */
  found = $state.raw({ runs: 0, lines: 0 });
  searched = $state.raw({ tasks: 0, of: 0 });
  complete = $state(false);
  /** Logs that could not be read up to now. */
  unread = $state(0);
  error = $state.raw<ApiError | null>(null);
  #stop: Unsubscribe = () => {};
  #generation = 0;

  constructor(readonly backend: Backend) {}

  async start(query: LogQuery): Promise<void> {
    this.close();
    const generation = this.#generation;
    const current = (): boolean => generation === this.#generation;
    this.runs = [];
    this.found = { runs: 0, lines: 0 };
    this.searched = { tasks: 0, of: 0 };
    this.complete = false;
    this.unread = 0;
    this.error = null;
    if (query.pattern === "") return;
    try {
      const stop = await this.backend.searchAll(
        query,
        undefined,
        (hits) => {
          if (!current()) return;
          this.found = {
            runs: this.found.runs + hits.tasks.length,
            lines: hits.tasks.reduce((all, run) => all + run.matches, this.found.lines),
          };
          this.runs = [...this.runs, ...hits.tasks].slice(0, MAX_RUNS);
          this.searched = { tasks: hits.searchedTasks, of: hits.totalTasks };
          this.complete = hits.complete;
          this.unread = hits.unreadLogs;
          if (hits.error !== undefined)
            this.error = new ApiError({
              error: "Unavailable",
              message: `The search ended early: ${hits.error}. Search again.`,
            });
          void this.#name(hits.tasks);
        },
        () => {
          if (current())
            this.error = new ApiError({
              error: "Unavailable",
              message: "The search was cut off. Search again.",
            });
        },
      );
      if (current()) this.#stop = stop;
      else stop();
    } catch (thrown) {
      if (current()) this.error = ApiError.from(thrown);
    }
  }

  close(): void {
    this.#generation += 1;
    this.#stop();
    this.#stop = () => {};
  }

  async #name(runs: readonly RunHits[]): Promise<void> {
    for (const { id } of runs) {
      if (this.names.has(id) || this.names.size >= MAX_RUNS) continue;
      const row = await this.backend.getTaskRow({ id }).catch(() => null); // Deleted meanwhile: its id will do.
      this.names = new Map(this.names).set(id, row ? row.task.spec.name : id);
    }
  }
}
