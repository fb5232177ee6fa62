import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { fakeCalendar } from "../../api/fake-calendar";
import { Calendar } from "./calendar.svelte";

const NOW = new Date("2026-11-25T13:00:00").getTime();
const MINUTE = 60_000;

beforeEach(() => void vi.useFakeTimers({ now: NOW }));
afterEach(() => void vi.useRealTimers());

/** A job of every minute, and one at 02:30. */
function busy() {
  const asked: number[][] = [];
  const calendar = new Calendar(
    {
      jobDays: async ({ bounds }) => {
        asked.push(bounds);
        const runs = [];
        for (let at = bounds[0]!; at < bounds.at(-1)!; at += MINUTE) {
          const phase = at < NOW ? ("succeeded" as const) : undefined;
          runs.push({ job: "poll", at, phase });
          const on = new Date(at);
          if (on.getHours() === 2 && on.getMinutes() === 30) runs.push({ job: "nightly", at, phase });
        }
        return fakeCalendar(bounds, runs);
      },
    },
    1,
  );
  return { calendar, asked };
}

test("a job of every minute is counted in whole on each day of a month, and asked for once", async () => {
  const { calendar, asked } = busy();
  calendar.show(NOW, "month");
  await vi.advanceTimersByTimeAsync(0);
  expect(asked).toEqual([[...calendar.days.map(({ from }) => from), calendar.days.at(-1)!.to]]);
  for (const day of calendar.days) {
    const [poll, nightly, ...others] = day.lines;
    expect(others).toEqual([]);
    const { succeeded, coming } = poll!.counts;
    expect([poll!.job, poll!.run, succeeded + coming]).toEqual(["poll", undefined, 1440]);
    expect([nightly!.job, nightly!.at]).toEqual(["nightly", day.from + 150 * MINUTE]);
  }
  const today = calendar.days.find(({ from, to }) => NOW >= from && NOW < to)!;
  expect(today.lines[0]!.counts).toMatchObject({ succeeded: 780, coming: 660 });
  calendar.stop();
  expect(vi.getTimerCount()).toBe(0);
});

test("what was told of other days stands on none of those that are turned to", async () => {
  const { calendar } = busy();
  calendar.show(NOW, "week");
  await vi.advanceTimersByTimeAsync(0);
  expect(calendar.days.every(({ lines }) => lines.length === 2)).toBe(true);
  calendar.turn(1);
  expect(calendar.days.every(({ lines }) => lines.length === 0)).toBe(true);
  await vi.advanceTimersByTimeAsync(1000);
  expect(calendar.days.every(({ lines }) => lines.length === 2)).toBe(true);
  calendar.stop();
});
