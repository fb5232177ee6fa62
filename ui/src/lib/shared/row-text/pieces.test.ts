import { expect, it } from "vitest";
import { spansOf } from "./spans";
import { pieces } from "./pieces";

/** Parts are divided by slashes. */
const spans = (parts: string) =>
  spansOf({
    text: parts.replaceAll("/", ""),
    spans: parts.split("/").map((part, n) => ({ len: part.length, fg: n })),
  });
const cut = (text: string, selected: { from: number; to: number } | null, marks: [number, number][]) =>
  pieces(spans(text), selected, marks).map(({ text: part, selected: s, mark }) =>
    [part, s ? "s" : "", mark !== undefined ? "m" : ""].join("|"),
  );

it("leaves spans whole without a selection or marks", () => {
  expect(cut("a/b", null, [])).toEqual(["a||", "b||"]);
});

it("cuts where a selection and marks begin and end, over the borders of spans", () => {
  expect(cut("abc/def", { from: 2, to: 4 }, [[1, 5]])).toEqual([
    "a||",
    "b||m",
    "c|s|m",
    "d|s|m",
    "e||m",
    "f||",
  ]);
});

it("cuts where an address begins and ends, and says where each part leads", () => {
  const links = [{ from: 2, to: 5, address: "https://a.org" }];
  expect(pieces(spans("abc/def"), null, [], links).map(({ text, address }) => [text, address])).toEqual([
    ["ab", undefined],
    ["c", "https://a.org"],
    ["de", "https://a.org"],
    ["f", undefined],
  ]);
});

it("takes a selection to the line's end, and several marks in order", () => {
  expect(
    cut("abcdef", { from: 4, to: Infinity }, [
      [0, 1],
      [2, 3],
    ]),
  ).toEqual(["a||m", "b||", "c||m", "d||", "ef|s|"]);
});
