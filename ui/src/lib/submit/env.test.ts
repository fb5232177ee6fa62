import { describe, expect, it } from "vitest";
import { isEnvText, parseEnv, writeEnv } from "./env";

const read = (text: string) => parseEnv(text).env.map(({ key, value }) => [key, value]);

describe("the text of a .env file", () => {
  it("is read with comments, export and quotes", () => {
    const { env, rejected } = parseEnv(
      `# c\nexport A=1\nB="x \\"y\\" #z\\n"\nC='it $x'\nD=plain # note\n\nnot a line\nE=a=b`,
    );
    expect(env.map(({ key, value }) => [key, value])).toEqual([
      ["A", "1"],
      ["B", 'x "y" #z\n'],
      ["C", "it $x"],
      ["D", "plain"],
      ["E", "a=b"],
    ]);
    expect(rejected).toEqual(["not a line"]);
  });

  it("keeps a value that goes on over lines, as a PEM key does", () => {
    const pem = "-----BEGIN PRIVATE KEY-----\nMIIB+Q==\nabcd=\n-----END PRIVATE KEY-----\n";
    expect(read(`BEFORE=1\nKEY="${pem}"\nCERT='${pem}' # ours\nAFTER=2`)).toEqual([
      ["BEFORE", "1"],
      ["KEY", pem],
      ["CERT", pem],
      ["AFTER", "2"],
    ]);
  });

  it.each([
    ["a byte order mark and CRLF", "\ufeffA=1\r\nB='x\r\ny'\r\n", [["A", "1"], ["B", "x\ny"]]], // prettier-ignore
    ["no value", "A=\nB= # none\nC=''", [["A", ""], ["B", ""], ["C", ""]]], // prettier-ignore
    ["a number sign in a value", "COLOR=#ff0000\nURL=http://h/#x", [["COLOR", "#ff0000"], ["URL", "http://h/#x"]]], // prettier-ignore
    ["a backslash that means nothing", 'DIR="C:\\dir\\x"\nRE="\\d+"', [["DIR", "C:\\dir\\x"], ["RE", "\\d+"]]], // prettier-ignore
    ["escapes", 'A="\\\\ \\" \\$x \\t"', [["A", '\\ " $x \t']]],
    ["a continued line", 'A="one \\\ntwo"', [["A", "one two"]]],
    ["backticks", 'A=`it\'s "so"`', [["A", 'it\'s "so"']]],
    ["a quote that never closes", "A='open\nB=2", [["A", "'open"], ["B", "2"]]], // prettier-ignore
    ["text behind a quote", 'A="x" y\nB="it"s', [["A", '"x" y'], ["B", '"it"s']]], // prettier-ignore
    ["names with dots and dashes", "a.b-c = 1", [["a.b-c", "1"]]],
  ])("is read as other programs read it: %s", (_, text, expected) => expect(read(text)).toEqual(expected));

  it("gives back what it does not understand", () => {
    expect(parseEnv("just words\nA=1\n=2").rejected).toEqual(["just words", "=2"]);
  });

  it("is told from a value that only has lines", () => {
    expect(isEnvText("A=1\nB=2")).toBe(true);
    expect(isEnvText("export A=1")).toBe(true);
    expect(isEnvText("A='x\ny'\n# c")).toBe(true);
    expect(isEnvText("-----BEGIN KEY-----\nMIIBQ==\n-----END KEY-----")).toBe(false);
    expect(isEnvText("one\ntwo")).toBe(false);
    expect(isEnvText("plain")).toBe(false);
  });
});

it("writes what it reads back as it was", () => {
  const values = [
    "",
    "a",
    "a b",
    " lead",
    "#x",
    "a #b",
    "it's",
    'say "x"',
    "$HOME",
    "`id`",
    "\\",
    "\\n",
    "a\nb\n",
    "a\r\nb",
    "\t",
    "é漢",
  ];
  const env = values.map((value, i) => ({ key: `K${i}`, value }));
  expect(parseEnv(writeEnv(env))).toEqual({ env, rejected: [] });
});
