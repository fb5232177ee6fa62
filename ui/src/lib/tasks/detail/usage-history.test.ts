import { expect, test } from "vitest";
import { Histories, memory, processor, withSample, type History } from "./usage-history";

/** A run that began at 0 and is looked at once a second from `first` on; half a processor, and memory that grows. */
function looked(first: number, seconds: number, before?: History): History {
  let history = before;
  for (let n = first; n < first + seconds; n += 1) {
    const sample = { attempt: 1, at: n * 1000, cpuMs: n * 500, memoryBytes: n, processes: 1 };
    history = withSample(history, sample, 0);
  }
  if (history === undefined) throw new Error("no sample");
  return history;
}

test("the processor's line begins at the start of the run, and that of memory where somebody looked first", () => {
  const history = looked(60, 3);
  expect(processor(history)).toEqual([
    { from: 0, to: 60_000, value: 50 },
    { from: 60_000, to: 61_000, value: 50 },
    { from: 61_000, to: 62_000, value: 50 },
  ]);
  expect(memory(history).map(({ to, value }) => [to, value])).toEqual([
    [61_000, 61],
    [62_000, 62],
  ]);
});

test("a day of samples is a bounded number of points, without a gap and with its peak", () => {
  const history = looked(1, 86_400);
  expect(history.points.length).toBeLessThanOrEqual(241);
  const line = processor(history);
  expect([line[0]?.from, line.at(-1)?.to]).toEqual([0, 86_400_000]);
  line.forEach((stretch, i) => expect(stretch.from).toBe(i === 0 ? 0 : line[i - 1]?.to));
  expect(line.every(({ value }) => Math.abs(value - 50) < 1e-9)).toBe(true);
  expect(Math.max(...memory(history).map(({ value }) => value))).toBe(86_400);
});

test("another attempt begins anew", () => {
  const next = withSample(
    looked(1, 5),
    { attempt: 2, at: 9000, cpuMs: 10, memoryBytes: 7, processes: 1 },
    8000,
  );
  expect(processor(next)).toEqual([{ from: 8000, to: 9000, value: 1 }]);
});

test("what was seen before somebody looked away is kept, and nothing is made up of memory meanwhile", () => {
  const history = looked(600, 10, looked(60, 5));
  const line = memory(history);
  expect(line.map(({ from, to }) => [from / 1000, to / 1000])).toEqual([
    ...[60, 61, 62, 63].map((n) => [n, n + 1]),
    ...[601, 602, 603, 604, 605, 606, 607, 608].map((n) => [n, n + 1]),
  ]);
  // Of the processor it is known as a mean.
  expect(processor(history).every(({ value }) => Math.abs(value - 50) < 1e-9)).toBe(true);
  expect(processor(history).map(({ from, to }) => to - from)).toContain(536_000);
});

test("a gap stays one however long the run takes", () => {
  const line = memory(looked(7200, 7200, looked(1, 600)));
  const seen = line.filter(({ from, to }) => from < 7_100_000 && to > 700_000);
  expect(seen).toEqual([]);
  expect(line[0]!.from).toBeLessThan(120_000);
});

test("the histories of tasks are kept, of those that were looked at last", () => {
  const histories = new Histories();
  for (let n = 0; n < 60; n++) histories.keep(`t${n % 55}`, looked(1, 2));
  expect(histories.of("t4")?.points).toHaveLength(3);
  expect(histories.of("t5")).toBeUndefined();
  expect(histories.of("t54")).toBeDefined();
});
