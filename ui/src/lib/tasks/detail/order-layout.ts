// Where the tasks of a small graph stand: each below all that it waits for. Pure.
import type { TaskLink } from "../../api/types";

interface Placed {
  id: string;
  /** From the top; a task waits for tasks above it alone. */
  row: number;
  column: number;
}

/** `ids` in the order in which those of a row stand. A link whose ends are not both there is passed over. */
export function placed(ids: readonly string[], links: readonly Pick<TaskLink, "on" | "task">[]): Placed[] {
  const known = new Set(ids);
  const above = new Map<string, string[]>(ids.map((id) => [id, []]));
  for (const { on, task } of links) if (known.has(on) && known.has(task)) above.get(task)?.push(on);
  const rows = new Map<string, number>();
  // A task is placed when all above it are; what is left then waits for itself, which cannot be, and stands at the top.
  for (let left = [...ids]; left.length > 0;) {
    const ready = left.filter((id) => above.get(id)?.every((on) => rows.has(on)));
    if (ready.length === 0) {
      for (const id of left) rows.set(id, 0);
      break;
    }
    for (const id of ready) {
      const tops = above.get(id)?.map((on) => rows.get(on) ?? 0) ?? [];
      rows.set(id, tops.length === 0 ? 0 : Math.max(...tops) + 1);
    }
    const done = new Set(ready);
    left = left.filter((id) => !done.has(id));
  }
  const used = new Map<number, number>();
  return ids.map((id) => {
    const row = rows.get(id) ?? 0;
    const column = used.get(row) ?? 0;
    used.set(row, column + 1);
    return { id, row, column };
  });
}
