// Where retention has removed rows in the middle of a log: looked for where an overview of it shows none.
import type { LogDensity } from "../../api";
import type { LogReader } from "./reader.svelte";
import type { LogSource } from "./source";

/** Slices without a row that are looked into. */
const MAX_GAPS = 8;

export async function lookForGaps(
  source: LogSource,
  reader: LogReader,
  { rows, buckets }: LogDensity,
): Promise<void> {
  const { all } = reader;
  if (all === null || rows < buckets.length) return;
  const keys = buckets.flatMap(({ stdout, stderr }, i) => {
    const before = buckets[i - 1];
    const empty = stdout + stderr === 0 && (before === undefined || before.stdout + before.stderr > 0);
    return empty ? Math.floor(((i + 0.5) / buckets.length) * rows) : [];
  });
  for (const key of keys.slice(0, MAX_GAPS)) {
    if (all.keyAt(all.placeOf(key)) !== key) continue; // Known.
    const found = await source.read(key, 1);
    if (all !== reader.all) return;
    all.learn(found);
  }
}
