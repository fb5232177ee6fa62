// The words for what a run has used.
import type { RunUsage } from "../../api/types";
import { bytes, duration } from "../../shared/format";

/** `2.1s processor time · 48.2 MB memory · 1.0 MB read, 2.4 MB written`. */
export function usageWords(usage: RunUsage): string {
  const { readBytes: read, writtenBytes: written } = usage;
  const parts = [`${duration(usage.cpuMs)} processor time`];
  if (usage.peakMemoryBytes !== undefined) parts.push(`${bytes(usage.peakMemoryBytes)} memory`);
  if (read || written) parts.push(`${bytes(read ?? 0)} read, ${bytes(written ?? 0)} written`);
  return parts.join(" · ");
}
