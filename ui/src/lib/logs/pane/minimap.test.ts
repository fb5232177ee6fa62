import { describe, expect, it } from "vitest";
import { barShare, rowAt, sliceBox, sliceCount, viewBox, yOf } from "./minimap";

describe.each([10, 5_000, 100_000_000])("a log of %d rows", (rows) => {
  const strip = { height: 600, rows };

  it("maps a row to pixels and back to within what a pixel means", () => {
    for (const share of [0, 0.1, 0.5, 0.99]) {
      const row = Math.floor(rows * share);
      expect(Math.abs(rowAt(yOf(row, strip), strip) - row)).toBeLessThanOrEqual(rows / 600 + 1);
    }
    expect(rowAt(-20, strip)).toBe(0);
    expect(rowAt(9999, strip)).toBe(rows - 1);
  });

  it("draws what is shown inside the strip, and never too thin to take hold of", () => {
    for (const from of [0, Math.floor(rows / 2), rows - 1]) {
      const box = viewBox(from, Math.min(rows, from + 40), strip);
      expect(box.height).toBeGreaterThanOrEqual(12);
      expect(box.y).toBeGreaterThanOrEqual(0);
      expect(box.y + box.height).toBeLessThanOrEqual(600);
    }
  });

  it("asks for no more slices than it can draw or the log has rows", () => {
    expect(sliceCount(strip)).toBe(Math.min(300, rows));
    const last = sliceBox(sliceCount(strip) - 1, sliceCount(strip), strip);
    expect(last.y).toBeLessThan(600);
  });
});

it("shows a single line among thousands, and nothing where there is none", () => {
  expect(barShare(1, 100_000)).toBeGreaterThan(0.1);
  expect(barShare(0, 100)).toBe(0);
  expect(barShare(100, 100)).toBe(1);
});

it("has nothing to map without rows or height", () => {
  expect(rowAt(5, { height: 0, rows: 10 })).toBe(0);
  expect(yOf(5, { height: 100, rows: 0 })).toBe(0);
  expect(sliceCount({ height: 0, rows: 0 })).toBe(1);
});
