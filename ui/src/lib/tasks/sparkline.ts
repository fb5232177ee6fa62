// The line of a row that says what a task has used lately. Pure.
import type { UsageSample } from "../api/types";

/** A sample comes each second; so many are drawn. */
export const SECONDS = 60;
/** The upper edge stands for one processor at least: a task that idles is to look idle. */
const LEAST = 100;

/** The path through the samples' processor use, the latest at the right edge; empty while there is no line. */
export function sparkline(samples: readonly UsageSample[], width: number, height: number): string {
  const values = samples.flatMap(({ cpuPercent }) => cpuPercent ?? []);
  if (values.length < 2) return "";
  const top = Math.max(LEAST, ...values);
  const step = width / (SECONDS - 1);
  const points = values.map((value, i) => {
    const x = width - (values.length - 1 - i) * step;
    const y = height - 1 - (value / top) * (height - 2);
    return `${x.toFixed(1)} ${y.toFixed(1)}`;
  });
  return `M${points.join("L")}`;
}
