// What a run has used, from its start to now, in a bounded number of points: the longer it takes, the further they are apart. Pure.
import type { UsageSample } from "../../api/types";

interface Point {
  /** Unix milliseconds. */
  readonly at: number;
  /** Processor time of the run up to then, in milliseconds. */
  readonly cpuMs: number;
  /** The most since the point before; unknown while nobody looked. */
  readonly memory: number | undefined;
}

/** With more, every two become one. */
const MOST = 240;
/** Samples come once a second: after such a time nobody looked. */
const GAP_MS = 5000;
/** Tasks whose history is kept. */
const KEPT = 50;

export interface History {
  readonly attempt: number;
  readonly points: readonly Point[];
  /** Samples that one point stands for. */
  readonly step: number;
  /** Samples since the last whole point. */
  readonly begun: number;
}

/** What is known of tasks, also while nobody looks at them; of those that were looked at last. */
export class Histories {
  readonly #known = new Map<string, History>();

  of(task: string): History | undefined {
    return this.#known.get(task);
  }

  keep(task: string, history: History): void {
    this.#known.delete(task);
    this.#known.set(task, history);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= KEPT) break;
      this.#known.delete(oldest);
    }
  }
}

/** With one sample more; another attempt begins anew, at its start. */
export function withSample(
  before: History | undefined,
  sample: UsageSample,
  startedAt: number | undefined,
): History {
  const { attempt, at, cpuMs, memoryBytes } = sample;
  if (before?.attempt !== attempt) {
    const start =
      startedAt !== undefined && startedAt < at ? [{ at: startedAt, cpuMs: 0, memory: undefined }] : [];
    return { attempt, points: [...start, { at, cpuMs, memory: memoryBytes }], step: 1, begun: 0 };
  }
  const { step, begun } = before;
  let { points } = before;
  const last = points.at(-1);
  // What it used while nobody looked is known of the processor alone.
  if (last !== undefined && at - last.at > GAP_MS) {
    points = [...points, { at, cpuMs, memory: undefined }];
    const next = { attempt, points, step, begun: 0 };
    return points.length <= MOST ? next : { ...next, points: halved(points), step: step * 2 };
  }
  // The last point moves along until it stands for as many samples as the others.
  if (last !== undefined && begun > 0) {
    const moved = { at, cpuMs, memory: Math.max(last.memory ?? 0, memoryBytes) };
    return { ...before, points: [...points.slice(0, -1), moved], begun: (begun + 1) % step };
  }
  const more = [...points, { at, cpuMs, memory: memoryBytes }];
  const next = { ...before, points: more, begun: 1 % step };
  return more.length <= MOST ? next : { ...next, points: halved(more), step: step * 2, begun: 0 };
}

function halved(points: readonly Point[]): Point[] {
  const [start, ...rest] = points;
  const kept = rest.flatMap((point, i) => {
    const before = rest[i - 1];
    // The last of two stays, and an odd one at the end.
    if (i % 2 === 0) return i === rest.length - 1 ? [point] : [];
    return [{ ...point, memory: both(before?.memory, point.memory) }];
  });
  return start === undefined ? kept : [start, ...kept];
}

/** What is known of one half alone is not known of the whole. */
const both = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? undefined : Math.max(a, b);

/** One stretch between two points: what was used in it. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly value: number;
}

/** The mean of each stretch, 100 for one processor. The first is from the start of the run. */
export const processor = ({ points }: History): Stretch[] =>
  stretches(points, (before, point) => (100 * (point.cpuMs - before.cpuMs)) / (point.at - before.at));

/** Where somebody looked. */
export const memory = ({ points }: History): Stretch[] =>
  stretches(points, (before, point) => (before.memory === undefined ? undefined : point.memory));

function stretches(
  points: readonly Point[],
  value: (before: Point, point: Point) => number | undefined,
): Stretch[] {
  return points.flatMap((point, i) => {
    const before = points[i - 1];
    if (before === undefined || point.at <= before.at) return [];
    const found = value(before, point);
    return found === undefined ? [] : [{ from: before.at, to: point.at, value: Math.max(0, found) }];
  });
}
