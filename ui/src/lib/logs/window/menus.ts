// What the menus of windows of logs offer: "more" in the toolbar, and the one of a row. The window of one log has a few entries beside
// those of any.
import { BOUNDS } from "../../api/bindings";
import { plural } from "../../shared/format";
import type { MenuEntry } from "../../shared/Menu.svelte";
import { visible } from "../../shared/row-text/controls";
import { filePlaces, placeText } from "../../shared/row-text/files";
import { opens, urls } from "../../shared/row-text/urls";
import type { MergedLogs } from "../merged/merged-logs.svelte";
import type { OneLog } from "../one/one-log.svelte";
import type { ShownRow } from "../rows/list";
import type { RowKey } from "../rows/numbers";
import { encodingOf } from "../text/encodings";
import { conditionsIn } from "../text/columns";
import { recordLines } from "../text/record";
import type { TimeMode } from "../text/words";
import { TIMES } from "./choices.svelte";
import type { LogWindow } from "./log-window.svelte";
import type { StreamChoice } from "./stream-filter.svelte";

export const STREAMS: Record<StreamChoice, string> = {
  both: "Both streams",
  stdout: "stdout only",
  stderr: "stderr only",
};

/** A longer name of a task, or an address, is cut in a menu. */
const NAME = 32;
const ADDRESS = 40;

/** `narrow`: the toolbar has no room for its selects, so they are here. */
export function logMenu(log: LogWindow<OneLog>, narrow: boolean): MenuEntry[] {
  return moreMenu(log, narrow, {
    file:
      log.machine === undefined
        ? [{ label: "Reveal file", testid: "reveal", act: () => void reveal(log) }]
        : [],
    logs:
      log.source.attempts > 1
        ? [{ label: "All attempts in one window", testid: "all-attempts", act: () => void openAttempts(log) }]
        : [],
    goTo: "Go to line or time",
    display: [
      flag("Line numbers", log.choices.numbers, "line-numbers"),
      {
        label: "Encoding",
        hint: encodingOf(log.source.info),
        testid: "choose-encoding",
        act: () => (log.asking = "encoding"),
      },
    ],
  });
}

export function mergedMenu(log: LogWindow<MergedLogs>, narrow: boolean): MenuEntry[] {
  return moreMenu(log, narrow, { file: [], logs: [], goTo: "Go to time", display: [] });
}

/** Shows the log's file in the system's file manager. */
async function reveal({ source, told }: LogWindow<OneLog>): Promise<void> {
  await told.during(null, "show the file", () => source.backend.revealLog(source.id, source.attempt));
}

/** Opens the attempts that are kept, the latest as many as one window reads. */
async function openAttempts({ source, told }: LogWindow<OneLog>): Promise<void> {
  const { id, attempts, history } = source;
  const kept = history.length > 0 ? history.map(({ attempt }) => attempt) : [attempts];
  const runs = kept.slice(-BOUNDS.MAX_MERGED_LOGS).map((attempt) => ({ id, attempt }));
  await told.during(null, "open the attempts", () => source.backend.openMergedWindow(runs));
}

/** Opens the log that a row is from, there. */
async function openSource({ source, told }: LogWindow, row: ShownRow): Promise<void> {
  const run = source.runOf(row);
  if (!run) return;
  await told.during(null, "open the log", () => source.backend.openLogWindow(run.id, run.attempt, row.row));
}

function flag(label: string, choice: { value: boolean }, testid: string): MenuEntry {
  return { label, checked: choice.value, testid, act: () => (choice.value = !choice.value) };
}

function moreMenu(
  log: LogWindow,
  narrow: boolean,
  own: { file: MenuEntry[]; logs: MenuEntry[]; goTo: string; display: MenuEntry[] },
): MenuEntry[] {
  const { choices, reader, source } = log;
  const what = log.filtered ? "filtered lines" : "all";
  const hidden = reader.all?.hiddenBefore ?? 0;
  const marks = source.marks.keys.length;
  const streams = Object.entries(STREAMS) as [StreamChoice, string][];
  const times = Object.entries(TIMES) as [TimeMode, string][];
  return [
    { label: `Copy ${what}`, testid: "copy-all", act: () => void log.clipboard.copyAll() },
    {
      label: log.filtered ? "Save filtered lines as" : "Save as",
      hint: "Ctrl S",
      testid: "save",
      act: () => void log.save(),
    },
    ...own.file,
    flag("Times in copies and files", choices.copyTimes, "copy-times"),
    "line",
    { label: own.goTo, hint: "Ctrl G", testid: "go-to", act: () => (log.asking = "place") },
    { label: "Next error", hint: "e", testid: "next-error", act: () => void log.problem(true) },
    { label: "Next warning", testid: "next-warning", act: () => void log.problem(true, "warning") },
    {
      label: "Bookmarks",
      hint: marks > 0 ? String(marks) : "",
      testid: "bookmarks",
      act: () => (log.panel = log.panel === "bookmarks" ? "none" : "bookmarks"),
    },
    ...own.logs,
    {
      label: "Fold the traces and groups in view",
      hint: "Z",
      testid: "fold-shown",
      act: () => void log.foldShown(),
    },
    ...(log.folding.any
      ? [{ label: "Unfold all", testid: "unfold-all", act: () => log.folding.unfoldAll() }]
      : []),
    hidden > 0
      ? { label: `Show ${plural(hidden, "line")} hidden above`, act: () => log.hideBefore(0) }
      : { label: "Hide all lines above", act: () => log.hideBefore(log.view.seen?.first ?? 0) },
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
    ...own.display,
    flag("JSON lines as fields", choices.json, "json-fields"),
    {
      label: "Show columns",
      hint: "c",
      checked: log.columns.shown !== null,
      testid: "show-columns",
      act: () => log.toggleColumns(),
    },
    { label: "Choose columns", testid: "choose-columns", act: () => (log.asking = "columns") },
    flag("Mark errors and warnings", choices.severity, "mark-errors"),
    "line",
    { label: "Larger text", hint: "Ctrl +", act: () => choices.resize(1) },
    { label: "Smaller text", hint: "Ctrl −", act: () => choices.resize(-1) },
    { label: "Show the keys", hint: "?", act: () => (log.asking = "keys") },
  ];
}

