// What lanes are set to, of the backend in memory: a lane over several machines runs no more than these have places for, and as many as
// before when they are taken away.
import type { Backend } from "./backend";
import { ApiError } from "./errors";
import type { FakeTasks } from "./fake-tasks";
import type { LaneRules } from "./types";

const placesOf = (rules: LaneRules | undefined): number =>
  (rules?.machines ?? []).reduce((all, machine) => all + machine.places, 0);

export function createFakeLanes(tasks: FakeTasks): Pick<Backend, "forgetLane" | "setLane" | "setLaneRules"> {
  /** The capacities of lanes over machines without these. */
  const own = new Map<string, number>();
  return {
    forgetLane: async ({ slot }) => tasks.forgetLane(slot),
    setLane: async ({ slot, capacity, paused }) => {
      const kept = tasks.keptLane(slot);
      const places = placesOf(kept.rules);
      if (capacity != null && places > 0) own.set(slot, capacity);
      const wanted = capacity ?? kept.capacity;
      return tasks.setLane(slot, {
        capacity: places > 0 ? Math.min(wanted, places) : wanted,
        paused: paused ?? kept.paused,
      });
    },
    setLaneRules: async ({ slot, rules }) => {
      if (rules.between && rules.between.from === rules.between.to)
        throw new ApiError({
          error: "InvalidRequest",
          field: "rules.between.to",
          message: "must not be the time from which it is",
        });
      const kept = tasks.keptLane(slot);
      const machines = (of: LaneRules | undefined) => JSON.stringify(of?.machines ?? []);
      if (machines(rules) === machines(kept.rules)) return tasks.setLane(slot, { rules });
      if (placesOf(kept.rules) === 0) own.set(slot, kept.capacity);
      return tasks.setLane(slot, { rules, capacity: placesOf(rules) || (own.get(slot) ?? 1) });
    },
  };
}
