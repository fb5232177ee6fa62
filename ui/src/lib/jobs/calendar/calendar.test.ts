import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Calendar } from "./calendar.svelte";

const NOW = new Date("2026-11-25T13:00:00").getTime();
const MINUTE = 60_000;

beforeEach(() => void vi.useFakeTimers({ now: NOW }));
afterEach(() => void vi.useRealTimers());

/** A job that runs every five minutes, and one at 02:30; an answer holds a thousand. */
function busy() {
  const asked: { from: number; to: number }[] = [];
  const calendar = new Calendar(
    {
      tasksBetween: async () => ({ spans: [], more: false }),
      upcoming: async ({ from, to }) => {
        asked.push({ from, to });
        const times = [];
        for (let at = Math.ceil(from / (5 * MINUTE)) * 5 * MINUTE; at <= to; at += 5 * MINUTE) {
          times.push({ job: "feed", schedule: "often", at });
          if (new Date(at).getHours() === 2 && new Date(at).getMinutes() === 30)
            times.push({ job: "nightly", schedule: "night", at });
        }
        return { times: times.slice(0, 1000), more: times.length > 1000 };
      },
    },
    1,
  );
  return { calendar, asked };
}

test("a job that runs all the time leaves room for the others on each day of a month", async () => {
  const { calendar, asked } = busy();
  calendar.show(NOW, "month");
  await vi.advanceTimersByTimeAsync(0);
  const ahead = calendar.days.filter(({ from }) => from > NOW);
  expect(ahead.length).toBeGreaterThan(5);
  for (const day of ahead)
    expect(day.lines.map(({ job, runs }) => [job, runs.length])).toEqual([
      ["feed", 288],
      ["nightly", 1],
    ]);
  expect(calendar.more).toBe(false);
  // Nothing is asked for twice, and nothing that is over.
  expect(asked[0]!.from).toBe(NOW);
  for (const [n, { from }] of asked.entries()) if (n > 0) expect(from).toBe(asked[n - 1]!.to + 1);
  calendar.stop();
  expect(vi.getTimerCount()).toBe(0);
});
