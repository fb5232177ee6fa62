// What the palette offers: actions on what is selected, tasks, jobs, lanes, places of the window, settings. Pure but for what is done
// then. How it is looked through and in which order it is shown: palette-search.ts.
import { theme } from "../design/theme.svelte";
import { plural } from "../shared/format";
import { onNextFrame } from "../shared/next-frame";
import { GROUPS, isFinished, phaseWord, stopWord } from "../shared/phase";
import type { JobRow, TaskRow } from "../api/types";
import { everySetting, SECTIONS } from "../settings/catalog";
import { queueEntries } from "./actions";
import { laneToken } from "./filter";
import { focusFilter } from "./keys";
import type { Workspace } from "./workspace.svelte";

/** In the order in which groups of equally good matches are shown. */
export const ENTRY_GROUPS = ["Selected", "Tasks", "Jobs", "Lanes", "Go to", "Settings"] as const;
export type EntryGroup = (typeof ENTRY_GROUPS)[number];

export interface Entry {
  /** The same for as long as it means the same: what was used lately is found by it. */
  key: string;
  group: EntryGroup;
  title: string;
  /** What else it is found by, and shown dimmed. */
  detail?: string;
  hint: string;
  /** Shown only to those who look for it. */
  sought?: true;
  act: () => void;
}
/** So many tasks and jobs at most. */
export const TASKS = 40;

/** `found`: tasks that the backend has found, beside those that are loaded. */
export function entries(w: Workspace, found: readonly TaskRow[], jobs: readonly JobRow[]): Entry[] {
  return [
    ...selected(w),
    ...taskEntries(w, found),
    ...jobEntries(w, jobs),
    ...laneEntries(w),
    ...places(w),
    ...settings(w),
  ];
}

function selected(w: Workspace): Entry[] {
  const rows = w.targetRows;
  const n = rows.length;
  if (n === 0) return [];
  const on = n === 1 ? "" : ` ${plural(n, "task")}`;
  const active = rows.filter((row) => !isFinished(row.task.status.phase));
  const [only] = rows;
  const offered = n === 1 && only ? queueEntries(w, only) : [];
  const queue = offered.filter((one) => one !== "line").filter((one) => !one.disabled);
  const entry = (key: string, title: string, hint: string, act: () => void): Entry => ({
    key,
    group: "Selected",
    title,
    hint,
    act,
  });
  return [
    entry("rerun", `Rerun${on}`, "r", () => w.taskCommands.rerun()),
    ...(n === 1
      ? [
          entry("edit", "Edit and rerun", "e", () => w.form.editCurrent()),
          entry("duplicate", "Duplicate", "d", () => w.form.duplicateCurrent()),
          entry("save-job", "Save as job", "", () => void w.jobCommands.saveCurrent()),
          entry("log", "Open log", "Enter", () => w.openLog()),
        ]
      : []),
    ...queue.map((one) => entry(`queue-${one.label}`, one.label, "", one.act)),
    ...(active.length > 0
      ? [
          entry("stop", `${stopWord(active)}${on}`, "s", () => w.taskCommands.stop()),
          entry("kill", `Kill${on}`, "", () => w.taskCommands.stop("kill")),
        ]
      : []),
    entry("delete", `Delete${on}`, "Del", () => w.taskCommands.remove()),
  ];
}

function taskEntries(w: Workspace, found: readonly TaskRow[]): Entry[] {
  const rows = new Map<string, TaskRow>();
  for (const row of [...w.visible, ...found]) rows.set(row.task.metadata.id, row);
  const newest = [...rows.values()].sort((a, b) => b.task.metadata.createdAt - a.task.metadata.createdAt);
  return newest.map(({ task: { spec, status, metadata } }) => ({
    key: `task:${metadata.id}`,
    group: "Tasks",
    title: spec.name,
    detail: spec.command === spec.name ? undefined : spec.command,
    hint: phaseWord(status.phase),
    act: () => {
      // Also one that the list does not show.
      w.toList();
      w.choose(metadata.id);
      w.drawerOpen = true;
    },
  }));
}

