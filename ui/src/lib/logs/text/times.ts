// Times that a program writes into its lines: as ISO 8601 has them, as syslog and web servers do, and as seconds or milliseconds
// since 1970.
import { rowTime, writtenTime } from "./words";

export interface WrittenTime {
  /** Columns of the text. */
  readonly from: number;
  readonly to: number;
  /** Unix milliseconds. */
  readonly at: number;
}

const MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec";
const CLOCK = String.raw`(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?`;
const ZONE = String.raw`\s?(Z|UTC|GMT|[+-]\d\d:?\d\d)?`;
const ISO = new RegExp(String.raw`(?<![\d-])(\d{4})[-/](\d\d)[-/](\d\d)[T ]${CLOCK}${ZONE}(?!\d)`, "g");
const SYSLOG = new RegExp(String.raw`\b(${MONTHS}) ([ \d]?\d) (?:(\d{4}) )?${CLOCK}(?!\d)`, "g");
const SERVER = new RegExp(String.raw`\b(\d\d)/(${MONTHS})/(\d{4}):${CLOCK}${ZONE}`, "g");
const EPOCH = /(?<![\w.-])(1\d{9})(?:(\d{3})|\.(\d{1,9}))?(?![\w-])/g;
const MINUTE = 60_000;

/** The time that stands at a column. What has no year is of the year of `near`, what has no zone is local. */
export function timeAt(text: string, column: number, near: number): WrittenTime | null {
  const within = ({ from, to }: WrittenTime): boolean => from <= column && column < to;
  return times(text, near).find(within) ?? null;
}

function times(text: string, near: number): WrittenTime[] {
  const found: WrittenTime[] = [];
  const add = (match: RegExpExecArray, at: number): void => {
    if (Number.isFinite(at))
      found.push({ from: match.index, to: match.index + match[0].trimEnd().length, at });
  };
  for (const match of text.matchAll(ISO)) {
    const [, year, month, day, ...clock] = match;
    add(match, moment([Number(year), Number(month), Number(day)], clock));
  }
  for (const match of text.matchAll(SERVER)) {
    const [, day, month = "", year, ...clock] = match;
    add(match, moment([Number(year), monthOf(month), Number(day)], clock));
  }
  for (const match of text.matchAll(SYSLOG)) {
    const [, month = "", day, year, ...clock] = match;
    const of = (year: number): number => moment([year, monthOf(month), Number(day)], clock);
    const here = new Date(near).getFullYear();
    // In January a line of December is of the year before.
    const late = year === undefined && of(here) > near + 180 * 24 * 60 * MINUTE;
    add(match, of(year === undefined ? here - (late ? 1 : 0) : Number(year)));
  }
  for (const match of text.matchAll(EPOCH)) {
    const [, seconds, ms, fraction] = match;
    add(match, Number(seconds) * 1000 + Number(ms ?? (fraction ?? "").padEnd(3, "0").slice(0, 3)));
  }
  return found;
}

const monthOf = (name: string): number => MONTHS.split("|").indexOf(name) + 1;

function moment(
  [year, month, day]: readonly [number, number, number],
  [hours, minutes, seconds, fraction, zone]: readonly (string | undefined)[],
): number {
  if (month < 1 || month > 12 || day < 1 || day > 31 || Number(hours) > 23 || Number(minutes) > 59)
    return NaN;
  const ms = Number((fraction ?? "").padEnd(3, "0").slice(0, 3));
  const parts = [year, month - 1, day, Number(hours), Number(minutes), Number(seconds ?? 0), ms] as const;
  if (zone === undefined) return new Date(...parts).getTime();
  const offset = /^([+-])(\d\d):?(\d\d)$/.exec(zone);
  const [, sign, h, m] = offset ?? [];
  const away = offset ? (sign === "-" ? -1 : 1) * (Number(h) * 60 + Number(m)) : 0;
  return Date.UTC(...parts) - away * MINUTE;
}

/** What is said of it: the local time with its offset, and how far it is from the start of the run. */
export function toldTime({ at }: Pick<WrittenTime, "at">, startedAt: number): string {
  const local = writtenTime(at).replace("T", " ");
  if (startedAt === 0) return local;
  const since =
    at >= startedAt
      ? rowTime("relative", at, startedAt)
      : rowTime("relative", startedAt, at).replace("+", "−");
  return `${local} · ${since} from the start`;
}
