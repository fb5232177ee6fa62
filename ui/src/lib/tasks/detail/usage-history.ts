// What a run has used, from its start to now, in a bounded number of points: the longer it takes, the further they are apart. Pure.
import type { UsageSample } from "../../api/types";

interface Point {
  /** Unix milliseconds. */
  readonly at: number;
  /** Processor time of the run up to then, in milliseconds. */
  readonly cpuMs: number;
  /** The most since the point before; unknown before somebody looked. */
  readonly memory: number | undefined;
}

/** With more, every two become one. */
const MOST = 240;

export interface History {
  readonly attempt: number;
  readonly points: readonly Point[];
  /** Samples that one point stands for. */
  readonly step: number;
  /** Samples since the last whole point. */
  readonly begun: number;
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
  const { points, step, begun } = before;
  const last = points.at(-1);
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
    return [{ ...point, memory: most(before?.memory, point.memory) }];
  });
  return start === undefined ? kept : [start, ...kept];
}

const most = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined ? b : b === undefined ? a : Math.max(a, b);

/** One stretch between two points: what was used in it. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly value: number;
}

/** The mean of each stretch, 100 for one processor. The first is from the start of the run. */
export const processor = ({ points }: History): Stretch[] =>
  stretches(points, (before, point) => (100 * (point.cpuMs - before.cpuMs)) / (point.at - before.at));

/** From when somebody looked on. */
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
