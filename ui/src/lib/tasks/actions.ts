// What can be done with a task, a lane, a label and a run: one list of each, for menus, with the keys that do the same. Pure but
// for what the workspace does then.
import { BOUNDS } from "../api/bindings";
import type { Lane, LabelCount, TaskRow } from "../api/types";
import type { MenuEntry } from "../shared/Menu.svelte";
import { plural } from "../shared/format";
import { isFinished, stopWord } from "../shared/phase";
import { hasToken, labelToken, laneToken, toggleToken } from "./filter";
import type { Workspace } from "./workspace.svelte";

const copied = (w: Workspace, text: string) => () =>
  void navigator.clipboard.writeText(text).catch((thrown: unknown) => w.report(thrown));

const filterEntry = (w: Workspace, token: string): MenuEntry =>
  hasToken(w.filterText, token)
    ? { label: "Show others too", act: () => w.setFilter(toggleToken(w.filterText, token)) }
    : { label: "Show only these", act: () => w.setFilter(toggleToken(w.filterText, token)) };

/** Of the task under the pointer, or of all that are selected when it is one of them. */
export function taskEntries(w: Workspace, rows: readonly TaskRow[]): MenuEntry[] {
  const [only] = rows;
  if (only === undefined) return [];
  const all = [...rows];
  const active = all.filter((row) => !isFinished(row.task.status.phase));
  const entries: MenuEntry[] = [];
  if (rows.length === 1) {
    const { metadata, spec, status } = only.task;
    const waits = status.phase === "pending";
    if (status.attempt > 0)
      entries.push({
        label: "Open log",
        hint: "Enter",
        testid: "menu-log",
        act: () => w.openLog(metadata.id),
      });
    entries.push(
      {
        label: waits ? "Edit" : "Edit and rerun",
        hint: "e",
        testid: "menu-edit",
        act: () => w.form.editCurrent(),
      },
      { label: "Duplicate", hint: "d", act: () => w.form.duplicateCurrent() },
      { label: "Rerun", hint: "r", testid: "menu-rerun", act: () => w.taskCommands.rerun(all) },
      { label: "Save as job", testid: "menu-job", act: () => void w.jobCommands.saveCurrent() },
      "line",
    );
    const queue = queueEntries(w, only);
    if (queue.length > 0) entries.push(...queue, "line");
    if (active.length > 0)
      entries.push(
        {
          label: waits ? "Cancel" : "Stop",
          hint: "s",
          testid: "menu-stop",
          act: () => w.taskCommands.stop("graceful", all),
        },
        ...(waits
          ? []
          : [
              {
                label: "Kill now",
                danger: true,
                act: () => w.taskCommands.stop("kill", all),
              } satisfies MenuEntry,
            ]),
        "line" as const,
      );
    entries.push({ label: "Copy command", act: copied(w, spec.command) });
    entries.push({ label: "Copy ID", act: copied(w, metadata.id) });
    if (!spec.ownLane)
      entries.push({ label: `Show lane ${spec.slot}`, act: () => w.setFilter(laneToken(spec.slot)) });
    entries.push("line");
  } else {
    const logs = all.filter((row) => row.task.status.attempt > 0).length;
    entries.push({ label: "Open merged log", disabled: logs < 2, act: () => w.openMerged(all) });
    entries.push({
      label: `Rerun ${plural(rows.length, "task")}`,
      hint: "r",
      act: () => w.taskCommands.rerun(all),
    });
    const waiting = all.filter((row) => row.task.status.phase === "pending");
    const held = waiting.filter((row) => row.waiting?.reason === "held");
    if (held.length > 0)
      entries.push({
        label: `Release ${plural(held.length, "task")}`,
        act: () => w.queueCommands.release(held),
      });
    if (waiting.length > held.length) {
      const free = waiting.filter((row) => row.waiting?.reason !== "held");
      entries.push({ label: `Hold ${plural(free.length, "task")}`, act: () => w.queueCommands.hold(free) });
    }
    if (active.length > 0)
      entries.push({
        label: `${stopWord(active)} ${plural(active.length, "task")}`,
        hint: "s",
        act: () => w.taskCommands.stop("graceful", all),
      });
    entries.push("line");
  }
  entries.push({
    label: rows.length === 1 ? "Delete" : `Delete ${plural(rows.length, "task")}`,
    hint: "Del",
    danger: true,
    testid: "menu-delete",
    act: () => w.taskCommands.remove(all),
  });
  return entries;
}

