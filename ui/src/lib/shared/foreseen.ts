// How the page says what a forecast expects. Pure; the exact times go into a title beside the words.
import type { NotForeseen, TaskForecast, TimeRange, Waiting } from "../api/types";
import { digits, exact } from "./format";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** No more exact than a forecast is: `40 s`, `6 min`, `1 h 05 min`, `2 d 04 h`. */
export function rough(ms: number): string {
  // What is rounded chooses the unit: nothing is 60 s, or 24 h.
  const seconds = Math.max(1, Math.round(ms / SECOND));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(ms / MINUTE);
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ${digits(minutes % 60)} min`;
  const hours = Math.round(ms / HOUR);
  return `${Math.floor(hours / 24)} d ${digits(hours % 24)} h`;
}

/** `within seconds`, `within 40 s`, `in about 6 min`, `in 4 to 6 min`, `in 50 s to 2 min`. */
export function inRange({ from, to }: TimeRange, now: number): string {
  const most = Math.max(0, to - now);
  const least = Math.max(0, from - now);
  if (most < SECOND) return "within seconds";
  if (least < SECOND) return `within ${rough(most)}`;
  const [early, late] = [rough(least), rough(most)];
  if (early === late) return `in about ${late}`;
  const [, number, unit] = /^(\d+) (\S+)$/.exec(early) ?? [];
  return `in ${number !== undefined && late.endsWith(` ${unit}`) && /^\d+ \S+$/.test(late) ? number : early} to ${late}`;
}

const between = ({ from, to }: TimeRange): string =>
  from === to ? exact(from) : `between ${exact(from)} and ${exact(to)}`;

/** Why nobody knows when; `of` is the task that is spoken of. */
export function whyUnknown(why: NotForeseen, of?: string): string {
  const who = "task" in why ? (why.task === of ? "it" : `“${why.name || why.task}”`) : "";
  switch (why.reason) {
    case "noHistory":
      return `${who} has not run before`;
    case "longerThanEver":
      return `${who} has run for longer than ever`;
    case "restarted":
      return `${who} is always restarted`;
    case "suspended":
      return `${who} is paused`;
    case "held":
      return `${who} is held`;
    case "unexpected":
      return who === "it" ? "it waits for what is not expected" : `it waits for ${who} to fail`;
    case "onlyIfFree":
      return `${who} is canceled if its lane is busy when its time comes`;
    case "allHeld":
      return "all tasks are held";
    case "laneWaits":
      return `lane ${why.slot} waits for ${why.what}`;
    case "lanePaused":
      return `lane ${why.slot} is paused`;
  }
}

/** Whether what keeps a task from starting is told of itself anyway: that it is held, or its lane paused. */
export function standsStill({ start, unknown, task }: TaskForecast): boolean {
  if (start || !unknown) return false;
  return unknown.reason === "held"
    ? unknown.task === task
    : ["lanePaused", "laneWaits", "allHeld"].includes(unknown.reason);
}

/** Whether it waits for a set time, which is said with the reason, and is expected to start then. */
export const startIsSet = ({ start }: TaskForecast, waiting?: Waiting): boolean =>
  waiting?.reason === "notBefore" && start !== undefined && start.to < waiting.until + MINUTE;

/** When it starts, in words; empty for one that runs. */
export function startWords({ start, end, unknown, task }: TaskForecast, now: number, runs: boolean): string {
  if (runs) return "";
  if (start) return `starts ${inRange(start, now)}`;
  return end === undefined && unknown ? `start not known: ${whyUnknown(unknown, task)}` : "";
}

/** When it ends, in words; empty where its start says already why that is not known. */
export function endWords({ start, end, unknown, task }: TaskForecast, now: number, runs: boolean): string {
  if (end) return `ends ${inRange(end, now)}`;
  return unknown && (start !== undefined || runs) ? `end not known: ${whyUnknown(unknown, task)}` : "";
}

/** As in `by its last 8 runs`. */
export const reckonedFrom = (runs: number): string =>
  runs === 1 ? "by its last run" : `by its last ${runs} runs`;

/** The exact times, and what they are reckoned from. */
export function foreseenTitle({ start, end, runs }: TaskForecast): string {
  return [
    start ? `Starts ${between(start)}` : "",
    end ? `Ends ${between(end)}` : "",
    runs > 0 && (start ?? end) ? `Reckoned ${reckonedFrom(runs)}` : "",
  ]
    .filter(Boolean)
    .join("\n");
}
