import fc from "fast-check";
import { expect, test } from "vitest";
import type { NotForeseen, TaskForecast } from "../api/types";
import { endWords, foreseenTitle, inRange, rough, startIsSet, startWords, whyUnknown } from "./foreseen";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const NOW = 1_800_000_000_000;

test.each([
  [0, 0, "within seconds"],
  [0, 40 * SECOND, "within 40 s"],
  [4 * MINUTE, 6 * MINUTE, "in 4 to 6 min"],
  [50 * SECOND, 2 * MINUTE, "in 50 s to 2 min"],
  [6 * MINUTE, 6 * MINUTE + SECOND, "in about 6 min"],
  [50 * MINUTE, 65 * MINUTE, "in 50 min to 1 h 05 min"],
  [50 * HOUR, 52 * HOUR, "in 2 d 02 h to 2 d 04 h"],
])("a range from %d to %d is told as %s", (from, to, words) => {
  expect(inRange({ from: NOW + from, to: NOW + to }, NOW)).toBe(words);
});

test.each([
  [400, "1 s"],
  [59_400, "59 s"],
  [59_700, "1 min"],
  [59.6 * MINUTE, "1 h 00 min"],
  [23 * HOUR + 59.4 * MINUTE, "23 h 59 min"],
  [23 * HOUR + 59.6 * MINUTE, "1 d 00 h"],
  [47.6 * HOUR, "2 d 00 h"],
])("%d ms are roughly %s", (ms, words) => {
  expect(rough(ms)).toBe(words);
});

test("what was expected earlier and has not come is expected now", () => {
  expect(inRange({ from: NOW - MINUTE, to: NOW - SECOND }, NOW)).toBe("within seconds");
  expect(inRange({ from: NOW - MINUTE, to: NOW + MINUTE }, NOW)).toBe("within 1 min");
});

test("a longer time is never told as a shorter one", () => {
  const units: Record<string, number> = { s: SECOND, min: MINUTE, h: HOUR, d: 24 * HOUR };
  const read = (words: string) =>
    [...words.matchAll(/(\d+) (\w+)/g)].reduce((sum, [, n, unit]) => sum + Number(n) * units[unit!]!, 0);
  fc.assert(
    fc.property(fc.nat(40 * 24 * HOUR), fc.nat(40 * 24 * HOUR), (a, b) => {
      expect(read(rough(Math.max(a, b)))).toBeGreaterThanOrEqual(read(rough(Math.min(a, b))));
    }),
  );
});

const told = (more: Partial<TaskForecast>): TaskForecast => ({ task: "01a", slot: "etl", runs: 0, ...more });

test("what is not known is told with the task that it depends on", () => {
  const why: NotForeseen = { reason: "noHistory", task: "01a", name: "import" };
  expect(whyUnknown(why, "01a")).toBe("it has not run before");
  expect(startWords(told({ task: "01b", unknown: why }), NOW, false)).toBe(
    "start not known: “import” has not run before",
  );
  const starts = told({ start: { from: NOW, to: NOW + MINUTE }, unknown: why });
  expect(startWords(starts, NOW, false)).toBe("starts within 1 min");
  expect(endWords(starts, NOW, false)).toBe("end not known: it has not run before");
  expect(endWords(told({ task: "01b", unknown: why }), NOW, false)).toBe("");
  const running = told({ unknown: why });
  expect(startWords(running, NOW, true)).toBe("");
  expect(endWords(running, NOW, true)).toBe("end not known: it has not run before");
  expect(whyUnknown({ reason: "onlyIfFree", task: "01a", name: "import" }, "01a")).toBe(
    "it is canceled if its lane is busy when its time comes",
  );
  expect(whyUnknown({ reason: "lanePaused", slot: "etl" })).toBe("lane etl is paused");
  expect(whyUnknown({ reason: "laneWaits", slot: "etl", what: "mains power" })).toBe(
    "lane etl waits for mains power",
  );
});

test("the title says the times and how many runs they are reckoned from", () => {
  const at = { from: NOW, to: NOW + MINUTE };
  expect(foreseenTitle(told({ start: at, end: at, runs: 1 }))).toMatch(
    /^Starts between .*\nEnds between .*\nReckoned by its last run$/,
  );
  expect(foreseenTitle(told({}))).toBe("");
});

test("a start at a set time is said once", () => {
  const until = NOW + HOUR;
  const waiting = { reason: "notBefore", until } as const;
  const starts = (after: number) => told({ start: { from: until, to: until + after } });
  expect(startIsSet(starts(SECOND), waiting)).toBe(true);
  expect(startIsSet(starts(HOUR), waiting)).toBe(false);
  expect(startIsSet(starts(SECOND), { reason: "held" })).toBe(false);
  expect(startIsSet(told({}), waiting)).toBe(false);
});