function jobEntries(w: Workspace, jobs: readonly JobRow[]): Entry[] {
  const of = ({ name, title, words }: JobRow): Entry[] => [
    {
      key: `run-job:${name}`,
      group: "Jobs",
      title: `Run job ${title ?? name}`,
      detail: words,
      hint: "",
      act: () => w.jobCommands.runNamed(name),
    },
    {
      key: `show-job:${name}`,
      group: "Jobs",
      title: `Show job ${title ?? name}`,
      hint: "",
      act: () => {
        w.jobs.open = true;
        w.jobs.choose(name);
      },
    },
  ];
  return jobs.filter((job) => job.unreadable === undefined).flatMap(of);
}

function laneEntries(w: Workspace): Entry[] {
  return w.lanes.flatMap(({ slot, paused, running, queued }) => [
    {
      key: `lane:${slot}`,
      group: "Lanes" as const,
      title: `Show lane ${slot}`,
      hint: running + queued === 0 ? "idle" : `${running} running, ${queued} waiting`,
      act: () => w.setFilter(laneToken(slot)),
    },
    {
      key: `${paused ? "resume" : "pause"}-lane:${slot}`,
      group: "Lanes" as const,
      title: `${paused ? "Resume" : "Pause"} lane ${slot}`,
      hint: "",
      act: () => w.queueCommands.setLane(slot, { paused: !paused }),
    },
  ]);
}

function places(w: Workspace): Entry[] {
  const to = (key: string, title: string, hint: string, act: () => void): Entry => ({
    key,
    group: "Go to",
    title,
    hint,
    act,
  });
  const { machines } = w;
  const { held } = w.list.summary ?? {};
  return [
    to("new", "New task", "Ctrl N", () => w.form.create()),
    to("queue", "Queue", "when waiting tasks will start", () => {
      w.queue.timeline = false;
      if (!w.queue.open || w.jobs.open) w.toggleQueue();
    }),
    to("timeline", "Timeline", "when tasks waited and ran", () => {
      w.queue.timeline = true;
      if (!w.queue.open || w.jobs.open) w.toggleQueue();
    }),
    to("jobs", "Jobs", "", () => (w.jobs.open = true)),
    to("calendar", "Calendar of the jobs", "", () => {
      w.jobs.calendar = true;
      w.jobs.open = true;
    }),
    to("new-job", "New job", "", () => w.jobs.create()),
    ...GROUPS.map((group) =>
      to(`show-${group.key}`, `Show ${group.word.toLowerCase()}`, "", () =>
        w.setFilter(group.key === "all" ? "" : `state:${group.key}`),
      ),
    ),
    to("hold-all", held ? "Release all tasks" : "Hold all tasks", held ? "" : "nothing starts", () =>
      w.queueCommands.holdAll(!held),
    ),
    to("search-logs", "Search all logs", "Ctrl Shift F", () => (w.searchOpen = true)),
    to("filter", "Filter tasks", "/", () => onNextFrame(focusFilter)),
    ...(machines.here ? [] : [to("here", "Show this machine", "", () => w.chooseMachine(null))]),
    ...machines.told.machines
      .filter(({ name }) => name !== machines.told.chosen)
      .map(({ name }) => to(`machine:${name}`, `Show machine ${name}`, "", () => w.chooseMachine(name))),
    to("keys", "Show the keys", "?", () => (w.sheetOpen = true)),
  ];
}

const ZOOMS = [
  ["Zoom in", "Ctrl +", 1],
  ["Zoom out", "Ctrl −", -1],
  ["Zoom to 100 %", "Ctrl 0", 0],
] as const;

function settings(w: Workspace): Entry[] {
  return [
    ...(["system", "light", "dark"] as const).map((choice): Entry => ({
      key: `theme-${choice}`,
      group: "Settings",
      title: `Theme: ${choice}`,
      hint: theme.choice === choice ? "chosen" : "",
      act: () => void w.settings.setTheme(choice),
    })),
    ...ZOOMS.map(([title, hint, by]): Entry => ({
      key: `zoom-${by}`,
      group: "Settings",
      sought: true,
      title,
      hint,
      act: () => w.zoom(by),
    })),
    ...SECTIONS.map(({ key, word }): Entry => ({
      key: `settings-${key}`,
      group: "Settings",
      title: `Settings: ${word}`,
      hint: key === "general" ? "Ctrl ," : "",
      act: () => w.openSettings(key),
    })),
    ...everySetting.map((one): Entry => ({
      key: `setting:${one.group}:${one.path ?? ""}`,
      group: "Settings",
      sought: true,
      title: one.title,
      detail: one.where,
      hint: "",
      act: () => w.openSettings(one.section, one),
    })),
  ];
}
