// How long the runs of a job took, as a chart shows it: to a scale in which the usual ones can be told apart. Pure.

interface DurationScale {
  /** Half of them took no longer. */
  median: number;
  /** Nothing is drawn longer than this; what took longer stands out. */
  top: number;
}

/** As many as half of them; a run alone is no habit. */
const SOME = 4;

/** Of an even number the lower one, as in the words above the chart. */
function middle(sorted: readonly number[]): number {
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}

/** `undefined` where nothing has run. */
export function durationScale(durations: readonly number[]): DurationScale | undefined {
  if (durations.length === 0) return undefined;
  const sorted = durations.toSorted((a, b) => a - b);
  const median = middle(sorted);
  const usual = sorted.filter((ms) => !isFar(ms, sorted, median));
  return { median, top: Math.max(1, (usual.at(-1) ?? median) * 1.2, median * 1.5) };
}

/** Whether one is far from the others: more than three times as far from their median as most are, and not only by a little. */
function isFar(ms: number, sorted: readonly number[], median: number): boolean {
  if (sorted.length < SOME) return false;
  const spread = middle(sorted.map((other) => Math.abs(other - median)).sort((a, b) => a - b));
  return Math.abs(ms - median) > Math.max(3 * 1.4826 * spread, median * 0.5);
}

export function outliers(durations: readonly number[]): boolean[] {
  const sorted = durations.toSorted((a, b) => a - b);
  const median = middle(sorted);
  return durations.map((ms) => isFar(ms, sorted, median));
}
