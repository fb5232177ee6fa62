// The shared lanes of a machine, also those that nothing runs or waits in now: the backend knows a lane only for as long as something
// is in it or set on it, and a person for as long as they use it.
import type { Lane } from "../api/types";
import { isOwnLane } from "../shared/own-lane";
import { remembered, type Remembered } from "../shared/remembered.svelte";

const MOST = 40;
/** Version 0.1.0 named the lane of one task so, and people name theirs so as well. */
const MAY_BE_OWN = /-(?:[a-z0-9]{5}|[a-z0-9]{8})$/;
const isNames = (value: unknown): value is string[] =>
  Array.isArray(value) && value.length <= MOST && value.every((name) => typeof name === "string");

/** Worth a line of its own: shared, or made so by hand. */
const isShared = (lane: Lane): boolean =>
  !isOwnLane(lane.slot) || lane.paused || lane.capacity > 1 || lane.queued > 0;

const idle = (slot: string): Lane => ({ slot, capacity: 1, running: 0, queued: 0, paused: false });

export class KnownLanes {
  /** Those used last first. */
  #names: Remembered<string[]>;

  constructor(machine: string | null) {
    this.#names = remembered<string[]>(machine === null ? "lanes" : `lanes.${machine}`, [], isNames);
  }

  /** Keeps the names of those that are in use; `slots` has each as often as tasks are in it. */
  note(slots: readonly string[]): void {
    const known = this.#names.value;
    const counts = new Map<string, number>();
    for (const slot of slots) counts.set(slot, (counts.get(slot) ?? 0) + 1);
    const fresh = [...counts].flatMap(([slot, tasks]) => {
      const shared = !isOwnLane(slot) && (tasks > 1 || !MAY_BE_OWN.test(slot));
      return shared && !known.includes(slot) ? [slot] : [];
    });
    if (fresh.length > 0) this.#names.value = [...fresh, ...known].slice(0, MOST);
  }

  forget(slot: string): void {
    this.#names.value = this.#names.value.filter((name) => name !== slot);
  }

  /** Every shared lane, by name; `lanes` are those that the backend tells of. */
  all(lanes: readonly Lane[]): Lane[] {
    const told = lanes.filter(isShared);
    const there = new Set(told.map((lane) => lane.slot));
    const rest = this.#names.value.filter((name) => !there.has(name)).map(idle);
    return [...told, ...rest].sort((a, b) => a.slot.localeCompare(b.slot));
  }
}
