import { expect, test } from "vitest";
import { memory, processor, withSample, type History } from "./usage-history";

/** A run that began at 0 and is looked at once a second from `first` on; half a processor, and memory that grows. */
function looked(first: number, seconds: number): History {
  let history: History | undefined;
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
