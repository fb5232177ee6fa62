import { expect, it } from "vitest";
import { pastEdge } from "./select";

// A pane from 100 to 500.
const past = (at: number, from: number) => pastEdge(at, from, 100, 500);

it("scrolls a drag that comes to an edge, faster the further it goes", () => {
  expect(past(300, 200)).toBe(0);
  expect(past(490, 200)).toBe(4);
  expect(past(540, 200)).toBe(54);
  expect(past(104, 200)).toBe(-10);
  expect(past(60, 200)).toBe(-54);
});

it("does not scroll for a press in the last row, or one that is drawn along it", () => {
  expect(past(496, 496)).toBe(0);
  expect(past(498, 496)).toBe(0);
  expect(past(103, 102)).toBe(0);
});
