import { beforeEach, expect, test } from "vitest";
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
