import { waitFor } from "@testing-library/svelte";
import { expect, it } from "vitest";
import { knownBy } from "../rows/numbers";
import type { RowList, ShownRow } from "../rows/list";
import { Around } from "./around.svelte";

function stand(hits: number[], lines: number, end = 100) {
  const reads: [number, number][] = [];
  const row = (key: number) => ({ row: key, text: `row ${key}` }) as ShownRow;
  const feed = {
    keyOf: (row: ShownRow) => knownBy(row.row),
    read: async (from: number, count: number) => {
      reads.push([from, count]);
      return Array.from({ length: Math.min(count, end - from) }, (_, i) => row(from + i));
    },
  };
  const list = { keyAt: (place: number) => hits[place] } as unknown as RowList;
  const around = new Around(
    feed,
    () => lines,
    () => ({ list, end }),
  );
  const want = () => around.want(hits.map((key, place) => [knownBy(key), place]));
  /** The rows as they are drawn, one after the other. */
  const drawn = () =>
    hits.flatMap((key, place) => {
      const block = around.of(key, place);
      const keys = (lines: { key: number; row?: ShownRow }[] = []) =>
        lines.map((line) => (line.row ? line.key : -line.key));
      expect(around.count(key, place)).toBe((block?.before.length ?? 0) + (block?.after.length ?? 0));
      return [...keys(block?.before), key, ...keys(block?.after)];
    });
  return { around, reads, want, drawn };
}

it("shows each row once and in order, however near hits are to each other", async () => {
  const { want, drawn, reads } = stand([1, 10, 12, 13, 18, 40, 98], 3);
  want();
  const expected = [0, 1, 2, 3, 4, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21];
  expected.push(37, 38, 39, 40, 41, 42, 43, 95, 96, 97, 98, 99);
  await waitFor(() => expect(drawn()).toEqual(expected));
  // What is near is read in one go, and nothing twice.
  expect(reads.length).toBeLessThan(5);
  want();
  await Promise.resolve();
  expect(reads.length).toBeLessThan(5);
});

it("shows nothing around hits where that is not asked for", () => {
  const { around, want, reads } = stand([5], 0);
  want();
  expect(around.any).toBe(false);
  expect(around.of(5, 0)).toBeNull();
  expect(reads).toEqual([]);
});
