// What the log window says in words: titles, the mark at the end of a run, times of rows, notes on clamped lines.
import type { LogInfo, LogRow, Phase } from "../../api";
import type { Folded } from "../rows/folds";
import type { FoldMark } from "../window/folding.svelte";
import {
  bytes,
  digits,
  duration,
  minuteOfDay,
  outcome,
  plural,
  runLength,
  suspendedWords,
} from "../../shared/format";
import { phaseWord } from "../../shared/phase";

export type TimeMode = "off" | "clock" | "relative" | "delta";

/** `machine`: the name of another machine than this one. */
export function windowTitle(name: string, info: LogInfo | null, attempt: number, machine?: string): string {
  const state = info === null ? "opening" : phaseWord(info.phase).toLowerCase();
  const parts = attempt > 0 ? [name, `attempt ${attempt}`, state] : [name];
  return [...parts, ...(machine === undefined ? [] : [machine])].join(" · ");
}

/** The mark below the last row; null while the run may still print. */
export function endMark(info: LogInfo | null): string | null {
  if (info === null || info.live || info.finishedAt === undefined) return null;
  const took = `after ${duration(runLength(info, () => 0))}${suspendedWords(info.suspension, info.finishedAt)}`;
  const why = outcome(info);
  const code = info.exitCode !== undefined && !why.startsWith("exit ") ? `exit ${info.exitCode}` : "";
  return [ended(info.phase, why), code, info.remark ?? "", took].filter((part) => part !== "").join(" · ");
}

/** The phase and why, without saying it twice: "Timed out after 30 min", "Failed · exit 1". */
export function ended(phase: Phase, why: string): string {
  const word = phaseWord(phase);
  if (why.toLowerCase().startsWith(word.toLowerCase())) return why.charAt(0).toUpperCase() + why.slice(1);
  return why === "" ? word : `${word} · ${why}`;
}

/** When a row was written: the clock, since the start of the run, or since the row before it. */
export function rowTime(mode: TimeMode, ts: number, startedAt: number, before?: number): string {
  if (mode === "off") return "";
  if (mode === "delta") return before === undefined ? "" : `+${(Math.max(0, ts - before) / 1000).toFixed(3)}`;
  if (mode === "clock") {
    const at = new Date(ts);
    return `${minuteOfDay(at)}:${digits(at.getSeconds())}.${digits(at.getMilliseconds(), 3)}`;
  }
  const since = Math.max(0, ts - startedAt);
  const minutes = Math.floor(since / 60_000);
  const seconds = `${digits(Math.floor(since / 1000) % 60)}.${digits(since % 1000, 3)}`;
  return minutes < 60
    ? `+${minutes}:${seconds}`
    : `+${Math.floor(minutes / 60)}:${digits(minutes % 60)}:${seconds}`;
}

/** When a row was written, for a text that is read elsewhere: local, with the offset, as saved logs have it. */
export function writtenTime(ts: number): string {
  const at = new Date(ts);
  const offset = -at.getTimezoneOffset();
  const local = new Date(ts + offset * 60_000).toISOString().slice(0, -1);
  const away = Math.abs(offset);
  return `${local}${offset < 0 ? "-" : "+"}${digits(Math.floor(away / 60))}:${digits(away % 60)}`;
}

/** What is said of a row that is too long to be drawn whole; null for all others. */
export function moreNote({ text, more = 0 }: Pick<LogRow, "text" | "more">): string | null {
  if (more === 0) return null;
  const shown = new TextEncoder().encode(text).length;
  return `line is ${size(shown + more)}, ${size(shown)} shown`;
}

/** What is said of a hit that is in no text that is shown: behind the part of a long line, or in the escapes of a coloured one. */
export function unseenNote({ more = 0 }: Pick<LogRow, "more">): string {
  return more > 0
    ? "the hit is further along this line"
    : "the hit is in a part of this line that is not displayed";
}

const BLOCKS: Readonly<Record<string, string>> = {
  trace: "stack trace",
  group: "group",
  section: "section",
};

/** What the button at the first line of a block does. */
export function foldLabel({ kind, folded }: FoldMark): string {
  const block = Object.hasOwn(BLOCKS, kind) ? BLOCKS[kind] : "block";
  return folded ? `Unfold the ${block}, ${plural(folded.rows, "line")}` : `Fold the ${block}`;
}

/** What is said of a block behind its first line while it is folded. */
export function foldedNote({ rows, said }: Pick<Folded, "rows" | "said">): string {
  const lines = `${plural(rows - 1, "line")} folded`;
  return said ? `${lines}: ${said}` : lines;
}

/** What stands in the place of lines that are not there; null for a line. */
export function gapLabel(row: LogRow): string | null {
  if (row.removed)
    return `${plural(row.removed.rows, "line")} (${size(row.removed.bytes)}) removed to stay within the log limits`;
  return row.gap === undefined ? null : `${size(row.gap)} of output lost: the disk was full`;
}

/** `10 kB` rather than `10.0 kB`: these are round numbers. */
function size(n: number): string {
  return bytes(n).replace(/\.0 /, " ");
}
