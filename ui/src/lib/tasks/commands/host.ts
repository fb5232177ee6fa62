// What commands need of the window that they are given in.
import type { Backend } from "../../api/backend";
import { ApiError } from "../../api/errors";
import type { TaskRow } from "../../api/types";
import type { Question } from "../../settings/host";
import { plural } from "../../shared/format";
import type { Notices } from "../notices.svelte";
import type { TaskList } from "../task-list.svelte";

export interface CommandHost {
  readonly backend: Backend;
  readonly list: TaskList;
  readonly notices: Notices;
  /** The selected tasks. */
  readonly targetRows: TaskRow[];
  ask(question: Question): void;
  /** Shows a task just made. */
  reveal(id: string): void;
}

export const idOf = (row: TaskRow) => row.task.metadata.id;

/** Does it with each, and says how many failed. */
export async function each(
  notices: Notices,
  rows: readonly TaskRow[],
  act: (row: TaskRow) => Promise<void>,
): Promise<void> {
  const results = await Promise.allSettled(rows.map(act));
  const failed = results.filter((result) => result.status === "rejected");
  const first = failed[0];
  if (!first) return;
  if (failed.length === 1) notices.report(first.reason);
  else
    notices.say(
      "error",
      `${failed.length} of ${rows.length} failed. The first: ${ApiError.from(first.reason).message}`,
    );
}

/** One by its name, several by their number. */
export function named(rows: readonly TaskRow[]): string {
  const only = rows[0];
  if (rows.length === 1 && only) {
    const { name } = only.task.spec;
    return `“${name.length > 60 ? `${name.slice(0, 57)}…` : name}”`;
  }
  return plural(rows.length, "task");
}
