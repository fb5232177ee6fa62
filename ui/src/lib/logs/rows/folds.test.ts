import { describe, expect, it } from "vitest";
import { Folds } from "./folds";

describe("rows that are left out", () => {
  it("stand as one position when retention removed them", () => {
    const folds = new Folds();
    expect(folds.remove(100, 1_000_000)).toBe(true);
    expect(folds.remove(100, 1_000_000)).toBe(false);
    expect(folds.positions(1_000_200)).toBe(201);
    expect([99, 100, 101].map((position) => folds.rowAt(position))).toEqual([99, 100, 1_000_100]);
    expect([100, 5000, 1_000_100].map((row) => folds.positionOf(row))).toEqual([100, 100, 101]);
  });

  it("grow together when more is removed", () => {
    const folds = new Folds();
    folds.remove(10, 10);
    expect(folds.remove(10, 40)).toBe(true);
    expect(folds.rowAt(11)).toBe(50);
    folds.remove(50, 5);
    expect(folds.rowAt(11)).toBe(55);
  });

  it("have no position at all when the reader hid them", () => {
    const folds = new Folds();
    folds.hideBefore(500);
    expect(folds.rowAt(0)).toBe(500);
    expect(folds.positions(600)).toBe(100);
    expect(folds.positionOf(3)).toBe(0);
    folds.hideBefore(0);
    expect(folds.rowAt(0)).toBe(0);
  });

  it("come back from every position to it", () => {
    const folds = new Folds();
    folds.remove(20, 30);
    folds.remove(100, 7);
    folds.hideBefore(5);
    for (let position = 0; position < 200; position += 1)
      expect(folds.positionOf(folds.rowAt(position))).toBe(position);
  });

  it("stand as their first row when the reader folded them, with what was folded in there", () => {
    const folds = new Folds();
    expect(folds.fold({ from: 12, to: 15, kind: "trace" })).toBe(true);
    expect(folds.fold({ from: 10, to: 20, kind: "group" })).toBe(true);
    expect(folds.folded).toHaveLength(1);
    expect([10, 11].map((position) => folds.rowAt(position))).toEqual([10, 20]);
    expect(folds.positionOf(14)).toBe(10);
    expect(folds.fold({ from: 15, to: 25, kind: "trace" })).toBe(false);
    expect(folds.unfold(30)).toBe(false);
    expect(folds.unfold(14)).toBe(true);
    expect(folds.rowAt(11)).toBe(11);
  });

  it("are shown again where something of them is gone", () => {
    const folds = new Folds();
    folds.fold({ from: 10, to: 20, kind: "trace" });
    folds.remove(15, 30);
    expect([folds.folded.length, folds.rowAt(15), folds.rowAt(16)]).toEqual([0, 15, 45]);
    expect(folds.fold({ from: 14, to: 16, kind: "trace" })).toBe(false);
  });
});