/** Commands on one task that waits, or runs. */
export function queueEntries(w: Workspace, row: TaskRow): MenuEntry[] {
  const { status, spec } = row.task;
  const reason = row.waiting?.reason;
  if (status.phase === "running" && row.onCluster && !row.suspended) return []; // Only its operators may suspend a job.
  if (status.phase === "running")
    return row.suspended
      ? [{ label: "Resume", testid: "menu-unsuspend", act: () => w.queueCommands.suspend(row, false) }]
      : [{ label: "Pause", testid: "menu-suspend", act: () => w.queueCommands.suspend(row, true) }];
  if (status.phase !== "pending" || reason === "starting") return [];
  const held =
    reason === "held"
      ? { label: "Release", testid: "menu-release", act: () => w.queueCommands.release([row]) }
      : { label: "Hold", testid: "menu-hold", act: () => w.queueCommands.hold([row]) };
  if (status.attempt > 0)
    return [{ label: "Retry now", testid: "menu-retry", act: () => w.queueCommands.retryNow(row) }, held];
  const entries: MenuEntry[] = [
    {
      label: "Run now",
      hint: "skips its lane",
      testid: "menu-run-now",
      act: () => w.queueCommands.runNow(row),
    },
    held,
  ];
  if (spec.ownLane) return entries;
  const priority = spec.priority ?? 0;
  const raise = (by: number) => () =>
    w.queueCommands.setPriority(
      row,
      Math.max(-BOUNDS.MAX_PRIORITY, Math.min(BOUNDS.MAX_PRIORITY, priority + by)),
    );
  return [
    ...entries,
    "line",
    { label: "Move to front", testid: "menu-first", act: () => w.queueCommands.moveInLane(row, "first") },
    {
      label: "Move up",
      hint: "Alt \u2191",
      disabled: reason !== "lane",
      act: () => w.queueCommands.moveInLane(row, "up"),
    },
    {
      label: "Move down",
      hint: "Alt \u2193",
      disabled: reason !== "lane",
      act: () => w.queueCommands.moveInLane(row, "down"),
    },
    { label: "Move to end", act: () => w.queueCommands.moveInLane(row, "last") },
    { label: "Raise priority", hint: String(priority), testid: "menu-raise", act: raise(10) },
    { label: "Lower priority", act: raise(-10) },
  ];
}

export function laneEntries(w: Workspace, lane: Lane): MenuEntry[] {
  const more = (by: number) => () => w.queueCommands.setLane(lane.slot, { capacity: lane.capacity + by });
  return [
    filterEntry(w, laneToken(lane.slot)),
    "line",
    lane.paused
      ? {
          label: "Resume lane",
          testid: "menu-resume",
          act: () => w.queueCommands.setLane(lane.slot, { paused: false }),
        }
      : {
          label: "Pause lane",
          testid: "menu-pause",
          act: () => w.queueCommands.setLane(lane.slot, { paused: true }),
        },
    { label: "Run one more at a time", hint: `${lane.capacity}`, act: more(1) },
    { label: "Run one fewer at a time", disabled: lane.capacity <= 1, act: more(-1) },
    "line",
    { label: "Copy name", act: copied(w, lane.slot) },
    // Nothing is in it, and nothing set on it: only its name is kept.
    ...(lane.running + lane.queued === 0 && lane.capacity === 1 && !lane.paused && !lane.rules
      ? [
          {
            label: "Remove from this list",
            act: () => w.queueCommands.forgetLane(lane.slot),
          } satisfies MenuEntry,
        ]
      : []),
  ];
}

export function labelEntries(w: Workspace, { key, value }: Pick<LabelCount, "key" | "value">): MenuEntry[] {
  return [
    filterEntry(w, labelToken(key, value)),
    "line",
    { label: "Copy label", act: copied(w, `${key}=${value}`) },
  ];
}

export function runEntries(w: Workspace, id: string, attempt: number): MenuEntry[] {
  return [
    { label: "Open log", act: () => w.openLog(id, attempt) },
    {
      label: "Show in file manager",
      disabled: !w.machines.here,
      act: () => void w.backend.revealLog(id, attempt).catch((thrown: unknown) => w.report(thrown)),
    },
    "line",
    { label: "Copy run name", act: copied(w, `${id}/${attempt}`) },
  ];
}

/** Of a piece of text that is selected. */
export const textEntries = (w: Workspace, text: string): MenuEntry[] => [
  { label: "Copy", hint: "Ctrl C", act: copied(w, text) },
];
