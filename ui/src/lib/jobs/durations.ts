// How long the runs of a job took, as a chart shows it: to a scale in which the usual ones can be told apart. Pure.

interface DurationScale {
  /** Half of them took no longer. */
  median: number;
  /** Nothing is drawn longer than this; what took longer stands out. */
  top: number;
}

/** Of fewer runs none is far from the others. */
const SOME = 4;
/** No more than one of so many is. */
const RARE = 4;

/** Of an even number the lower one, as in the words above the chart. */
function middle(sorted: readonly number[]): number {
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}

/** `undefined` where nothing has run. */
export function durationScale(durations: readonly number[]): DurationScale | undefined {
  if (durations.length === 0) return undefined;
  const { median, isFar } = habit(durations);
  const usual = Math.max(median, ...durations.filter((ms) => !isFar(ms)));
  return { median, top: Math.max(1, usual * 1.2, median * 1.5) };
}

/** Which of them are far from the others. */
export function outliers(durations: readonly number[]): boolean[] {
  return durations.map(habit(durations).isFar);
}

/** Far is what is more than three times as far from the median as most are, and not only by a little; of many that are, none is. */
function habit(durations: readonly number[]): { median: number; isFar: (ms: number) => boolean } {
  const sorted = durations.toSorted((a, b) => a - b);
  const median = middle(sorted);
  const spread = middle(sorted.map((ms) => Math.abs(ms - median)).sort((a, b) => a - b));
  const most = Math.max(3 * 1.4826 * spread, median * 0.5);
  const isFar = (ms: number) => Math.abs(ms - median) > most;
  const are = sorted.filter(isFar).length;
  return { median, isFar: sorted.length >= SOME && are * RARE <= sorted.length ? isFar : () => false };
}
