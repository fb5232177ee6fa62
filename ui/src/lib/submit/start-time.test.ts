import { expect, test } from "vitest";
import { parseStart, writeStart } from "./start-time";

const now = new Date(2026, 10, 23, 20, 30).getTime();
const at = (...parts: [number, number, number, number, number, number?]) => new Date(...parts).getTime();

test("a start is a span, a time of the clock or a date", () => {
  for (const [text, ms] of [
    ["in 2 h", now + 7_200_000],
    ["In 1h30m", now + 5_400_000],
    ["at 22:00", at(2026, 10, 23, 22, 0)],
    ["20:30", at(2026, 10, 24, 20, 30)],
    ["6:05", at(2026, 10, 24, 6, 5)],
    ["2026-12-01 08:00", at(2026, 11, 1, 8, 0)],
    ["at 2026-12-01T08:00:30", at(2026, 11, 1, 8, 0, 30)],
  ] as const)
    expect(parseStart(text, now), text).toBe(ms);
  for (const text of ["", "2 h", "in", "in 2", "25:00", "22:60", "2026-02-30 08:00", "tomorrow", "10 pm"])
    expect(parseStart(text, now), text).toBeUndefined();
});

test("a time that is written is read back to the millisecond", () => {
  for (const ms of [now, now + 1_000, now + 12, now + 59_999]) expect(parseStart(writeStart(ms), 0)).toBe(ms);
  expect(writeStart(now)).toBe("2026-11-23 20:30");
});
