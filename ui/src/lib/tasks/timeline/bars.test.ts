import fc from "fast-check";
import { expect, test } from "vitest";
import type { TaskSpan } from "../../api/types";
import { barWords, lanesOf, ranAt, ticks, tickWords, zoomed } from "./bars";

const span = (
  task: string,
  slot: string,
  createdAt: number,
  startedAt?: number,
  finishedAt?: number,
): TaskSpan => ({
  task,
  name: task,
  slot,
  phase: finishedAt === undefined ? (startedAt === undefined ? "pending" : "running") : "succeeded",
  attempt: startedAt === undefined ? 0 : 1,
  createdAt,
  startedAt,
  finishedAt,
});

test("a task waits and then runs in one row, and what is to come stands in the lane of its job", () => {
  const spans = [
    { ...span("b", "etl", 5, 10, 20), job: "nightly" },
    span("a", "etl", 0, 0, 10),
    span("c", "etl", 6),
  ];
  const [etl, ...others] = lanesOf(spans, [{ job: "nightly", schedule: "s", at: 100 }], 30);
  expect(others).toEqual([]);
  expect(etl!.bars.map(({ name, kind, from, to, row }) => [name, kind, from, to, row])).toEqual([
    ["a", "run", 0, 10, 0],
    ["b", "wait", 5, 10, 1],
    ["c", "wait", 6, 30, 2],
    ["b", "run", 10, 20, 1],
    ["nightly", "coming", 100, 60_100, 0],
  ]);
});

test("lanes that are one task's own are one, at the end", () => {
  const own = { ...span("x", "x-abc12", 0, 0, 5), ownLane: true };
  const lanes = lanesOf([own, { ...own, task: "y", slot: "y-abc12" }, span("a", "z", 0, 0, 5)], [], 9);
  expect(lanes.map(({ slot, own, rows }) => [slot, own, rows])).toEqual([
    ["z", false, 1],
    ["", true, 2],
  ]);
});

test("what runs on another machine stands in a lane of its own there, below that of this machine", () => {
  const there = { ...span("b", "etl", 0, 0, 5), machine: "nas" };
  const lanes = lanesOf([there, span("a", "etl", 0, 0, 5), span("c", "z", 0, 0, 5)], [], 9);
  expect(lanes.map(({ slot, machine }) => [slot, machine])).toEqual([
    ["etl", undefined],
    ["etl", "nas"],
    ["z", undefined],
  ]);
  expect(barWords(lanes[1]!.bars[0]!)).toMatch(/^b: ran on nas for /);
});

test("a run goes on while it is suspended, and that is no part of how long it ran", () => {
  const over = { ...span("a", "s", 0, 0, 14_000), tookMs: 6_000, suspension: { totalMs: 8_000 } };
  const stands = { ...span("b", "s", 0, 0), suspension: { totalMs: 1_000, since: 10_000 } };
  const bars = lanesOf([over, stands], [], 20_000)[0]!.bars;
  expect(bars.map(({ from, to }) => [from, to])).toEqual([
    [0, 14_000],
    [0, 20_000],
  ]);
  expect(barWords(bars[0]!)).toMatch(/^a: ran for 6\.0 s, suspended for 8\.0 s, from /);
  expect(barWords(bars[1]!)).toMatch(/^b: has run for 9\.0 s, suspended for 11 s, from /);
});

test("no two tasks of a row are in each other's way", () => {
  const times = fc.tuple(fc.nat(200), fc.nat(50), fc.nat(50));
  fc.assert(
    fc.property(fc.array(times, { maxLength: 60 }), (all) => {
      const spans = all.map(([at, wait, run], n) => span(`t${n}`, "s", at, at + wait, at + wait + run + 1));
      const [lane] = lanesOf(spans, [], 1000);
      const bars = lane?.bars ?? [];
      for (const [n, one] of bars.entries())
        for (const other of bars.slice(n + 1)) {
          if (one.row !== other.row || one.span === other.span) continue;
          expect(one.to <= other.from || other.to <= one.from).toBe(true);
        }
    }),
  );
});

