import fc from "fast-check";
import { expect, test } from "vitest";
import { durationScale, outliers } from "./durations";

test("one run that took ten times as long stands out and does not flatten the others", () => {
  const nights = [60, 62, 58, 61, 600, 59];
  expect(outliers(nights)).toEqual([false, false, false, false, true, false]);
  const { median, top } = durationScale(nights)!;
  expect(median).toBe(60);
  expect(top).toBeLessThan(100);
});

test("one that was over at once stands out as well", () => {
  expect(outliers([60, 62, 58, 61, 1])).toEqual([false, false, false, false, true]);
});

test("few runs, and runs that differ as much as they always do, have none", () => {
  expect(outliers([1, 100, 1000])).toEqual([false, false, false]);
  expect(outliers([10, 11, 10, 12, 11, 13])).toEqual([false, false, false, false, false, false]);
  expect(outliers([279, 308, 176, 184, 169, 79])).toEqual([false, false, false, false, false, false]);
  expect(durationScale([])).toBeUndefined();
  expect(durationScale([5])).toEqual({ median: 5, top: 7.5 });
});

test("what is usual fits, and the median is one of its halves", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1_000_000), { minLength: 1, maxLength: 100 }), (all) => {
      const { median, top } = durationScale(all)!;
      const far = outliers(all);
      all.forEach((ms, n) => far[n] || expect(ms).toBeLessThanOrEqual(top));
      expect(all.filter((ms) => ms <= median).length).toBeGreaterThanOrEqual(all.length / 2);
      expect(all.filter((ms) => ms >= median).length).toBeGreaterThanOrEqual(all.length / 2);
    }),
  );
});
