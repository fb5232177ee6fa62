// Whether the engine that the window is on still answers. Whoever waits for an answer, or looks at clocks that tick for what runs there,
// is told when nothing has come for a while, long before a call is given up.
import type { Backend } from "../api/backend";
import { ApiError } from "../api/errors";
import { ASKS } from "../api/operations";
import { SeenTimer } from "../shared/seen-timer";

/** So long nothing need come where nobody waits; then the engine is asked, and has so long. */
const QUIET_MS = 4000;
const PATIENCE_MS = 1000;

export class Pulse {
  /** When the last word came, while an answer is overdue. */
  silentSince = $state<number | undefined>(undefined);
  /** When the last word came: an answer, or something that was told. */
  lastHeard = Date.now();

  #asked = 0;
  #runs = false;
  #probing = false;
  #stopped = false;
  readonly #timer = new SeenTimer(() => void this.#look());

  constructor(readonly probe: () => Promise<unknown>) {}

  /** Something runs there: its clocks tick. */
  set runs(runs: boolean) {
    this.#runs = runs;
    this.#arm();
  }

  heard(): void {
    this.lastHeard = Date.now();
    this.silentSince = undefined;
  }

  /** Hears what was asked, and passes it on as it is: nobody waits longer for it. */
  during<T>(answer: Promise<T>): Promise<T> {
    this.#asked += 1;
    this.#arm();
    answer.then(
      () => {
        this.#asked -= 1;
        this.heard();
      },
      (thrown: unknown) => {
        this.#asked -= 1;
        // An error is an answer too, but for the one that there is none.
        if (ApiError.from(thrown).code !== "Unavailable") this.heard();
      },
    );
    return answer;
  }

  /** Another engine, of which nothing was heard yet. */
  restart(): void {
    this.heard();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer.clear();
  }

  get #awaited(): boolean {
    return this.#asked > 0 || this.#runs;
  }

  #arm(): void {
    if (this.#stopped || this.#probing || this.#timer.waits || !this.#awaited) return;
    this.#timer.after(Math.max(0, this.lastHeard + QUIET_MS - Date.now()));
  }

  async #look(): Promise<void> {
    if (!this.#awaited) return;
    if (Date.now() - this.lastHeard < QUIET_MS) return this.#arm();
    // What was asked may take its time: something small tells a busy engine from one that hangs.
    this.#probing = true;
    const asked = Date.now();
    const overdue = setTimeout(() => {
      if (this.lastHeard < asked) this.silentSince = this.lastHeard;
    }, PATIENCE_MS);
    try {
      await this.probe();
      this.heard();
    } catch {
      // That it cannot be reached is told of the machine.
      this.silentSince = undefined;
      this.lastHeard = Math.max(this.lastHeard, asked - QUIET_MS);
    } finally {
      clearTimeout(overdue);
      this.#probing = false;
    }
    if (!this.#stopped) this.#timer.after(QUIET_MS);
  }
}

const ASKED: ReadonlySet<string> = new Set([
  ...ASKS,
  "submitTask",
  "getTaskStatus",
  "queryTasks",
  "listTaskRuns",
  "deleteTask",
]);
const TOLD: ReadonlySet<string> = new Set(["watchTasks", "watchUsage", "watchJobs", "watchLog"]);

/** The backend, of which the pulse hears each answer of the engine and all that it tells. */
export function heeded(backend: Backend, pulse: Pulse): Backend {
  return new Proxy(backend, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== "function" || typeof name !== "string") return method;
      const call = (given: unknown[]): unknown => Reflect.apply(method, target, given);
      if (ASKED.has(name)) return (...given: unknown[]) => pulse.during(call(given) as Promise<unknown>);
      if (!TOLD.has(name)) return method;
      return (...given: unknown[]) => {
        // The first says what was told; another one, that nothing is.
        const at = given.findIndex((one) => typeof one === "function");
        const tell = given[at] as (...told: unknown[]) => void;
        const heard = (...told: unknown[]) => {
          pulse.heard();
          tell(...told);
        };
        return call(given.map((one, n) => (n === at ? heard : one)));
      };
    },
  });
}