test("what ran at a moment is told, the latest first", () => {
  const spans = [span("a", "s", 0, 0, 10), span("b", "s", 0, 5), span("c", "s", 0)];
  expect(ranAt(spans, 7, 50).map(({ task }) => task)).toEqual(["b", "a"]);
  expect(ranAt(spans, 40, 50).map(({ task }) => task)).toEqual(["b"]);
  expect(ranAt(spans, 60, 50)).toEqual([]);
});

test("marks are few, in order and within", () => {
  const year = 366 * 24 * 3_600_000;
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4e12 }), fc.integer({ min: 2000, max: year }), (from, length) => {
      const found = ticks(from, from + length, 8);
      expect(found.length).toBeLessThanOrEqual(10);
      expect(
        found.every((at, n) => at >= from && at <= from + length && (n === 0 || at > found[n - 1]!)),
      ).toBe(true);
    }),
  );
});

test("zooming keeps the moment under the pointer in its place, within bounds", () => {
  expect(zoomed(0, 100_000, 0.5, 25_000)).toEqual({ from: 12_500, to: 62_500 });
  const least = zoomed(0, 3000, 0.0001, 1500);
  expect(least.to - least.from).toBe(2000);
});

test("a bar says what it stands for, and counts attempts that it does not show as no waiting", () => {
  const words = (of: TaskSpan) =>
    lanesOf([of], [], 90_000)[0]!.bars.map((bar) => barWords(bar).split(",")[0]);
  expect(words(span("a", "s", 0))).toEqual(["a: has waited for 1 min 30 s"]);
  expect(words(span("a", "s", 0, 30_000))).toEqual(["a: waited for 30 s", "a: has run for 1 min 00 s"]);
  // Canceled before it began.
  expect(words({ ...span("a", "s", 0, undefined, 30_000), phase: "canceled" })).toEqual([
    "a: waited for 30 s",
  ]);
  const third = lanesOf([{ ...span("a", "s", 0, 30_000, 60_000), attempt: 3 }], [], 90_000)[0]!.bars.map(
    barWords,
  );
  expect(third[0]).toMatch(/^a: waited, with 2 earlier attempts, for 30 s, from/);
  expect(third[1]).toMatch(/^a: ran for 30 s, from/);
});

test("what was canceled between two attempts ran no longer than the last of them", () => {
  const canceled: TaskSpan = { ...span("a", "s", 0, 0, 600_000), phase: "canceled", tookMs: 5000 };
  const bars = lanesOf([canceled], [], 900_000)[0]!.bars;
  expect(bars.map(({ kind, from, to }) => [kind, from, to])).toEqual([
    ["run", 0, 5000],
    ["wait", 5000, 600_000],
  ]);
  expect(barWords(bars[1]!)).toMatch(/^a: waited for another attempt for 9 min 55 s, from/);
  expect(ranAt([canceled], 60_000, 900_000)).toEqual([]);
});

test("what waits for another attempt does not run meanwhile", () => {
  const waiting: TaskSpan = { ...span("a", "s", 0, 1000), phase: "pending" };
  const bars = lanesOf([waiting], [], 60_000)[0]!.bars;
  expect(bars.map(({ kind, from, to }) => [kind, from, to])).toEqual([["wait", 0, 60_000]]);
  expect(barWords(bars[0]!)).toMatch(/^a: has waited, with 1 earlier attempt, for 1 min 00 s, from/);
  expect(ranAt([waiting], 30_000, 60_000)).toEqual([]);
});

test("thousands that wait in one lane do not make it endlessly high", () => {
  const spans = Array.from({ length: 5000 }, (_, n) => span(`t${n}`, "s", n));
  const [lane] = lanesOf(spans, [], 10_000);
  expect([lane!.rows, lane!.bars.length]).toEqual([200, 5000]);
});

test("a tick is called by its day at midnight alone, and else by its time", () => {
  const midnight = new Date(2025, 10, 30).getTime();
  const words = ticks(midnight - 10_000, midnight + 50_000, 6).map((at) => tickWords(at, 60_000));
  const days = words.filter((word) => word === tickWords(midnight, 60_000));
  expect([days.length, new Set(words).size]).toEqual([1, words.length]);
  expect(tickWords(midnight, 60_000)).toBe(tickWords(midnight, 86_400_000));
});
