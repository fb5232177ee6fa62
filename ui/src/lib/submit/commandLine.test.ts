import { describe, expect, it } from "vitest";
import cases from "../../../../tests/corpus/command-lines.json";
import { joinCommandLine } from "../shared/quoting";
import { parseCommandLine } from "./commandLine";

describe("parseCommandLine", () => {
  it.each([
    ["echo hi", ["echo", "hi"]],
    ["  a   b\t c\n", ["a", "b", "c"]],
    ["echo 'a b' \"c d\"", ["echo", "a b", "c d"]],
    ["a'b'\"c\"d", ["abcd"]],
    ["echo '' \"\"", ["echo", "", ""]],
    ["a\\ b", ["a b"]],
    ["'a\\b'", ["a\\b"]],
    ['"a\\"b\\\\c\\d"', ['a"b\\c\\d']],
    ["a\\\nb", ["ab"]],
    ["echo it\\'s", ["echo", "it's"]],
    ["x --y='z w'", ["x", "--y=z w"]],
    ["", []],
    ["   ", []],
  ])("%j gives %j", (line, args) => {
    expect(parseCommandLine(line)).toEqual({ args });
  });

  it.each([
    ["echo 'a", 5, "single quote"],
    ['echo "a', 5, "double quote"],
    ["echo a\\", 6, "backslash"],
  ])("%j is refused and says where", (line, at, what) => {
    const { error } = parseCommandLine(line);
    expect(error?.at).toBe(at);
    expect(error?.message.toLowerCase()).toContain(what);
  });

  it.each(cases.plain as [string, string[]][])("%j is what a shell would pass on", (line, args) => {
    expect(parseCommandLine(line)).toEqual({ args });
  });

  it("reads back every argument that it quoted", () => {
    const args = [
      ...cases.quoted.map(([word = ""]) => word),
      "a",
      "",
      "it's",
      'say "x"',
      "a b\tc",
      "$HOME",
      "`x`",
      "\\",
      "é漢",
      "-n",
      "a\nb",
      "*?~;|&<>#",
    ];
    expect(parseCommandLine(joinCommandLine(args)).args).toEqual(args);
  });
});
