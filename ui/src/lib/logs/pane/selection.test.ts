import { describe, expect, it } from "vitest";
import { readRows } from "../window/copy";
import { isEmpty, onRow, ordered, wholeRows, wordAt } from "./selection";

const upward = { anchor: { key: 7, column: 3 }, focus: { key: 5, column: 2 } };

describe("selection", () => {
  it("covers whole rows between its ends, whichever way it was drawn", () => {
    expect(onRow(upward, 4)).toBeNull();
    expect(onRow(upward, 5)).toEqual({ from: 2, to: Infinity });
    expect(onRow(upward, 6)).toEqual({ from: 0, to: Infinity });
    expect(onRow(upward, 7)).toEqual({ from: 0, to: 3 });
    expect(isEmpty({ anchor: { key: 1, column: 1 }, focus: { key: 1, column: 1 } })).toBe(true);
  });

  it("copies the exact text, tabs and trailing blanks too", async () => {
    const rows = new Map([
      [5, "ab\tc  "],
      [6, "a\0b"],
      [7, "abcdef"],
    ]);
    const { start, end } = ordered(upward);
    const read = async (from: number) => [...rows].filter(([key]) => key >= from);
    const line = ([key, text]: [number, string]) => ({ key, last: key, text, prefix: "" });
    expect(await readRows(read, start, end, line)).toEqual({ text: "\tc  \na␀b\nabc", truncated: false });
  });

  it("takes lines whole in both directions, the end of the last one too", () => {
    for (const [anchor, focus] of [
      [5, 7],
      [7, 5],
    ] as const) {
      const lines = wholeRows(anchor, focus);
      expect([5, 6, 7].map((key) => onRow(lines, key))).toEqual(Array(3).fill({ from: 0, to: Infinity }));
    }
  });

  it("takes a path or a URL as one word", () => {
    expect(wordAt("see https://example.org/a?b now", 8)).toEqual({ from: 4, to: 27 });
    expect(wordAt("(https://example.org/a_(b)?q=1,2&c#d).", 9)).toEqual({ from: 1, to: 36 });
    expect(wordAt("at /usr/lib/x.rs:12 ok", 5)).toEqual({ from: 3, to: 19 });
    expect(wordAt("a  b", 1)).toEqual({ from: 0, to: 1 });
  });

  it("takes a word with its combining signs, and what is seen as one character", () => {
    expect(wordAt("un cafe\u0301 noir", 4)).toEqual({ from: 3, to: 8 });
    expect(wordAt("ok \u{1f469}\u200d\u{1f680} go", 5)).toEqual({ from: 3, to: 8 });
    expect(wordAt("ශ්\u200dරී ලංකා", 0)).toEqual({ from: 0, to: 5 });
    expect(wordAt("क्\u200dष", 3)).toEqual({ from: 0, to: 4 });
    expect(wordAt("می\u200cخواهم", 0)).toEqual({ from: 0, to: 8 });
    expect(wordAt("soft\u00adhyphen\u00ad x", 0)).toEqual({ from: 0, to: 11 });
    expect(wordAt("\u{20000}\u{20001} x", 0)).toEqual({ from: 0, to: 4 });
  });
});
