import { beforeEach, expect, test, vi } from "vitest";
import type { Digest } from "../api/types";
import { AWAY_MS, says, Since } from "./digest.svelte";

const nothing: Digest = {
  since: 0,
  until: 1,
  ended: { pending: 0, running: 0, succeeded: 0, failed: 0, timeout: 0, canceled: 0, exhausted: 0 },
  failed: [],
  missed: [],
  missedCount: 0,
  held: [],
  heldCount: 0,
};
beforeEach(() => localStorage.clear());

test("a digest is said in phrases, the failures first", () => {
  const ended = { ...nothing.ended, succeeded: 1200, failed: 2, timeout: 1, canceled: 4 };
  expect(says({ ...nothing, ended, missedCount: 1, heldCount: 2 })).toEqual([
    "3 failed",
    "1,200 succeeded",
    "4 canceled",
    "1 scheduled run missed",
    "2 tasks are held for you",
  ]);
  expect(says(nothing)).toEqual([]);
});

test("that the computer slept is said with what came of it, and not by itself", () => {
  const slept = [{ from: -3_600_000, to: 3_600_000 }];
  expect(says({ ...nothing, slept })).toEqual([]);
  expect(says({ ...nothing, slept, missedCount: 2 })).toEqual([
    "the computer slept for 1 h 00 min",
    "2 scheduled runs missed",
  ]);
});

test("a window that was looked at all the while says what was missed when the computer wakes, once", async () => {
  vi.useFakeTimers({ now: 100_000_000 });
  const asked: number[] = [];
  const digest = { ...nothing, missedCount: 1 };
  const since = new Since({ readDigest: async (request) => (asked.push(request.since), digest) }, null);
  const woken = async (from: number, to: number) => {
    const told = since.woke({ from, to });
    await vi.runAllTimersAsync();
    await told;
  };
  await woken(50_000_000, 99_000_000);
  await woken(100_000_000, 100_000_000 + AWAY_MS - 1);
  expect(asked).toEqual([]);
  await woken(100_000_000, 100_000_000 + AWAY_MS);
  await woken(100_000_000, 100_000_000 + AWAY_MS);
  expect([asked, since.digest]).toEqual([[100_000_000], digest]);
  vi.useRealTimers();
});

test("it is asked for after a while alone, and shown when something has happened", async () => {
  const asked: number[] = [];
  let digest = nothing;
  const since = new Since({ readDigest: async (request) => (asked.push(request.since), digest) }, null);
  await since.comeBack(1_000);
  expect(asked).toEqual([]);
  since.leave(5_000);
  await since.comeBack(6_000);
  expect(asked).toEqual([]);
  since.leave(7_000);
  await since.comeBack(7_000 + AWAY_MS);
  expect([asked, since.digest]).toEqual([[7_000], undefined]);
  digest = { ...nothing, heldCount: 1 };
  since.leave(9_000);
  await since.comeBack(9_000 + AWAY_MS);
  expect(since.digest).toEqual(digest);
  since.putAway();
  expect(since.digest).toBeUndefined();
});
