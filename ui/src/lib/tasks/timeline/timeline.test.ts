import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ApiError } from "../../api/errors";
import type { TaskSpan } from "../../api/types";
import { Timeline } from "./timeline.svelte";

const NOW = new Date("2026-11-25T13:00:00").getTime();
const HOUR = 3_600_000;

beforeEach(() => void vi.useFakeTimers({ now: NOW }));
afterEach(() => {
  hide(false);
  vi.useRealTimers();
});

function hide(hidden: boolean) {
  Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}

const running: TaskSpan = {
  task: "a",
  name: "a",
  slot: "s",
  phase: "running",
  attempt: 1,
  createdAt: NOW - HOUR,
  startedAt: NOW - HOUR,
};

function open() {
  const asked: { from: number; to: number }[] = [];
  let broken = false;
  const line = new Timeline({
    tasksBetween: async ({ from, to }) => {
      asked.push({ from, to });
      if (broken) throw new ApiError({ error: "Unavailable", message: "it is away" });
      return { spans: [running], more: false };
    },
    upcoming: async () => ({ times: [], more: false }),
  });
  return { line, asked, fail: (fails: boolean) => (broken = fails) };
}

test("what goes on grows without being read, and what has changed is read at its pace", async () => {
  const { line, asked } = open();
  const stop = line.follow();
  await vi.advanceTimersByTimeAsync(0);
  expect(asked).toHaveLength(1);
  const end = () => line.lanes[0]!.bars[0]!.to;
  const before = end();
  await vi.advanceTimersByTimeAsync(50_000);
  expect(end()).toBeGreaterThan(before + 20_000);
  expect(asked).toHaveLength(1);
  for (let n = 0; n < 60; n++) {
    line.touch();
    await vi.advanceTimersByTimeAsync(100);
  }
  expect(asked.length).toBeLessThanOrEqual(4);
  expect(asked.length).toBeGreaterThan(1);
  hide(true);
  const seen = asked.length;
  line.touch();
  await vi.advanceTimersByTimeAsync(10 * 60_000);
  expect(asked).toHaveLength(seen);
  hide(false);
  await vi.advanceTimersByTimeAsync(0);
  expect(asked.length).toBeGreaterThan(seen);
  stop();
  expect(vi.getTimerCount()).toBe(0);
});

test("a past in which nothing changes any more is not read again for what happens now", async () => {
  const { line, asked } = open();
  const stop = line.follow();
  line.show(NOW - 30 * HOUR, NOW - 20 * HOUR);
  await vi.advanceTimersByTimeAsync(300);
  const read = asked.length;
  expect(asked.at(-1)).toEqual({ from: NOW - 35 * HOUR, to: NOW - 15 * HOUR });
  line.touch();
  await vi.advanceTimersByTimeAsync(30_000);
  expect(asked).toHaveLength(read);
  stop();
});

test("what cannot be read is told, and what was read before stays until it can", async () => {
  const { line, fail } = open();
  const stop = line.follow();
  await vi.advanceTimersByTimeAsync(0);
  fail(true);
  line.touch();
  await vi.advanceTimersByTimeAsync(4000);
  expect(line.error?.message).toBe("it is away");
  expect(line.lanes).toHaveLength(1);
  fail(false);
  await vi.advanceTimersByTimeAsync(61_000);
  expect(line.error).toBeUndefined();
  stop();
});
