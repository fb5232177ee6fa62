import { expect, test } from "vitest";
import type { UsageSample } from "../api/types";
import { SECONDS, sparkline } from "./sparkline";

const sample = (cpuPercent?: number): UsageSample =>
  ({ attempt: 1, at: 0, cpuMs: 0, memoryBytes: 0, processes: 1, cpuPercent }) as UsageSample;

test("a line ends at the right edge, a minute fills the width, and the edge is one processor at least", () => {
  expect(sparkline([], 59, 16)).toBe("");
  // The first sample knows of no use yet.
  expect(sparkline([sample(), sample(50)], 59, 16)).toBe("");
  expect(sparkline([sample(), sample(0), sample(100)], 59, 16)).toBe("M58.0 15.0L59.0 1.0");
  expect(sparkline([sample(0), sample(50)], 59, 16)).toBe("M58.0 15.0L59.0 8.0");
  // Four processors are the edge where somebody uses them.
  expect(sparkline([sample(100), sample(400)], 59, 16)).toBe("M58.0 11.5L59.0 1.0");
  const minute = Array.from({ length: SECONDS }, () => sample(10));
  expect(sparkline(minute, 59, 16)).toMatch(/^M0\.0 /);
});
