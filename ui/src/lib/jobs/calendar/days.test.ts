import fc from "fast-check";
import { expect, test } from "vitest";
import { fakeCalendar } from "../../api/fake-calendar";
import { boundsOf, countWords, daysAround, firstDay, manyWords, onDays, turned, worst } from "./days";

const at = (text: string) => new Date(text).getTime();
const dates = (days: { from: number }[]) => days.map(({ from }) => new Date(from).getDate());

test("a week has seven days from the day on which weeks begin", () => {
  const wednesday = at("2026-11-25T13:00:00");
  expect(dates(daysAround(wednesday, "week", 1))).toEqual([23, 24, 25, 26, 27, 28, 29]);
  expect(dates(daysAround(wednesday, "week", 7))).toEqual([22, 23, 24, 25, 26, 27, 28]);
});

test("a month is whole weeks, and says which days are its own", () => {
  const days = daysAround(at("2026-11-25T13:00:00"), "month", 1);
  expect(dates(days).slice(0, 7)).toEqual([26, 27, 28, 29, 30, 31, 1]);
  expect(days.filter(({ inside }) => inside)).toHaveLength(30);
  expect(days.length % 7).toBe(0);
});

test("days follow each other without a gap, also where clocks are changed", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: at("2020-01-01"), max: at("2040-01-01") }),
      fc.constantFrom("week" as const, "month" as const),
      fc.integer({ min: 1, max: 7 }),
      (moment, zoom, begins) => {
        const days = daysAround(moment, zoom, begins);
        for (const [n, day] of days.entries()) {
          expect(day.to).toBeGreaterThan(day.from);
          expect(new Date(day.from).getHours()).toBe(0);
          if (n > 0) expect(day.from).toBe(days[n - 1]!.to);
        }
        expect(days.some(({ from, to }) => moment >= from && moment < to)).toBe(true);
        const next = daysAround(turned(moment, zoom, 1), zoom, begins);
        expect(next[0]!.from).toBeGreaterThan(days[0]!.from);
        expect(next[0]!.from).toBeLessThanOrEqual(days.at(-1)!.to);
      },
    ),
  );
});

test("what was and what is to come stand on their days, in order, and many of a job are one line with counts", () => {
  const days = daysAround(at("2026-11-25T13:00:00"), "week", 1);
  const often = Array.from({ length: 24 }, (_, hour) => ({
    job: "feed",
    at: at("2026-11-27T00:10:00") + hour * 3_600_000,
    phase: hour < 3 ? (["succeeded", "failed", "canceled"] as const)[hour] : undefined,
  }));
  const runs = [
    { job: "nightly", at: at("2026-11-24T02:30:00"), task: "a", phase: "succeeded" as const },
    ...often,
    { job: "nightly", at: at("2026-11-27T02:30:00") },
  ];
  const shown = onDays(days, fakeCalendar(boundsOf(days), runs).days);
  expect(shown[1]!.lines.map(({ job, run }) => [job, run?.task])).toEqual([["nightly", "a"]]);
  const [feed, nightly] = shown[4]!.lines;
  expect([feed!.job, feed!.run, worst(feed!)]).toEqual(["feed", undefined, "failed"]);
  expect(countWords(feed!.counts)).toBe("1 succeeded, 1 failed, 1 canceled, 21 to come");
  expect([nightly!.job, nightly!.at, worst(nightly!)]).toEqual([
    "nightly",
    at("2026-11-27T02:30:00"),
    undefined,
  ]);
  expect(shown[5]!.lines).toEqual([]);
});

test("a session without a language has weeks that begin on Monday", () => {
  expect(firstDay("C")).toBe(1);
});

test("a line of many tells those that were from those that are to come", () => {
  const none = { succeeded: 0, failed: 0, canceled: 0, unfinished: 0, coming: 0 };
  const words = (counts: Partial<typeof none>) => {
    const { failed, ran, coming } = manyWords({ ...none, ...counts });
    return [failed ?? ran, coming].filter(Boolean).join(" · ");
  };
  const cases: [Partial<typeof none>, string][] = [
    [{ failed: 6, succeeded: 6, coming: 23 }, "6 of 12 failed · 23 to come"],
    [{ failed: 1, coming: 8 }, "1 failed · 8 to come"],
    [{ failed: 5 }, "all 5 failed"],
    [{ succeeded: 1438, canceled: 1, unfinished: 1 }, "1,440 ran"],
    [{ succeeded: 1, coming: 3 }, "1 ran · 3 to come"],
    [{ coming: 24 }, "24 to come"],
  ];
  for (const [counts, expected] of cases) expect(words(counts)).toBe(expected);
});
