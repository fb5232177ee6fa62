import { describe, expect, it } from "vitest";
import { isEmpty, onRow, textOnRow, wordAt } from "./selection";

const upward = { anchor: { row: 7, column: 3 }, focus: { row: 5, column: 2 } };

describe("selection", () => {
  it("covers whole rows between its ends, whichever way it was drawn", () => {
    expect(onRow(upward, 4)).toBeNull();
    expect(onRow(upward, 5)).toEqual({ from: 2, to: Infinity });
    expect(onRow(upward, 6)).toEqual({ from: 0, to: Infinity });
    expect(onRow(upward, 7)).toEqual({ from: 0, to: 3 });
    expect(isEmpty({ anchor: { row: 1, column: 1 }, focus: { row: 1, column: 1 } })).toBe(true);
  });

  it("copies the exact text, tabs and trailing blanks too", () => {
    expect(textOnRow(upward, 5, "ab\tc  ")).toBe("\tc  ");
    expect(textOnRow(upward, 7, "abcdef")).toBe("abc");
    expect(textOnRow(upward, 6, "a\0b")).toBe("a␀b");
  });

  it("takes a path or a URL as one word", () => {
    expect(wordAt("see https://example.org/a?b now", 8)).toEqual({ from: 4, to: 25 });
    expect(wordAt("at /usr/lib/x.rs:12 ok", 5)).toEqual({ from: 3, to: 19 });
    expect(wordAt("a  b", 1)).toEqual({ from: 0, to: 1 });
  });
});
