// How the page says times, sizes and ends in words. Pure; the exact values go into a title beside them.
import type { Phase, Suspension, TaskRow, TaskRun, Waiting } from "../api/types";
import { isFinished } from "./phase";

/** What time it is, for words about the moment `at`; asked for only where such words are said. */
export type NowFor = (at: number) => number;

/** With leading zeros. */
export const digits = (n: number, width = 2): string => String(n).padStart(width, "0");

/** What was measured; these words are the model's too (crates/model, `words.rs`): `840 ms`, `4.2 s`, `38 s`, `12 min 04 s`, `1 h 02 min`, `3 d 04 h`. */
export function duration(ms: number): string {
  if (Math.round(ms) < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 9950) return `${(Math.round(ms / 100) / 10).toFixed(1)} s`;
  return clock(ms);
}

/** Like `duration`, in whole seconds: for numbers that tick. */
export function clock(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 60) return `${s} s`;
  const m = Math.floor(s / 60);
  if (m < 60) return `${m} min ${digits(s % 60)} s`;
  const h = Math.floor(m / 60);
  if (h < 24) return `${h} h ${digits(m % 60)} min`;
  return `${Math.floor(h / 24)} d ${digits(h % 24)} h`;
}

/** A setting, in as few units as it has: `250 ms`, `1.5 s`, `90 s`, `30 min`, `1 h 30 min`, `2 d`. */
export function span(ms: number): string {
  if (ms < 1000) return `${ms} ms`;
  if (ms % 60_000 !== 0) return `${count(ms / 1000)} s`;
  const m = ms / 60_000;
  if (m < 60) return `${m} min`;
  if (m % 1440 === 0) return `${count(m / 1440)} d`;
  return m % 60 === 0 ? `${count(m / 60)} h` : `${count(Math.floor(m / 60))} h ${digits(m % 60)} min`;
}

export function ago(at: number, nowFor: NowFor): string {
  const ms = nowFor(at) - at;
  if (ms < 5000) return "just now";
  if (ms < 60_000) return `${Math.floor(ms / 1000)} s ago`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min ago`;
  if (ms < 86_400_000) return `${Math.floor(ms / 3_600_000)} h ago`;
  return `${Math.floor(ms / 86_400_000)} d ago`;
}

const exactFormat = new Intl.DateTimeFormat(undefined, {
  dateStyle: "medium",
  timeStyle: "medium",
  hourCycle: "h23",
});
export const exact = (at: number): string => exactFormat.format(at);
const minuteFormat = new Intl.DateTimeFormat(undefined, {
  dateStyle: "medium",
  timeStyle: "short",
  hourCycle: "h23",
});
/** `Nov 29, 2026, 14:03 – 18:03`: what both have in common is said once. */
export const range = (from: number, to: number): string => minuteFormat.formatRange(from, to);
const timeFormat = new Intl.DateTimeFormat(undefined, { timeStyle: "medium", hourCycle: "h23" });
/** `14:03:22`. */
export const timeOfDay = (at: number): string => timeFormat.format(at);
const dayFormat = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
export const day = (at: number): string => dayFormat.format(at);
const dayAndMonthFormat = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
/** `Nov 29`, of any year. */
export const dayAndMonth = (at: number): string => dayAndMonthFormat.format(at);

/** `2026-11-29`, here: for texts that are read again, and for fields. */
export function isoDay(at: Date): string {
  return `${at.getFullYear()}-${digits(at.getMonth() + 1)}-${digits(at.getDate())}`;
}
/** `14:03`, of any day. */
export const minuteOfDay = (at: Date): string => `${digits(at.getHours())}:${digits(at.getMinutes())}`;

/** `today at 14:03`, `tomorrow at 03:00`, `on Nov 29, 2026, 14:03`. */
export function onDay(at: number, now: number): string {
  const [then, today] = [new Date(at), new Date(now)];
  const tomorrow = new Date(today.getFullYear(), today.getMonth(), today.getDate() + 1);
  const near = [["today", today] as const, ["tomorrow", tomorrow] as const];
  const [word] = near.find(([, day]) => isoDay(day) === isoDay(then)) ?? [];
  return word === undefined ? `on ${minuteFormat.format(at)}` : `${word} at ${minuteOfDay(then)}`;
}

/** `3.4 %`, `42 %`, `1,250 %`. */
export const percent = (value: number): string =>
  `${value < 9.95 ? value.toFixed(1) : count(Math.round(value))} %`;

/** `812 B`, `4.1 kB`, `2.1 GB`: powers of 1,000, as disks are sold. */
export function bytes(n: number): string {
  if (n < 1000) return `${n} B`;
  const units = ["kB", "MB", "GB", "TB"];
  let value = n / 1000;
  let unit = 0;
  // From there on it would be rounded to four digits.
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value >= 99.95 ? value.toFixed(0) : value.toFixed(1)} ${units[unit]}`;
}

export const count = (n: number): string => n.toLocaleString("en-US");
export const plural = (n: number, one: string, many = `${one}s`): string =>
  `${count(n)} ${n === 1 ? one : many}`;

export function ordinal(n: number): string {
  const tens = n % 100;
  const suffix = tens >= 11 && tens <= 13 ? "th" : (["th", "st", "nd", "rd"][n % 10] ?? "th");
  return `${n}${suffix}`;
}

