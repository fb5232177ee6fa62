import { expect, it } from "vitest";
import { cutAtBoxes, fill, hasBoxes } from "./boxes";
import { pieces } from "./pieces";

const cut = (text: string): [string, boolean][] =>
  cutAtBoxes(pieces([{ text, look: {} }], null, [])).map(({ text, boxes }) => [text, boxes]);

it("cuts where boxes begin and end, and loses no column", () => {
  expect(cut("a│b")).toEqual([
    ["a", false],
    ["│", true],
    ["b", false],
  ]);
  expect(cut("┌──┐")).toEqual([["┌──┐", true]]);
  expect(cut("plain")).toEqual([["plain", false]]);
  expect(["a█", "plain", "–—", "→"].map(hasBoxes)).toEqual([true, false, false, false]);
  expect(["▌x", "plain"].map(hasBoxes), "nothing is kept of the text before").toEqual([true, false]);
});

it("fills a row from its upper edge to its lower one", () => {
  const measures = { glyph: { above: 11, below: 3 }, font: { above: 13, below: 4 } };
  const filled = fill(20, measures)!;
  // As CSS draws it: stretched about the middle of the row, then moved.
  const baseline = (20 - 17) / 2 + 13;
  const drawn = (y: number): number => filled.stretch * (y - 10) + 10 + filled.shift;
  expect(drawn(baseline - 11)).toBeCloseTo(0);
  expect(drawn(baseline + 3)).toBeCloseTo(20);
  expect(fill(20, { glyph: { above: 0, below: 0 }, font: { above: 0, below: 0 } })).toBeNull();
});
