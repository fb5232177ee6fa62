/** What a banner says of limits of the logs that cannot be kept: which, by how much, and why. */
import type { LogLimit, UnkeptLimit } from "../api/types";
import { bytes } from "../shared/format";

const WRITTEN = "what a program is writing, and what a run wrote last, stays whole, in pieces of up to 64 MB";

const SAID: Record<LogLimit, (more: string, task: string) => string> = {
  runBytes: (more, task) => `The log of a run${task} takes ${more} more than a run may: ${WRITTEN}.`,
  taskBytes: (more, task) => `The logs of a task${task} take ${more} more than a task's may: ${WRITTEN}.`,
  totalBytes: (more) => `All logs take ${more} more than they may: ${WRITTEN}.`,
  minFreeBytes: (more) =>
    `The disk has ${more} less free than it should: the logs cannot be shortened further, so other files are filling it.`,
};

export function unkeptText({ limit, bytes: excess, task }: UnkeptLimit): string {
  return SAID[limit](bytes(excess), task ? ` (${task})` : "");
}