/** Why a task or a run ended as it did, in one phrase; empty when there is nothing to explain. */
export function outcome(end: { phase: Phase; exitCode?: number; error?: string }): string {
  const { phase, exitCode, error } = end;
  if (phase === "succeeded" || phase === "running") return "";
  if (phase === "pending" && error === undefined && exitCode === undefined) return "";
  // The engine names a signal with its number, which says nothing more to most.
  const why = error?.replace(/\b(SIG\w+) \(signal \d+\)/, "$1");
  if (exitCode === undefined || exitCode === 0) return why ?? "";
  const code = `exit ${exitCode}`;
  if (why === undefined) return code;
  return why.startsWith(code) ? why : `${code}: ${why}`;
}

/** The same of a row, and what there is to say of one that goes on without its main program, is on a node, or left something undone. */
export function inShort(row: TaskRow): string {
  if (row.suspended) return "paused: its processes are suspended";
  if (row.task.status.phase === "running" && row.mainEnded) return row.mainEnded.text;
  if (row.silentSince != null) return `no output since ${timeOfDay(row.silentSince)}`;
  if (row.task.status.phase === "running" && row.onCluster?.node) return `on ${row.onCluster.node}`;
  return [outcome(row.task.status), row.remark ?? ""].filter((part) => part !== "").join(" · ");
}

/** A lane in a sentence; one task's own has no name that anybody knows. */
export const laneWords = (slot: string, own: boolean): string => (own ? "its lane" : `lane ${slot}`);

/**
 * Why a task waits, or nothing can be learned of it: "2nd in lane etl, behind nightly-import", "attempt 3 in 12 s". `paused`: its
 * lane starts nothing, whatever else it waits for.
 */
export function waitingFor(row: TaskRow, nowFor: NowFor, paused = false): string {
  if (row.trouble !== undefined) return row.trouble;
  const waiting: Waiting | undefined = row.waiting;
  const lane = laneWords(row.task.spec.slot, row.task.spec.ownLane);
  const stands = paused ? `, ${lane} is paused` : "";
  switch (waiting?.reason) {
    case "lane":
      if (paused) return `${lane} is paused; ${ordinal(waiting.position)} in line`;
      return `${ordinal(waiting.position)} in ${lane}, behind ${waiting.behind}`;
    case "backoff":
      return `attempt ${row.task.status.attempt + 1} ${due(waiting.until, nowFor)}${stands}`;
    case "crashLoop":
      return `crash loop: attempt ${row.task.status.attempt + 1} ${due(waiting.until, nowFor)}${stands}`;
    case "lanePaused":
      return `${lane} is paused`;
    case "starting":
      return "starting";
    case "held":
      return "held";
    case "cluster":
      return waiting.about === undefined
        ? waiting.why
        : `${waiting.why}, starts about ${exact(waiting.about)}`;
    case "condition":
      return `waits for ${waiting.what}${stands}`;
    case "notBefore":
      return notBefore(waiting.until, nowFor);
    case "dependency":
      return `waiting for ${waiting.name || waiting.on} to ${TO[waiting.when]}`;
    case undefined:
      return "";
  }
}

/** What another task has to do. */
export const TO = { succeeded: "succeed", ended: "end", failed: "fail", started: "start" } as const;

function notBefore(at: number, nowFor: NowFor): string {
  const now = nowFor(at);
  return at > now ? `starts in ${clock(at - now)}, ${onDay(at, now)}` : "starts now";
}

function due(at: number, nowFor: NowFor): string {
  const left = at - nowFor(at);
  return left > 0 ? `in ${clock(left)}` : "is due";
}

/** How long the latest attempt ran, or has been running, in milliseconds; undefined of what waits, or never ran. A task may be over later than
 * its last attempt: one that is canceled between two is. The time in which it was suspended does not count. */
export function elapsed(
  {
    task,
    startedAt,
    suspension,
    recentRuns,
  }: Pick<TaskRow, "task" | "startedAt" | "suspension" | "recentRuns">,
  nowFor: NowFor,
): number | undefined {
  const { phase } = task.status;
  if (isFinished(phase)) return recentRuns.at(-1)?.durationMs ?? undefined;
  return phase === "running" && startedAt != null ? runLength({ startedAt, suspension }, nowFor) : undefined;
}

export function runLength(
  { startedAt, finishedAt, suspension }: Pick<TaskRun, "startedAt" | "finishedAt" | "suspension">,
  nowFor: NowFor,
): number {
  const end = finishedAt ?? nowFor(startedAt);
  return Math.max(0, end - startedAt - stoodStill(suspension, end));
}

/** For how long the processes of a run had been suspended at a time. */
export const stoodStill = (suspension: Suspension | undefined, at: number): number =>
  suspension === undefined ? 0 : suspension.totalMs + Math.max(0, at - (suspension.since ?? at));

/** What follows how long a run took, or has taken at a time, that was suspended; nothing of others. */
export function suspendedWords(suspension: Suspension | undefined, at: number): string {
  const still = stoodStill(suspension, at);
  return still === 0 ? "" : `, suspended for ${duration(still)}`;
}
