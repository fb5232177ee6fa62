// The forecast of the backend in memory: each task takes as long as its name is long, in a range. Enough to look at; how it is
// really reckoned is the engine's to say.
import type { Foreseen, ForecastQuery, TaskForecast, TaskRow } from "./types";

const MINUTE = 60_000;
const idOf = (row: TaskRow) => row.task.metadata.id;
const priorityOf = (row: TaskRow) => row.task.spec.priority ?? 0;
const place = ({ waiting }: TaskRow) => (waiting?.reason === "lane" ? waiting.position : Infinity);

/** Those that wait in a lane, as they would after the moves. */
function order(waiting: TaskRow[], moves: ForecastQuery["moves"] = []): TaskRow[] {
  const rows = waiting.toSorted((a, b) => priorityOf(b) - priorityOf(a) || place(a) - place(b));
  for (const { id, before, after, first } of moves) {
    const from = rows.findIndex((row) => idOf(row) === id);
    const [moved] = from < 0 ? [] : rows.splice(from, 1);
    if (!moved) continue;
    const same = rows.flatMap((row, at) => (priorityOf(row) === priorityOf(moved) ? [at] : []));
    const beside = rows.findIndex((row) => idOf(row) === (before ?? after));
    const to = beside >= 0 ? beside + (before ? 0 : 1) : first ? (same[0] ?? 0) : (same.at(-1) ?? -1) + 1;
    rows.splice(to, 0, moved);
  }
  return rows;
}

export function fakeForecast(
  all: TaskRow[],
  { slot, tasks, moves }: ForecastQuery,
  lane: (slot: string) => { capacity: number; paused: boolean },
): Foreseen {
  const at = Date.now();
  const active = all.filter(({ task }) => ["running", "pending"].includes(task.status.phase));
  const slots = [...new Set(active.map(({ task }) => task.spec.slot))].sort();
  const found: TaskForecast[] = [];
  const lanes: Foreseen["lanes"] = [];
  for (const name of slots.filter((one) => !slot || one === slot)) {
    const { capacity, paused } = lane(name);
    const here = active.filter(({ task }) => task.spec.slot === name);
    const holds = ({ task }: TaskRow) => task.status.phase === "running" || task.status.attempt > 0;
    const running = here.filter(holds);
    const waiting = order(
      here.filter((row) => !holds(row)),
      moves,
    );
    const took = (row: TaskRow) => (2 + (row.task.spec.name.length % 7)) * MINUTE;
    // When each place is free, at the earliest and at the latest.
    const places: [number, number][] = Array.from({ length: capacity }, () => [at, at]);
    const of = (row: TaskRow): TaskForecast => {
      const free = places.sort((a, b) => a[1] - b[1])[0] ?? [at, at];
      const [from, to] = free;
      [free[0], free[1]] = [from + took(row) * 0.8, to + took(row) * 1.25];
      const end = { from: free[0], to: free[1] };
      const base = { task: idOf(row), slot: name, runs: 8 };
      if (paused && !holds(row)) return { ...base, unknown: { reason: "lanePaused", slot: name } };
      if (row.waiting?.reason === "held") {
        [free[0], free[1]] = [from, to];
        return { ...base, unknown: { reason: "held", task: idOf(row), name: row.task.spec.name } };
      }
      return holds(row) ? { ...base, end } : { ...base, start: { from, to }, end };
    };
    const told = [...running, ...waiting].map(of);
    found.push(...told);
    const ends = told.flatMap(({ end }) => end ?? []);
    lanes.push({
      slot: name,
      running: running.length,
      waiting: waiting.length,
      ...(paused && waiting.length > 0
        ? { unknown: { reason: "lanePaused", slot: name } }
        : {
            end: {
              from: Math.max(...ends.map((end) => end.from)),
              to: Math.max(...ends.map((end) => end.to)),
            },
          }),
    });
  }
  const asked = tasks?.length ? found.filter(({ task }) => tasks.includes(task)) : found;
  return { at, tasks: asked.slice(0, 1000), more: asked.length > 1000, lanes };
}
