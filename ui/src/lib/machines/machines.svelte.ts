// The machines whose tasks this window can show, and how the one that it is on is. Who reaches them, tries again and goes on with
// streams is the backend; here is decided when what is shown counts as stale, and when it is to be read again.
import type { Backend, Unsubscribe } from "../api/backend";
import type { Reach, MachineList } from "../api/types";
import { sentence } from "../submit/errors";
import { Pulse } from "./pulse.svelte";

export const REACH_WORDS: Record<Reach["state"], string> = {
  idle: "not contacted",
  connecting: "connecting",
  reached: "connected",
  lost: "lost",
};

export class Machines {
  told = $state.raw<MachineList>({
    chosen: null,
    removed: false,
    here: { state: "reached" },
    machines: [],
  });
  /** When something was heard last of the machine that is lost. */
  lostAt = $state<number | undefined>(undefined);
  /** How often the machine was lost and found again: what failed meanwhile is to be asked anew. */
  returns = $state(0);

  /** Before this window turns to another machine: what waits is sent to the one that it is meant for. */
  onleave: (() => Promise<void>) | undefined;
  /** It was lost and is found again, as `returns` says. */
  onreturn: (() => void) | undefined;
  /** The machine has another client: what is open does not come back. */
  onrelink: (() => void) | undefined;

  current = $derived(
    this.told.removed ? undefined : this.told.machines.find(({ name }) => name === this.told.chosen),
  );
  /** Whether it is this machine that is shown. */
  here = $derived(this.told.chosen === null);
  /** How it is. */
  reach = $derived<Reach | undefined>(this.here ? this.told.here : this.current?.reach);
  name = $derived(this.told.chosen ?? "This machine");
  /** Another key is another machine, or another client of it: what was opened for the one before is to be left. */
  key = $derived(`${this.current?.link ?? 0} ${this.told.chosen ?? ""}`);
  /** Why the machine is not there; nothing shown of it is current then. */
  problem = $derived.by(() => {
    if (this.told.removed) return "Its connection was removed from Settings.";
    const { reach } = this;
    return reach?.state === "lost" ? `${sentence(reach.problem)}.` : undefined;
  });
  stale = $derived(this.problem !== undefined);
  /** It may be there, and an answer is overdue: in words for a person. */
  waiting = $derived.by(() =>
    this.stale || this.pulse.silentSince === undefined
      ? undefined
      : `Waiting for ${this.here ? "the engine" : this.name}…`,
  );
  /** Nothing later than that is known of it. */
  knownUntil = $derived.by(() => (this.stale ? this.lostAt : this.pulse.silentSince));

  #backend: Backend;
  #stop: Unsubscribe = () => {};
  #closed = false;

  readonly pulse: Pulse;

  constructor(backend: Backend) {
    this.#backend = backend;
    this.pulse = new Pulse(() => backend.getSummary());
  }

  /** For a window without it, everything is of this machine. */
  async start(): Promise<void> {
    const stop = await this.#backend.watchMachines((told) => this.#take(told));
    if (this.#closed) stop();
    else this.#stop = stop;
  }

  close() {
    this.#closed = true;
    this.pulse.stop();
    this.#stop();
  }

  async choose(name: string | null): Promise<void> {
    if (name !== this.told.chosen) await this.#leave();
    await this.#backend.chooseMachine(name);
  }

  async remove(name: string): Promise<void> {
    if (name === this.told.chosen) await this.#leave();
    await this.#backend.removeConnection(name);
  }

  /** A machine that is not there does not hold the window. */
  async #leave(): Promise<void> {
    const left = this.onleave?.();
    if (!this.stale) await left;
  }

  #lastHeard(): number {
    const { reach } = this;
    // Up to its removal it was there.
    if (this.told.removed || reach?.state !== "lost") return Date.now();
    return reach.heard ?? this.pulse.lastHeard;
  }

  #take(told: MachineList) {
    const before = this.stale && this.told.chosen === told.chosen;
    const link = this.current?.link;
    if (told.chosen !== this.told.chosen) this.pulse.restart();
    this.told = told;
    if (link !== undefined && this.current && link !== this.current.link) this.onrelink?.();
    // That it is lost is noticed long after its last word.
    if (this.stale) this.lostAt = before ? this.lostAt : this.#lastHeard();
    else this.lostAt = undefined;
    // While it is tried, nobody knows yet.
    if (before && this.reach?.state === "reached") {
      this.returns += 1;
      this.onreturn?.();
    }
  }
}
