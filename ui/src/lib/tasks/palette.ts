// What the palette offers: commands, loaded tasks and those that the backend has found for what was typed. Pure.
import { theme } from "../design/theme.svelte";
import { onNextFrame } from "../shared/next-frame";
import { GROUPS, isFinished, phaseWord } from "../shared/phase";
import type { TaskRow } from "../api/types";
import { queueEntries } from "./actions";
import { focusFilter } from "./keys";
import type { Workspace } from "./workspace.svelte";

export interface Entry {
  key: string;
  title: string;
  hint: string;
  act: () => void;
}
/** So many tasks at most. */
export const TASKS = 40;

export function entries(w: Workspace, typed: string, found: readonly TaskRow[] = []): Entry[] {
  const needle = typed.trim().toLowerCase();
  const hit = (text: string) => needle.split(/\s+/).every((part) => text.toLowerCase().includes(part));
  const commands = all(w).filter((entry) => hit(entry.title));
  if (!needle) return commands;
  const tasks = new Map<string, Entry>();
  const offer = ({ task: { spec, status, metadata } }: TaskRow) => {
    const key = metadata.id;
    tasks.set(key, { key, title: spec.name, hint: phaseWord(status.phase), act: () => open(w, key) });
  };
  for (const row of w.visible) {
    if (tasks.size === TASKS) break;
    if (hit(`${row.task.spec.name} ${row.task.spec.command}`)) offer(row);
  }
  for (const row of found) if (tasks.size < TASKS && !tasks.has(row.task.metadata.id)) offer(row);
  return [...commands, ...tasks.values()];
}

/** Also one that the list does not show. */
function open(w: Workspace, id: string) {
  w.choose(id);
  w.drawerOpen = true;
}

function all(w: Workspace): Entry[] {
  const rows = w.targetRows;
  const n = rows.length;
  const on = n === 1 ? "" : ` ${n} tasks`;
  const list: Entry[] = [{ key: "new", title: "New task", hint: "Ctrl N", act: () => w.newTask() }];
  list.push({ key: "jobs", title: "Jobs", hint: "", act: () => (w.jobs.open = true) });
  if (n > 0) {
    list.push({ key: "rerun", title: `Rerun${on}`, hint: "r", act: () => w.rerun() });
    if (n === 1)
      list.push(
        { key: "edit", title: "Edit and rerun", hint: "e", act: () => w.editCurrent() },
        { key: "duplicate", title: "Duplicate", hint: "d", act: () => w.duplicateCurrent() },
        { key: "job", title: "Save as job", hint: "", act: () => w.saveCurrentAsJob() },
        { key: "log", title: "Open log", hint: "Enter", act: () => w.openLog() },
      );
    const [only] = rows;
    if (n === 1 && only)
      for (const entry of queueEntries(w, only))
        if (entry !== "line" && !entry.disabled)
          list.push({ key: `queue-${entry.label}`, title: entry.label, hint: "", act: entry.act });
    if (rows.some((row) => !isFinished(row.task.status.phase))) {
      list.push(
        { key: "stop", title: `Stop${on}`, hint: "s", act: () => w.stop() },
        { key: "kill", title: `Kill${on}`, hint: "", act: () => w.stop("kill") },
      );
    }
    list.push({ key: "delete", title: `Delete${on}`, hint: "Del", act: () => w.remove() });
  }
  const { held } = w.list.summary ?? {};
  list.push({
    key: "hold-all",
    title: held ? "Release all tasks" : "Hold all tasks",
    hint: held ? "" : "nothing starts",
    act: () => w.holdAll(!held),
  });
  for (const group of GROUPS) {
    list.push({
      key: `show-${group.key}`,
      title: `Show ${group.word.toLowerCase()}`,
      hint: "",
      act: () => w.setFilter(group.key === "all" ? "" : `state:${group.key}`),
    });
  }
  for (const lane of w.list.summary?.lanes ?? []) {
    if (lane.paused)
      list.push({
        key: `resume-${lane.slot}`,
        title: `Resume lane ${lane.slot}`,
        hint: "",
        act: () => w.setLane(lane.slot, { paused: false }),
      });
  }
  const { machines } = w;
  if (!machines.here)
    list.push({ key: "here", title: "Show this machine", hint: "", act: () => w.chooseMachine(null) });
  for (const { name } of machines.told.machines) {
    if (name !== machines.told.chosen)
      list.push({
        key: `machine-${name}`,
        title: `Show machine ${name}`,
        hint: "",
        act: () => w.chooseMachine(name),
      });
  }
  list.push({
    key: "search-logs",
    title: "Search all logs",
    hint: "Ctrl Shift F",
    act: () => (w.searchOpen = true),
  });
  list.push({
    key: "filter",
    title: "Filter tasks",
    hint: "/",
    act: () => onNextFrame(focusFilter),
  });
  for (const choice of ["system", "light", "dark"] as const) {
    list.push({
      key: `theme-${choice}`,
      title: `Theme: ${choice}`,
      hint: theme.choice === choice ? "chosen" : "",
      act: () => void w.settings.setTheme(choice),
    });
  }
  list.push({ key: "settings", title: "Settings", hint: "Ctrl ,", act: () => w.openSettings() });
  list.push({ key: "keys", title: "Show the keys", hint: "?", act: () => (w.sheetOpen = true) });
  return list;
}
