// Positions and rows, whatever was removed and hidden, against a list of all rows.
import fc from "fast-check";
import { expect, it } from "vitest";
import { Folds } from "./folds";

const ROWS = 60;
const gap = fc.tuple(fc.nat(ROWS - 1), fc.integer({ min: 1, max: 20 }));

it("agrees with a list of the rows that are left", () => {
  fc.assert(
    fc.property(fc.array(gap, { maxLength: 6 }), fc.nat(ROWS), (gaps, hidden) => {
      const folds = new Folds();
      const removed = new Set<number>();
      for (const [from, many] of gaps) {
        const count = Math.min(many, ROWS - from);
        const rows = Array.from({ length: count }, (_, i) => from + i);
        expect(folds.remove(from, count)).toBe(rows.some((row) => !removed.has(row)));
        for (const row of rows) removed.add(row);
      }
      folds.hideBefore(hidden);
      const all = Array.from({ length: ROWS }, (_, row) => row);
      // Of removed rows side by side the first that is not hidden stands for all.
      const left = all.filter(
        (row) => row >= hidden && !(removed.has(row) && row > hidden && removed.has(row - 1)),
      );
      expect(folds.positions(ROWS)).toBe(left.length);
      for (const [position, row] of left.entries()) expect(folds.rowAt(position)).toBe(row);
      for (const row of all) {
        const standing = left.findLastIndex((one) => one <= row);
        expect(folds.positionOf(row)).toBe(Math.max(0, standing));
      }
    }),
    { numRuns: 200 },
  );
});
