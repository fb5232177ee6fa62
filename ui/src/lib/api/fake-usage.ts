// Made-up samples of what a running task uses.
import type { Unsubscribe } from "./backend";
import type { Task, UsageSample } from "./types";

/** The first sample at once, then one a second while the task runs. */
export function watchFakeUsage(
  status: () => Task["status"] | undefined,
  onUsage: (sample: UsageSample) => void,
): Unsubscribe {
  let cpuMs = 4_000;
  let n = 0;
  const sample = () => {
    const now = status();
    if (now?.phase !== "running") return;
    const cpuPercent = Math.max(2, 90 + 70 * Math.sin(n / 5) + 25 * Math.sin(n * 1.7));
    cpuMs += 10 * cpuPercent;
    const grown = 1 - Math.exp(-n / 25);
    onUsage({
      attempt: now.attempt,
      at: Date.now(),
      cpuMs: Math.round(cpuMs),
      ...(n === 0 ? {} : { cpuPercent }),
      memoryBytes: Math.round(6e7 + 3.4e8 * grown + 2e7 * Math.sin(n / 3)),
      processes: 3 + (n % 4),
    });
    n++;
  };
  sample();
  const timer = setInterval(sample, 1000);
  return () => clearInterval(timer);
}
