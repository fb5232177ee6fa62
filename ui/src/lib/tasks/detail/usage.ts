// The words for what a run has used and may use.
import type { ResourceLimits, RunUsage } from "../../api/types";
import { bytes, count, duration, plural } from "../../shared/format";

/** `2.1s processor time · 48.2 MB memory · 1.0 MB read, 2.4 MB written`. */
export function usageWords(usage: RunUsage): string {
  const { readBytes: read, writtenBytes: written } = usage;
  const parts = [`${duration(usage.cpuMs)} processor time`];
  if (usage.peakMemoryBytes !== undefined) parts.push(`${bytes(usage.peakMemoryBytes)} memory`);
  if (read || written) parts.push(`${bytes(read ?? 0)} read, ${bytes(written ?? 0)} written`);
  return parts.join(" · ");
}

/** `2 GB memory · 150 % processor · 64 open files`; empty without limits. */
export function limitWords(limits: ResourceLimits | undefined): string {
  if (!limits) return "";
  const { memoryBytes, cpuPercent, processes, openFiles, outputBytes } = limits;
  return [
    memoryBytes !== undefined && `${bytes(memoryBytes)} memory`,
    cpuPercent !== undefined && `${count(cpuPercent)} % processor`,
    processes !== undefined && plural(processes, "process", "processes"),
    openFiles !== undefined && plural(openFiles, "open file"),
    outputBytes !== undefined && `${bytes(outputBytes)} output`,
  ]
    .filter(Boolean)
    .join(" · ");
}
