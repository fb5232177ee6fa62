// The spec of a task like one that is there already.
import type { Backend } from "../api/backend";
import type { Task, TaskSpec } from "../api/types";
import { isNamedForOneTask, ownLaneName } from "../shared/own-lane";
import type { TaskList } from "./task-list.svelte";

/** As another task runs it: now, and for no other task's sake. */
export function again(spec: TaskSpec): TaskSpec {
  const { notBefore: _time, after: _others, ...rest } = spec;
  return rest;
}

/** The same task, so that it starts although the first one runs. */
export function besideItself(spec: TaskSpec): TaskSpec {
  const base = isNamedForOneTask(spec.slot) ? spec.slot.slice(0, spec.slot.lastIndexOf("-")) : spec.slot;
  return { ...spec, slot: ownLaneName(base), ownLane: true, admission: "dropIfRunning" };
}

/** The task in the detail pane with its whole spec: rows have only what they show. */
export async function readPinned(
  backend: Backend,
  list: TaskList,
): Promise<{ task: Task; name: string } | undefined> {
  const head = list.pinned?.task;
  if (head === undefined) return undefined;
  const task = await backend.getTaskStatus(head.metadata.id);
  return task ? { task, name: head.spec.name } : undefined;
}
