// What the menus of a log window offer: "more" in the toolbar, and the one of a row.
import { plural } from "../../shared/format";
import type { MenuEntry } from "../../shared/Menu.svelte";
import type { TimeMode } from "../text/words";
import { TIMES } from "./choices.svelte";
import type { LogWindow, StreamChoice } from "./log-window.svelte";

export const STREAMS: Record<StreamChoice, string> = {
  both: "Both streams",
  stdout: "stdout only",
  stderr: "stderr only",
};

/** `narrow`: the toolbar has no room for its selects, so they are here. */
export function moreMenu(log: LogWindow, narrow: boolean): MenuEntry[] {
  const { choices, session } = log;
  const what = log.filtered ? "filtered lines" : "all";
  const hidden = session.log?.hiddenBefore ?? 0;
  const marks = log.bookmarks.of(session.attempt).length;
  const flag = (label: string, choice: { value: boolean }, testid: string): MenuEntry => ({
    label,
    checked: choice.value,
    testid,
    act: () => (choice.value = !choice.value),
  });
  const streams = Object.entries(STREAMS) as [StreamChoice, string][];
  const times = Object.entries(TIMES) as [TimeMode, string][];
  return [
    { label: `Copy ${what}`, testid: "copy-all", act: () => void log.copyAll() },
    {
      label: log.filtered ? "Save filtered lines as" : "Save as",
      hint: "Ctrl S",
      testid: "save",
      act: () => void log.save(),
    },
    ...(log.machine === undefined
      ? [{ label: "Reveal file", testid: "reveal", act: () => void log.reveal() }]
      : []),
    flag("Times in copies and files", choices.copyTimes, "copy-times"),
    "line",
    { label: "Go to line", hint: "Ctrl G", testid: "go-to-line", act: () => (log.asking = "line") },
    { label: "Next error", hint: "e", testid: "next-error", act: () => void log.problem(true) },
    {
      label: "Bookmarks",
      hint: marks > 0 ? String(marks) : "",
      testid: "bookmarks",
      act: () => (log.panel = log.panel === "bookmarks" ? "none" : "bookmarks"),
    },
    hidden > 0
      ? { label: `Show ${plural(hidden, "line")} hidden above`, act: () => log.hideBefore(0) }
      : { label: "Hide lines before the first shown", act: () => log.hideBefore(log.view.seen?.first ?? 0) },
    "line",
    ...(narrow
      ? ([
          ...streams.map(([stream, label]) => ({
            label,
            checked: log.stream === stream,
            radio: true,
            act: () => (log.stream = stream),
          })),
          "line",
          ...times.map(([time, label]) => ({
            label,
            checked: choices.time.value === time,
            radio: true,
            act: () => (choices.time.value = time),
          })),
          "line",
        ] as const)
      : []),
    flag("Line numbers", choices.numbers, "line-numbers"),
    flag("JSON lines as fields", choices.json, "json-fields"),
    flag("Mark errors and warnings", choices.severity, "mark-errors"),
    "line",
    { label: "Larger text", hint: "Ctrl +", act: () => choices.resize(1) },
    { label: "Smaller text", hint: "Ctrl −", act: () => choices.resize(-1) },
    { label: "Show the keys", hint: "?", act: () => (log.asking = "keys") },
  ];
}

export function rowMenu(log: LogWindow, row: number): MenuEntry[] {
  const mark = log.bookmarks.at(log.session.attempt, row);
  const around = log.contexts.of(row);
  return [
    ...(log.view.selecting
      ? ([{ label: "Copy", hint: "Ctrl C", testid: "row-copy", act: () => void log.copy() }, "line"] as const)
      : []),
    ...(log.filtered
      ? ([
          { label: "Show in the log", testid: "show-in-log", act: () => log.showInLog(row) },
          {
            label: around ? "Show more lines around" : "Show lines around",
            testid: "show-around",
            act: () => void log.widen(row),
          },
          ...(around ? [{ label: "Hide lines around", act: () => log.contexts.hide(row) }] : []),
          "line",
        ] as const)
      : []),
    {
      label: mark ? "Remove bookmark" : "Bookmark",
      hint: "b",
      testid: "row-bookmark",
      act: () => {
        log.view.current = row;
        log.toggleBookmark(row);
      },
    },
    { label: "Copy link to line", testid: "copy-link", act: () => void log.copyLink(row) },
    { label: "Hide lines before here", testid: "hide-before", act: () => log.hideBefore(row) },
  ];
}
