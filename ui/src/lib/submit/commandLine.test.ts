import { describe, expect, it } from "vitest";
import cases from "../../../../tests/corpus/command-lines.json";
import { joinCommandLine } from "../shared/quoting";
import { parseCommandLine, shellAdvice } from "./commandLine";

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
    expect(parseCommandLine(line)).toEqual({ args, shellOnly: [] });
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

  it("says what only a shell would do, and not inside quotes", () => {
    expect(parseCommandLine("a | b > c && d").shellOnly).toEqual(["|", ">", "&&"]);
    expect(parseCommandLine("ls *.txt $HOME ~/x").shellOnly).toEqual(["*", "$", "~"]);
    expect(parseCommandLine('echo "$HOME"').shellOnly).toEqual(["$"]);
    expect(parseCommandLine("echo 'a | b' \\; a~ '$X'").shellOnly).toEqual([]);
    expect(parseCommandLine("grep 'a|b' x=1").shellOnly).toEqual([]);
  });

  it.each([
    ["FOO=1 make", "FOO= sets"],
    ["cd /srv", "cd is a word of the shell"],
    ["cp a.{txt,bak} .", "{} is passed on"],
    ["echo {1..9}", "{} is passed on"],
    ["echo $1", "$ is passed on"],
    ['echo "$@"', "$ is passed on"],
    ["make # all", "# is passed on"],
    ["(make)", "( ) are passed on"],
  ])("offers a shell for %j", (line, said) => expect(shellAdvice(parseCommandLine(line))).toContain(said));

  it.each([
    ["make x=1"],
    ["awk '{print $1, $2}' f"],
    ["echo a#b"],
    ["curl -d {} x"],
    ["cd-hit -i a"],
    ["git show HEAD@{1}"],
  ])("offers none for %j", (line) => expect(shellAdvice(parseCommandLine(line))).toBe(""));

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
