// The logs of what ran on one machine at a moment, opened there.
import { BOUNDS } from "../../api/bindings";
import type { RunId, TaskSpan } from "../../api/types";
import type { Asked } from "./side.svelte";

/** Of those that began last, as many as can be read as one. */
export function logsOf({ spans }: { spans: readonly TaskSpan[] }): RunId[] {
  return spans
    .filter(({ attempt }) => attempt > 0)
    .slice(0, BOUNDS.MAX_MERGED_LOGS)
    .map(({ task, attempt }) => ({ id: task, attempt }));
}

/** Opens them as one, where they stood at that time. */
export async function openLogs(asked: Asked, logs: readonly RunId[], at: number): Promise<void> {
  const [only] = logs;
  if (!only) return;
  // Where that cannot be told they are opened at their end.
  const row = await asked.mergedPositionAt?.({ sources: [...logs], at }).catch(() => undefined);
  if (logs.length === 1) await asked.openLogWindow?.(only.id, only.attempt, row);
  else await asked.openMergedWindow?.([...logs], row);
}
