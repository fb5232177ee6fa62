// Where what waited, ran and is to come stands on a line of time: lanes below each other, in each as few rows as it takes. Pure.
import type { ComingRun, Phase, TaskSpan } from "../../api/types";
import {
  dayAndMonth,
  duration,
  exact,
  minuteOfDay,
  plural,
  stoodStill,
  suspendedWords,
  timeOfDay,
} from "../../shared/format";

export interface Bar {
  from: number;
  to: number;
  /** It waited, it ran, or it is to come. */
  kind: "wait" | "run" | "coming";
  phase?: Phase;
  /** Of one that is to come there is none. */
  span?: TaskSpan;
  name: string;
  /** From the top of its lane. */
  row: number;
}

export interface LaneBars {
  slot: string;
  /** Another one that its tasks were given to. */
  machine: string | undefined;
  /** Lanes that are one task's own are shown as one. */
  own: boolean;
  rows: number;
  /** By their beginnings. */
  bars: Bar[];
}

/** Between the end of the last attempt and that of its task there is no more where nothing was waited for. */
const TO_END_MS = 1000;
/** What is to come is shown so long. */
const MARK_MS = 60_000;
const OWN = "";
/** A lane is no higher than so many rows: what has no room of its own there lies over others in the last. */
const MOST_ROWS = 200;

/** `now`: what goes on has lasted until then. */
export function lanesOf(spans: readonly TaskSpan[], coming: readonly ComingRun[], now: number): LaneBars[] {
  type Lane = Pick<LaneBars, "slot" | "machine" | "own"> & { tasks: Omit<Bar, "row">[][] };
  const byLane = new Map<string, Lane>();
  const lane = (slot: string, own: boolean, machine?: string) => {
    const key = JSON.stringify([slot, machine]);
    const known = byLane.get(key) ?? { slot, machine, own, tasks: [] };
    byLane.set(key, known);
    return known.tasks;
  };
  for (const span of spans) {
    const { createdAt, finishedAt, phase, name } = span;
    const end = finishedAt ?? Math.max(now, createdAt);
    const bars: Omit<Bar, "row">[] = [];
    const ran = lastRun(span, now);
    const began = ran?.from ?? end;
    if (began > createdAt) bars.push({ from: createdAt, to: began, kind: "wait", phase, span, name });
    if (ran) {
      bars.push({ ...ran, kind: "run", phase, span, name });
      if (end - ran.to > TO_END_MS) bars.push({ from: ran.to, to: end, kind: "wait", phase, span, name });
    }
    if (bars.length > 0) lane(span.ownLane ? OWN : span.slot, span.ownLane === true, span.machine).push(bars);
  }
  for (const { job, at } of coming)
    lane(laneOfJob(job, spans), false).push([{ from: at, to: at + MARK_MS, kind: "coming", name: job }]);
  const order = (one: string, other: string) => (one === other ? 0 : one < other ? -1 : 1);
  return [...byLane.values()]
    .map(({ tasks, ...lane }) => ({ ...lane, ...packed(tasks) }))
    .sort(
      (a, b) =>
        Number(a.own) - Number(b.own) ||
        order(a.slot, b.slot) ||
        // This machine comes first.
        order(a.machine ?? "", b.machine ?? ""),
    );
}

/** From when to when its latest attempt ran. Of a task that waits for another attempt that is not told. */
function lastRun({ phase, startedAt, finishedAt, tookMs, suspension }: TaskSpan, now: number) {
  if (startedAt === undefined || phase === "pending") return undefined;
  if (finishedAt === undefined) return { from: startedAt, to: Math.max(now, startedAt) };
  const to = tookMs === undefined ? finishedAt : startedAt + tookMs + (suspension?.totalMs ?? 0);
  return { from: startedAt, to };
}

/** That in which it ran last, else one of its own name. */
function laneOfJob(job: string, spans: readonly TaskSpan[]): string {
  const last = spans.find((span) => span.job === job);
  return last === undefined ? job : last.ownLane ? OWN : last.slot;
}

