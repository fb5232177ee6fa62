import { describe, expect, test } from "vitest";
import { indent } from "./indent";

/** `|` marks the ends of the selection. */
function pressed(text: string, back = false): string {
  const from = text.indexOf("|");
  const to = text.lastIndexOf("|") - (from === text.lastIndexOf("|") ? 0 : 1);
  const value = text.replaceAll("|", "");
  const edit = indent(value, from, to, back);
  const now = value.slice(0, edit.start) + edit.text + value.slice(edit.end);
  const [a, b] = edit.selection;
  return a === b
    ? `${now.slice(0, a)}|${now.slice(a)}`
    : `${now.slice(0, a)}|${now.slice(a, b)}|${now.slice(b)}`;
}

describe("Tab in a text", () => {
  test.each([
    ["a|b", "a  |b"],
    ["x |word| y", "x   |word| y"],
    ["a\n|b\nc|\nd", "a\n  |b\n  c|\nd"],
    ["a\n|b\nc\n|d", "a\n  |b\n  c\n|d"],
    ["|a\n\nb|", "  |a\n\n  b|"],
  ])("%j becomes %j", (before, after) => expect(pressed(before)).toBe(after));

  test.each([
    ["  a|b", "a|b"],
    ["|  a\n b\n\tc|", "|a\nb\nc|"],
    ["no|ne", "no|ne"],
    ["x\n  |y", "x\n|y"],
    [" | z", "|z"],
  ])("with Shift, %j becomes %j", (before, after) => expect(pressed(before, true)).toBe(after));
});
