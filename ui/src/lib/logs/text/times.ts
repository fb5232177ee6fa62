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
const DAYS = "Mon|Tue|Wed|Thu|Fri|Sat|Sun";
const MINUTE = 60_000;
const YEAR = 365 * 24 * 60 * MINUTE;

/** Minutes before UTC. A name with several is that of the local time where this is one of them, and else says nothing. */
const ZONES: Readonly<Record<string, readonly number[]>> = {
  Z: [0],
  UTC: [0],
  GMT: [0],
  WET: [0],
  WEST: [60],
  CET: [60],
  CEST: [120],
  EET: [120],
  EEST: [180],
  MSK: [180],
  JST: [540],
  KST: [540],
  AWST: [480],
  ACST: [570],
  ACDT: [630],
  AEST: [600],
  AEDT: [660],
  NZST: [720],
  NZDT: [780],
  EST: [-300],
  EDT: [-240],
  CDT: [-300],
  MST: [-420],
  MDT: [-360],
  PST: [-480],
  PDT: [-420],
  AKST: [-540],
  AKDT: [-480],
  HST: [-600],
  NST: [-210],
  NDT: [-150],
  ADT: [-180],
  BRT: [-180],
  ART: [-180],
  UYT: [-180],
  CLT: [-240],
  CLST: [-180],
  COT: [-300],
  PET: [-300],
  WAT: [60],
  CAT: [120],
  SAST: [120],
  EAT: [180],
  TRT: [180],
  IDT: [180],
  IRST: [210],
  SAMT: [240],
  AFT: [270],
  PKT: [300],
  UZT: [300],
  YEKT: [300],
  NPT: [345],
  MMT: [390],
  ICT: [420],
  WIB: [420],
  NOVT: [420],
  KRAT: [420],
  WITA: [480],
  HKT: [480],
  SGT: [480],
  MYT: [480],
  PHT: [480],
  IRKT: [480],
  WIT: [540],
  VLAT: [600],
  AST: [-240, 180],
  BST: [60, 360],
  CST: [-360, 480],
  IST: [330, 120, 60],
};
/** None is further from UTC. */
const MAX_OFFSET = 14 * 60;

const CLOCK = String.raw`(?<hours>\d\d):(?<minutes>\d\d)(?::(?<seconds>\d\d)(?:[.,](?<fraction>\d{1,9}))?)?(?: ?(?<half>[AP]M)\b)?`;
const NAMED = Object.keys(ZONES)
  .filter((name) => name !== "Z")
  .join("|");
/** A sign that goes on behind a clock is a zone that is not known, or a part of something else. */
const ZONE = String.raw`(?:(?<zone>\s?(?:[Zz]|[+-]\d\d:?\d\d|(?:UTC|GMT)[+-]\d\d?(?::?\d\d)?|${NAMED})|[+-]\d\d)(?!\w|:\d))?(?![+\d]|[-:]\d)`;
const form = (pattern: string): RegExp => new RegExp(pattern, "g");

/** The first that fits has it. */
const FORMS: readonly RegExp[] = [
  // 2026-11-30T10:00:00.123+01:00, 2026/11/30 10:00:00
  form(String.raw`(?<![\d-])(?<year>\d{4})[-/](?<month>\d\d)[-/](?<day>\d\d)[Tt ]${CLOCK}${ZONE}`),
  // 20261130T100000Z
  form(
    String.raw`(?<![\w-])(?<year>\d{4})(?<month>\d\d)(?<day>\d\d)T(?<hours>\d\d)(?<minutes>\d\d)(?<seconds>\d\d)(?:[.,](?<fraction>\d{1,9}))?${ZONE}`,
  ),
  // 30/Nov/2026:10:00:00 +0000, Mon, 30 Nov 2026 10:00:00 GMT
  form(
    String.raw`\b(?:(?:${DAYS}), )?(?<day>\d?\d)[-/ ](?<month>${MONTHS})[-/ ](?<year>\d{4})[: ]${CLOCK}${ZONE}`,
  ),
  // Mon Nov 30 10:00:00 UTC 2026: of date and of Apache, and of git, which writes the zone behind. Whatever stands before the year
  // is a zone.
  form(
    String.raw`\b(?:${DAYS}) (?<month>${MONTHS}) (?<day>[ \d]?\d) ${CLOCK}(?: (?<zone>[A-Z]{2,5}|[+-]\d\d(?:\d\d)?))? (?<year>\d{4})(?: (?<behind>[+-]\d\d:?\d\d|(?:${NAMED})\b))?(?![\w:])`,
  ),
  // Nov 30 10:00:00, Nov 30, 2026 10:00:00 AM
  form(String.raw`\b(?<month>${MONTHS}) (?<day>[ \d]?\d),? (?:(?<year>\d{4}),? )?${CLOCK}${ZONE}`),
  // I1130 10:00:00.123456
  form(String.raw`\b[IWEF](?<month>\d\d)(?<day>\d\d) ${CLOCK}${ZONE}`),
];
const EPOCH = /(?<![\w.-])(1\d{9})(?:(\d{3})(\d{3}(?:\d{3})?)?|\.(\d{1,9}))?(?![\w-])/g;

