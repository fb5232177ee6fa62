// The days of a week and of a month as a calendar shows them, and what is on each. Pure; days are those of the person's own clock.
import type { ComingRun, TaskSpan } from "../../api/types";

export type Zoom = "week" | "month";

/** A run that was, or one that is to come. */
interface CalendarRun {
  key: string;
  at: number;
  job: string;
  /** Of one that was. */
  past?: TaskSpan;
}

/** What a day shows of a job: one run, or many as one line. */
export interface CalendarLine {
  key: string;
  job: string;
  first: CalendarRun;
  /** With the first. */
  runs: CalendarRun[];
}

export interface CalendarDay {
  /** Its first moment. */
  from: number;
  /** The first moment of the next. */
  to: number;
  /** Of the month that is shown. */
  inside: boolean;
  lines: CalendarLine[];
}

/** More runs of a job on one day are one line. */
const ALONE = 3;

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
export function daysAround(at: number, zoom: Zoom, weekBegins = 1): Omit<CalendarDay, "lines">[] {
  const on = new Date(at);
  const anchor = zoom === "week" ? day(on, 0) : new Date(on.getFullYear(), on.getMonth(), 1);
  const back = (anchor.getDay() - (weekBegins % 7) + 7) % 7;
  const first = day(anchor, -back);
  const end = new Date(on.getFullYear(), on.getMonth() + 1, 1);
  const days: Omit<CalendarDay, "lines">[] = [];
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

/** What was and what is to come, on its days. A run that was made has taken the place of the time that it was to come at. */
export function onDays(
  days: readonly Omit<CalendarDay, "lines">[],
  past: readonly TaskSpan[],
  coming: readonly ComingRun[],
): CalendarDay[] {
  const runs: CalendarRun[] = [
    ...past.flatMap((span) =>
      span.job === undefined
        ? []
        : [{ key: span.task, at: span.startedAt ?? span.createdAt, job: span.job, past: span }],
    ),
    ...coming.map(({ job, schedule, at }) => ({ key: `${job} ${schedule} ${at}`, at, job })),
  ].sort((a, b) => a.at - b.at);
  return days.map((day) => ({
    ...day,
    lines: lines(runs.filter(({ at }) => at >= day.from && at < day.to)),
  }));
}

function lines(runs: CalendarRun[]): CalendarLine[] {
  const byJob = new Map<string, CalendarRun[]>();
  for (const run of runs) byJob.set(run.job, [...(byJob.get(run.job) ?? []), run]);
  const lines: CalendarLine[] = [];
  for (const [job, all] of byJob) {
    if (all.length > ALONE) lines.push({ key: job, job, first: all[0]!, runs: all });
    else lines.push(...all.map((run) => ({ key: run.key, job, first: run, runs: [run] })));
  }
  return lines.sort((a, b) => a.first.at - b.first.at);
}