/** Each task in the first row in which nothing is in its way, as far as there are rows. */
function packed(tasks: Omit<Bar, "row">[][]): { rows: number; bars: Bar[] } {
  const ends: number[] = [];
  const bars: Bar[] = [];
  const beginning = (task: Omit<Bar, "row">[]) => task[0]?.from ?? 0;
  for (const task of tasks.toSorted((a, b) => beginning(a) - beginning(b))) {
    const from = beginning(task);
    const free = ends.findIndex((end) => end <= from);
    const row = free < 0 ? Math.min(ends.length, MOST_ROWS - 1) : free;
    ends[row] = Math.max(ends[row] ?? 0, from + 1, task.at(-1)?.to ?? from);
    for (const bar of task) bars.push({ ...bar, row });
  }
  bars.sort((a, b) => a.from - b.from);
  return { rows: ends.length, bars };
}

/** What a bar stands for. */
export function barWords({ name, kind, from, to, span }: Bar): string {
  if (kind === "coming" || !span) return `${name}: to be run on ${exact(from)}`;
  const { phase, startedAt, finishedAt } = span;
  const words = (verb: string, took = duration(to - from)) => `${name}: ${verb} ${took}, from ${exact(from)}`;
  const where = span.machine === undefined ? "" : `on ${span.machine} `;
  if (kind === "run") {
    const { suspension } = span;
    const took =
      duration(Math.max(0, to - from - stoodStill(suspension, to))) + suspendedWords(suspension, to);
    return words(finishedAt === undefined ? `has run ${where}for` : `ran ${where}for`, took);
  }
  if (startedAt !== undefined && from >= startedAt) return words("waited for another attempt for");
  // When the latest attempt began is known, and not those before it.
  const before = phase === "pending" ? span.attempt : span.attempt - 1;
  const waits = finishedAt === undefined && phase === "pending" ? "has waited" : "waited";
  return words(before > 0 ? `${waits}, with ${plural(before, "earlier attempt")}, for` : `${waits} for`);
}

/** What ran at a moment, those that began last first. */
export function ranAt(spans: readonly TaskSpan[], at: number, now: number): TaskSpan[] {
  return spans
    .filter((span) => {
      const ran = lastRun(span, now);
      return ran !== undefined && ran.from <= at && at <= ran.to;
    })
    .sort((a, b) => (b.startedAt ?? 0) - (a.startedAt ?? 0));
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [
  SECOND,
  5 * SECOND,
  15 * SECOND,
  MINUTE,
  5 * MINUTE,
  15 * MINUTE,
  HOUR,
  3 * HOUR,
  6 * HOUR,
  12 * HOUR,
  DAY,
  7 * DAY,
  28 * DAY,
];

/** The moments that are marked, no more than so many; whole ones by the person's own clock. */
export function ticks(from: number, to: number, most: number): number[] {
  const step = STEPS.find((one) => (to - from) / one <= most) ?? Math.ceil((to - from) / most / DAY) * DAY;
  const found: number[] = [];
  if (step < DAY) {
    // From local midnight on, so that hours are whole in each zone.
    const midnight = new Date(from).setHours(0, 0, 0, 0);
    for (let at = midnight + Math.ceil((from - midnight) / step) * step; at <= to; at += step) found.push(at);
    return found;
  }
  const day = new Date(new Date(from).setHours(0, 0, 0, 0));
  for (; day.getTime() <= to; day.setDate(day.getDate() + step / DAY))
    if (day.getTime() >= from) found.push(day.getTime());
  return found;
}

/** What a tick of so long a span says: a day at its midnight. */
export function tickWords(at: number, span: number): string {
  const day = new Date(at);
  if (day.getTime() === new Date(at).setHours(0, 0, 0, 0)) return dayAndMonth(at);
  return span < 5 * 60_000 ? timeOfDay(at) : minuteOfDay(day);
}

/** A span of time, a part `by` as long, with the same moment at the same place. */
export function zoomed(from: number, to: number, by: number, about: number): { from: number; to: number } {
  const length = Math.max(2 * SECOND, Math.min(400 * DAY, (to - from) * by));
  const share = (about - from) / (to - from);
  const start = Math.round(about - share * length);
  return { from: start, to: Math.round(start + length) };
}
