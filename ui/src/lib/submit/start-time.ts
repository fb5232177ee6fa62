// When a task is to start, as people write it: "in 2 h", "at 22:00" (the next one), "2026-11-30 08:00"; by this machine's clock.
import { parseDuration } from "../shared/duration";
import { digits, isoDay, minuteOfDay } from "../shared/format";

const CLOCK = /^(?:at\s+)?(\d{1,2}):(\d{2})(?::(\d{2}))?$/i;
const DATE = /^(?:at\s+)?(\d{4})-(\d{2})-(\d{2})[ T](\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3}))?)?$/i;

/** Unix milliseconds; undefined when the text says no time. */
export function parseStart(text: string, now: number): number | undefined {
  const span = /^in\s+(.*)$/i.exec(text.trim())?.[1];
  if (span !== undefined) {
    const ms = parseDuration(span);
    return ms === null ? undefined : now + ms;
  }
  const clock = CLOCK.exec(text.trim());
  if (clock) {
    const [hour, minute, second] = clock.slice(1).map((part) => Number(part ?? 0));
    if (hour === undefined || hour > 23 || minute === undefined || minute > 59) return undefined;
    const at = new Date(now);
    at.setHours(hour, minute, second ?? 0, 0);
    if (at.getTime() <= now) at.setDate(at.getDate() + 1);
    return at.getTime();
  }
  const date = DATE.exec(text.trim());
  if (!date) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = date
    .slice(1, 7)
    .map((part) => Number(part ?? 0));
  const at = new Date(year, month - 1, day, hour, minute, second, Number((date[7] ?? "").padEnd(3, "0")));
  // What is no day rolls over into another one.
  return at.getMonth() === month - 1 && at.getDate() === day && hour < 24 && minute < 60
    ? at.getTime()
    : undefined;
}

/** So that it is read as the same time again, to the millisecond. */
export function writeStart(ms: number): string {
  const at = new Date(ms);
  const rest = at.getMilliseconds()
    ? `:${digits(at.getSeconds())}.${digits(at.getMilliseconds(), 3)}`
    : at.getSeconds()
      ? `:${digits(at.getSeconds())}`
      : "";
  return `${isoDay(at)} ${minuteOfDay(at)}${rest}`;
}