const cut = (text: string, length: number): string =>
  text.length > length ? `${text.slice(0, length)}…` : text;

/** What leads somewhere in a row, by its text or by what the program says of it; the first few. */
function addresses(row: ShownRow | undefined): string[] {
  if (!row) return [];
  const said = (row.spans ?? []).flatMap(({ link }) => link ?? []);
  const shown = urls(row.text).map(({ from, to }) => row.text.slice(from, to));
  return [...new Set([...said, ...shown])].filter(opens).slice(0, 3);
}

/** The menu of a row, by its key. `own`: what only this kind of window has. */
export function rowMenu(log: LogWindow, key: RowKey, own: MenuEntry[] = []): MenuEntry[] {
  const row = log.drawn(key);
  const around = log.contexts.of(key);
  return [
    ...(log.view.selecting
      ? ([
          { label: "Copy", hint: "Ctrl C", testid: "row-copy", act: () => void log.clipboard.copy() },
          "line",
        ] as const)
      : []),
    ...(log.filtered
      ? ([
          { label: "Show among all lines", testid: "show-in-log", act: () => log.showInLog(key) },
          {
            label: around ? "Show more surrounding lines" : "Show surrounding lines",
            testid: "show-around",
            act: () => void log.widen(key),
          },
          ...(around ? [{ label: "Hide surrounding lines", act: () => log.contexts.hide(key) }] : []),
          "line",
        ] as const)
      : []),
    ...own,
    ...addresses(row).map((address, i) => ({
      label: `Open ${cut(visible(address.replace(/^https?:\/\//i, "")), ADDRESS)}`,
      testid: `open-link-${i}`,
      act: () => void log.openLink(address),
    })),
    ...(row && log.machine === undefined ? filePlaces(row.text).slice(0, 3) : []).map((place, i) => ({
      label: `Open ${cut(visible(placeText(place)), ADDRESS)} in the editor`,
      testid: `open-file-${i}`,
      act: () => row && void log.openFile(row, place),
    })),
    ...(row ? conditionsIn(row.text) : []).map((condition, i) => ({
      label: `Only lines with ${cut(visible(condition), ADDRESS)}`,
      testid: `narrow-${i}`,
      act: () => log.narrow(condition),
    })),
    ...(row && (log.expanded.of(key) || recordLines(row.text) !== null)
      ? [
          {
            label: log.expanded.of(key) ? "Hide fields" : "Show fields",
            hint: "x",
            testid: "expand-record",
            act: () => log.expand(key),
          },
        ]
      : []),
    {
      label: log.folding.foldOf(key) ? "Unfold" : "Fold",
      hint: "z",
      testid: "row-fold",
      act: () => void log.fold(key),
    },
    {
      label: row && log.source.marks.of(row) ? "Remove bookmark" : "Bookmark",
      hint: "b",
      testid: "row-bookmark",
      act: () => {
        log.view.current = key;
        log.bookmarks.toggle(key);
      },
    },
    ...(row
      ? [{ label: "Copy link to line", testid: "copy-link", act: () => void log.clipboard.copyLink(row) }]
      : []),
    { label: "Hide the lines above this one", testid: "hide-before", act: () => log.hideBefore(key) },
  ];
}

/** As `rowMenu`, with the way to the row's own log. */
export function mergedRowMenu(log: LogWindow, key: RowKey): MenuEntry[] {
  const row = log.drawn(key);
  const name = row && log.source.labelOf(row)?.text;
  const own = row &&
    name && {
      label: `Open the log of ${cut(name, NAME)} here`,
      testid: "open-source",
      act: () => void openSource(log, row),
    };
  return rowMenu(log, key, own ? [own, "line"] : []);
}
