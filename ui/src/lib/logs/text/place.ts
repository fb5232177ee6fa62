// What somebody types to go somewhere in a log: the number of a line, or a time as the time column shows it or a line writes it.
import { moment, timeAt } from "./times";

export type Place = { readonly line: number } | { readonly at: number };

export interface Span {
  /** Lines with numbers; none where they have no meaning. */
  readonly lines: number;
  /** When the log begins, in Unix milliseconds. */
  readonly startedAt: number;
}

const CLOCK = /^(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,3}))?)?$/;
const SINCE = /^\+(?:(\d+):)?(\d+):(\d{2})(?:[.,](\d{1,3}))?$/;
const DATE = /^(\d{4})-(\d{2})-(\d{2})(?:[ T](.+))?$/i;
/** `12,000`, `1.500`, `1 500`: a sign within a number divides thousands. */
const GROUPED = /^\d{1,3}(?:[\s,._]\d{2,3})*[\s,._]\d{3}$/;
const MINUTE = 60_000;

const millis = (digits: string | undefined): number => Number((digits ?? "").padEnd(3, "0"));

/** A line counts from 1. `null` when it is neither, or no such line. */
export function readPlace(typed: string, { lines, startedAt }: Span): Place | null {
  const text = typed.trim();
  const number = GROUPED.test(text) ? text.replace(/[\s,._]/g, "") : text;
  if (/^\d+$/.test(number)) {
    const line = Number(number);
    return line >= 1 && line <= lines ? { line } : null;
  }
  const at = sinceStart(text, startedAt) ?? clock(text, startedAt) ?? date(text) ?? written(text, startedAt);
  return at === null ? null : { at };
}

/** "+1:02:03.004", since the start. */
function sinceStart(text: string, startedAt: number): number | null {
  const found = SINCE.exec(text);
  if (!found) return null;
  const [, hours = "0", minutes = "0", seconds = "0", ms] = found;
  return startedAt + (Number(hours) * 60 + Number(minutes)) * MINUTE + Number(seconds) * 1000 + millis(ms);
}

/** "14:32": of the day on which the log begins, or of the next one when it begins later than that. */
function clock(text: string, startedAt: number): number | null {
  const time = timeOfDay(text);
  if (time === null) return null;
  const day = new Date(startedAt);
  const on = (days: number): number =>
    new Date(day.getFullYear(), day.getMonth(), day.getDate() + days, ...time.parts).getTime();
  return on(0) + time.precision <= startedAt ? on(1) : on(0);
}

/** "2026-01-31 14:32:05", of this place's time. */
function date(text: string): number | null {
  const [, year, month, day, rest] = DATE.exec(text) ?? [];
  const time = rest === undefined ? { parts: [0, 0, 0, 0] as const } : timeOfDay(rest);
  if (year === undefined || time === null) return null;
  const at = moment([Number(year), Number(month), Number(day)], time.parts);
  return Number.isNaN(at) ? null : at;
}

/** As lines write it, and lines that are copied with their times: "2026-01-31T14:32:05.123+01:00". */
function written(text: string, startedAt: number): number | null {
  const found = timeAt(text, 0, startedAt);
  return found?.to === text.length ? found.at : null;
}

/** Hours, minutes, seconds and milliseconds, and how long the moment is that was named. */
function timeOfDay(
  text: string,
): { parts: readonly [number, number, number, number]; precision: number } | null {
  const found = CLOCK.exec(text);
  if (!found) return null;
  const [, hours, minutes, seconds, ms] = found;
  const parts = [Number(hours), Number(minutes), Number(seconds ?? 0), millis(ms)] as const;
  if (parts[0] > 23 || parts[1] > 59 || parts[2] > 59) return null;
  return { parts, precision: seconds === undefined ? MINUTE : ms === undefined ? 1000 : 1 };
}
