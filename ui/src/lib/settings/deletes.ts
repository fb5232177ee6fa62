// Which change of a limit deletes something now, and the question that is asked before, with numbers where there are some. Pure
// but for the counting, which is the backend's.
import type { Settings } from "../api/types";
import { bytes, count, plural } from "../shared/format";
import { sizeText } from "../shared/size";
import type { Question } from "./host";

export interface Known {
  /** What all logs take now, when it has been counted. */
  logBytes: number | undefined;
  /** How many finished tasks these limits would delete; nothing when that cannot be told. */
  count: (limits: { keepDays?: number; keepTasks?: number }) => Promise<number | undefined>;
}
type Asked = Omit<Question, "act">;

/** A limit that was not there is the widest; a smaller one is tighter. */
const tighter = (before: number | null, wanted: number | null): boolean =>
  wanted !== null && (before === null || wanted < before);

/** Of a value that the settings take; null when nothing goes by it. */
export async function deletes(
  path: string,
  wanted: unknown,
  now: Settings,
  known: Known,
): Promise<Asked | null> {
  if (wanted !== null && typeof wanted !== "number") return null;
  const { logs, finished } = now;
  switch (path) {
    case "finished.keepTasks":
      if (!tighter(finished.keepTasks, wanted)) return null;
      return tasks(
        await known.count({ keepTasks: wanted ?? undefined }),
        wanted === 1
          ? "Only the latest finished task"
          : `Only the latest ${plural(wanted ?? 0, "finished task")}`,
      );
    case "finished.keepDays":
      if (!tighter(finished.keepDays, wanted)) return null;
      return tasks(
        await known.count({ keepDays: wanted ?? undefined }),
        `Only tasks that finished in the last ${plural(wanted ?? 0, "day")}`,
      );
    case "finished.keepAttempts":
      if (!tighter(finished.keepAttempts, wanted)) return null;
      return {
        title: `Keep ${plural(wanted ?? 0, "attempt")} of each task?`,
        body: `Of tasks with more, the attempts between the first ten and the latest ${count(wanted ?? 0)} are deleted with their logs, for good.`,
        verb: "Delete the others",
      };
    case "logs.totalBytes": {
      if (!tighter(logs.totalBytes, wanted) || wanted === null) return null;
      const over = known.logBytes === undefined ? undefined : known.logBytes - wanted;
      if (over !== undefined && over <= 0) return null;
      const much = over === undefined ? "parts" : `about ${bytes(over)}`;
      return {
        title: `Delete ${much} of the logs?`,
        body: `${known.logBytes === undefined ? "" : `They take ${bytes(known.logBytes)} now. `}To keep them within ${sizeText(wanted)}, the oldest parts of all logs are deleted, for good.`,
        verb: "Delete",
      };
    }
    case "logs.runBytes":
    case "logs.taskBytes": {
      const [before, of] =
        path === "logs.runBytes" ? [logs.runBytes, "a run"] : [logs.taskBytes, "all runs of a task"];
      if (!tighter(before, wanted) || wanted === null) return null;
      // All together do not exceed it: neither does any of them.
      if (known.logBytes !== undefined && known.logBytes <= wanted) return null;
      return {
        title: `Keep ${sizeText(wanted)} for the log of ${of}?`,
        body: "Where there is more now, the oldest parts are deleted, for good.",
        verb: "Delete the rest",
      };
    }
    case "logs.minFreeBytes":
      if (wanted === null || wanted <= logs.minFreeBytes) return null;
      return {
        title: `Always leave ${sizeText(wanted)} of the disk free?`,
        body: "If less is free now, the oldest parts of the logs are deleted until it is, for good.",
        verb: "Make room",
      };
    default:
      return null;
  }
}

function tasks(count: number | undefined, kept: string): Asked | null {
  if (count === 0) return null;
  const many = count === undefined ? "finished tasks" : plural(count, "finished task");
  return {
    title: `Delete ${many}?`,
    body: `${kept} will be kept. ${count === 1 ? "The other one is deleted" : "The others are deleted"} with ${count === 1 ? "its" : "their"} runs and logs, for good; those with a bookmark are kept.`,
    verb: count === undefined ? "Delete" : `Delete ${plural(count, "task")}`,
  };
}