/** The time that stands at a column. What has no year is of the year of `near`, what has no zone is local. */
export function timeAt(text: string, column: number, near: number): WrittenTime | null {
  const within = ({ from, to }: WrittenTime): boolean => from <= column && column < to;
  const found = times(text, near).find(within);
  return found && Number.isFinite(found.at) ? found : null;
}

/** Also what looks like one and is none, as the 30th of February: `at` is no number there. */
function times(text: string, near: number): WrittenTime[] {
  const range = ({ index, 0: all }: RegExpExecArray): { from: number; to: number } => ({
    from: index,
    to: index + all.length,
  });
  const clocks = FORMS.flatMap((form) => [...text.matchAll(form)]).map((match) => ({
    ...range(match),
    at: written(match.groups ?? {}, near),
  }));
  const counted = [...text.matchAll(EPOCH)].map((match) => {
    const [, seconds, ms, finer, fraction] = match;
    const at = Number(seconds) * 1000 + Number(ms ?? millis(fraction));
    // A longer number may as well be a name.
    return { ...range(match), at: finer !== undefined && Math.abs(at - near) > 10 * YEAR ? NaN : at };
  });
  return [...clocks, ...counted];
}

type Groups = Readonly<Record<string, string | undefined>>;

function written(
  { year, month = "", day, half, behind, zone = behind, ...clock }: Groups,
  near: number,
): number {
  const hours = half === undefined ? Number(clock.hours) : hoursOf(Number(clock.hours), half);
  const of = (year: number): number =>
    moment(
      [year, monthOf(month), Number(day)],
      [hours, Number(clock.minutes), Number(clock.seconds ?? 0), millis(clock.fraction)],
      zone?.trim(),
    );
  if (year !== undefined) return of(Number(year));
  const here = new Date(near).getFullYear();
  // In January a line of December is of the year before.
  return of(here) > near + YEAR / 2 ? of(here - 1) : of(here);
}

const monthOf = (name: string): number => Number(name) || MONTHS.split("|").indexOf(name) + 1;
const millis = (digits = ""): number => Number(digits.padEnd(3, "0").slice(0, 3));
const hoursOf = (hours: number, half: string): number =>
  hours < 1 || hours > 12 ? NaN : (hours % 12) + (half === "PM" ? 12 : 0);

/** Unix milliseconds; no number where there is no such day or time. Without a zone it is local. */
export function moment(
  [year, month, day]: readonly [number, number, number],
  [hours, minutes, seconds, ms]: readonly [number, number, number, number],
  zone?: string,
): number {
  const parts = [year, month - 1, day, hours, minutes, seconds, ms] as const;
  const utc = new Date(Date.UTC(...parts));
  const same = utc.getUTCFullYear() === year && utc.getUTCMonth() === month - 1 && utc.getUTCDate() === day;
  if (!same || !(hours < 24) || minutes > 59 || seconds > 59) return NaN;
  const local = new Date(...parts);
  if (zone === undefined) return local.getTime();
  const away = offsetOf(zone, -local.getTimezoneOffset());
  return away === undefined ? NaN : utc.getTime() - away * MINUTE;
}

/** In minutes. `local`: what it is here. */
function offsetOf(zone: string, local: number): number | undefined {
  const [, sign, h, m = "0"] = /^(?:UTC|GMT)?([+-])(\d\d?):?(\d\d)?$/.exec(zone) ?? [];
  if (sign === undefined) {
    const name = zone.toUpperCase();
    const known = Object.hasOwn(ZONES, name) ? (ZONES[name] ?? []) : [];
    return known.length > 1 ? known.find((one) => one === local) : known[0];
  }
  const away = Number(h) * 60 + Number(m);
  return Number(m) > 59 || away > MAX_OFFSET ? undefined : (sign === "-" ? -1 : 1) * away;
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
