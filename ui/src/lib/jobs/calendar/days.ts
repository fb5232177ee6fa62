// The days of a week and of a month as a calendar shows them, and what is on each. Pure; days are those of the person's own clock.
import type { CalendarDay as ToldDay, Phase, RunCounts, RunOfDay } from "../../api/types";
import { count } from "../../shared/format";

export type Zoom = "week" | "month";

/** What a day shows of a job: one run, or many as one line. */
export interface CalendarLine {
  key: string;
  job: string;
  /** Of many, when the first of them was or will be. */
  at: number;
  counts: RunCounts;
  /** Of one. */
  run?: RunOfDay;
}

export interface CalendarDay {
  /** Its first moment. */
  from: number;
  /** The first moment of the next. */
  to: number;
  /** Of the month that is shown. */
  inside: boolean;
  lines: CalendarLine[];
  /** Jobs that there was no room to name, and all their runs. */
  moreJobs: number;
  more: RunCounts;
}

/** A day of the calendar, before it is known what is on it. */
export type BareDay = Pick<CalendarDay, "from" | "to" | "inside">;

const NONE: RunCounts = { succeeded: 0, failed: 0, canceled: 0, unfinished: 0, coming: 0 };

/** A day by its numbers: the clock may be changed between two of them. */
const day = (date: Date, by: number): Date =>
  new Date(date.getFullYear(), date.getMonth(), date.getDate() + by);

/** What engines say of weeks: as a method, or as a property before that. */
interface WeekInfo {
  getWeekInfo?(): { firstDay: number };
  weekInfo?: { firstDay: number };
}

/** Weeks begin on this day: 1 is Monday, also where the session names no language, as "C" does not. */
export function firstDay(locale = navigator.language): number {
  try {
    const known = new Intl.Locale(locale) as Intl.Locale & WeekInfo;
    return known.getWeekInfo?.().firstDay ?? known.weekInfo?.firstDay ?? 1;
  } catch {
    return 1;
  }
}

/** The days that are shown round a moment, in order: whole weeks. */
export function daysAround(at: number, zoom: Zoom, weekBegins = 1): BareDay[] {
  const on = new Date(at);
  const anchor = zoom === "week" ? day(on, 0) : new Date(on.getFullYear(), on.getMonth(), 1);
  const back = (anchor.getDay() - (weekBegins % 7) + 7) % 7;
  const first = day(anchor, -back);
  const end = new Date(on.getFullYear(), on.getMonth() + 1, 1);
  const days: BareDay[] = [];
  for (let n = 0; zoom === "week" ? n < 7 : n % 7 !== 0 || day(first, n) < end; n++) {
    const from = day(first, n);
    const inside = zoom === "week" || from.getMonth() === on.getMonth();
    days.push({ from: from.getTime(), to: day(first, n + 1).getTime(), inside });
  }
  return days;
}

/** A week or a month on or back. */
export function turned(at: number, zoom: Zoom, by: 1 | -1): number {
  const on = new Date(at);
  if (zoom === "week") return day(on, 7 * by).getTime();
  return new Date(on.getFullYear(), on.getMonth() + by, 1).getTime();
}

/** Where each day begins, and the end of the last. */
export const boundsOf = (days: readonly BareDay[]): number[] => [
  ...days.map(({ from }) => from),
  ...days.slice(-1).map(({ to }) => to),
];

/** What was told of the days; before that they are empty. */
export function onDays(days: readonly BareDay[], told: readonly ToldDay[]): CalendarDay[] {
  return days.map((day, n) => {
    const { jobs = [], moreJobs = 0, more = NONE } = told[n] ?? {};
    return { ...day, lines: jobs.flatMap(linesOf).sort((a, b) => a.at - b.at), moreJobs, more };
  });
}

function linesOf({ job, firstAt, counts, runs }: ToldDay["jobs"][number]): CalendarLine[] {
  if (runs.length === 0) return [{ key: job, job, at: firstAt, counts }];
  return runs.map((run, n) => ({ key: run.task ?? `${job} ${n}`, job, at: run.at, counts, run }));
}

/** All that they are. */
const total = ({ succeeded, failed, canceled, unfinished, coming }: RunCounts): number =>
  succeeded + failed + canceled + unfinished + coming;

/** All that were. */
const past = (counts: RunCounts): number => total(counts) - counts.coming;

/** What a line of many says: `6 of 12 failed`, `12 ran`, and what is to come beside it. */
export interface ManyWords {
  /** Of those that were. */
  failed?: string;
  ran?: string;
  coming?: string;
}

export function manyWords(counts: RunCounts): ManyWords {
  const { failed, coming } = counts;
  const were = past(counts);
  const all = were === failed ? `all ${count(were)} failed` : `${count(failed)} of ${count(were)} failed`;
  return {
    failed: failed > 0 ? (were === 1 ? "1 failed" : all) : undefined,
    ran: failed === 0 && were > 0 ? `${count(were)} ran` : undefined,
    coming: coming > 0 ? `${count(coming)} to come` : undefined,
  };
}

/** Such as `1,438 succeeded, 2 failed, 300 to come`: what there is none of is not named. */
export function countWords(counts: RunCounts): string {
  const { succeeded, failed, canceled, unfinished, coming } = counts;
  const named: [number, string][] = [
    [succeeded, "succeeded"],
    [failed, "failed"],
    [canceled, "canceled"],
    [unfinished, "not over"],
    [coming, "to come"],
  ];
  return named.flatMap(([n, word]) => (n > 0 ? [`${count(n)} ${word}`] : [])).join(", ");
}

/** The worst of those that were, which is what somebody looks for; of those that are all to come there is none. */
export function worst({ counts, run }: CalendarLine): Phase | undefined {
  if (run) return run.phase;
  if (counts.failed > 0) return "failed";
  if (counts.unfinished > 0) return "running";
  if (counts.succeeded > 0) return "succeeded";
  return counts.canceled > 0 ? "canceled" : undefined;
}
