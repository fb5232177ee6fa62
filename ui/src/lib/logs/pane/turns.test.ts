import { expect, test } from "vitest";
import { Turns } from "./turns";

const keys = (turns: Turns, from: number, count = 4, elements = 5) =>
  Array.from({ length: count }, (_, i) => turns.keys(from, elements)(i));

test("rows that stay in view keep their elements", () => {
  const turns = new Turns();
  const before = keys(turns, 100);
  const after = keys(turns, 101);
  expect(new Set(before).size).toBe(4);
  expect(after.slice(0, 3)).toEqual(before.slice(1));
  expect(before).not.toContain(after[3]);
  expect(keys(turns, 99)).toEqual([after[3], ...before.slice(0, 3)]);
});

test("after a jump every element stays where it is", () => {
  const turns = new Turns();
  const before = keys(turns, 3);
  expect(keys(turns, 1_000_000_007)).toEqual(before);
  expect(keys(turns, 999_999_999)).toEqual(before);
  expect(keys(turns, 0)).toEqual(before);
});

test("another number of elements never gives two rows the same", () => {
  const turns = new Turns();
  for (const [from, elements] of [
    [10, 5],
    [12, 9],
    [400, 3],
    [398, 4],
  ] as const)
    expect(new Set(keys(turns, from, elements, elements)).size).toBe(elements);
});
