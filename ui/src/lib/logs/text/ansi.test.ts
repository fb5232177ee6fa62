import { describe, expect, it } from "vitest";
import cases from "./sgr-cases.txt?raw";
import { cssColor, parseAnsi, PLAIN, shownRanges, styleOf, type Span, type Style } from "./ansi";

const shown = (text: string): string =>
  parseAnsi(text)
    .spans.map((span) => span.text)
    .join("");
/** Switched off is as never switched on. */
const effective = (style: Style): Style =>
  Object.fromEntries(Object.entries(style).filter(([, value]) => value !== undefined && value !== false));
const first = (text: string): Span => parseAnsi(text).spans[0] as Span;

describe("SGR", () => {
  it.each([
    ["\x1b[31mx", { fg: 1 }],
    ["\x1b[1;32mx", { bold: true, fg: 2 }],
    ["\x1b[97;100mx", { fg: 15, bg: 8 }],
    ["\x1b[38;5;208mx", { fg: 208 }],
    ["\x1b[48;5;17mx", { bg: 17 }],
    ["\x1b[38;2;1;2;3mx", { fg: 0x1010203 }],
    ["\x1b[38:2::1:2:3mx", { fg: 0x1010203 }],
    ["\x1b[38:5:9mx", { fg: 9 }],
    ["\x1b[2;3;4;7;9mx", { dim: true, italic: true, underline: true, inverse: true, strike: true }],
    ["\x1b[4:3mx", { underline: true }],
    ["\x1b[38;5;1;1mx", { fg: 1, bold: true }],
  ])("%j", (text, style) => expect(first(text).style).toEqual(style));

  it("resets wholly and in part", () => {
    expect(first("\x1b[1;31m\x1b[mx").style).toEqual({});
    expect(first("\x1b[1;31;4m\x1b[22;39mx").style).toMatchObject({
      bold: false,
      underline: true,
      fg: undefined,
    });
  });

  it("splits the text at each change", () => {
    expect(parseAnsi("a\x1b[31mb\x1b[0mc").spans.map(({ text, style }) => [text, style.fg])).toEqual([
      ["a", undefined],
      ["b", 1],
      ["c", undefined],
    ]);
  });

  it("never conceals text and ignores colours out of range", () => {
    expect(first("\x1b[8mx").style).toEqual({});
    expect(first("\x1b[38;5;999mx").style).toEqual({});
    expect(first("\x1b[38;2;1;2;300mx").style).toEqual({});
    expect(first("\x1b[38;5mx").style).toEqual({});
  });

  it.each(cases.split("\n").filter((line) => line !== "" && !line.startsWith("#")))(
    "switches on by %s",
    (line) => {
      const end = line.lastIndexOf("]");
      const sequences = line.slice(0, end).replaceAll(/\[([^\]]*)\]? ?/g, "\x1b[$1m");
      expect(effective(parseAnsi(`${sequences}x`).end)).toEqual(
        effective(styleOf(line.slice(end + 1).trim())),
      );
    },
  );

  it("carries a style on to the next row", () => {
    expect(parseAnsi("\x1b[31merror:").end).toEqual({ fg: 1 });
    expect(styleOf("1;31")).toEqual({ fg: 1, bold: true });
    expect(styleOf("1;31")).toBe(styleOf("1;31"));
    expect(styleOf(undefined)).toBe(PLAIN);
    expect(parseAnsi("next", { fg: 1 }).spans[0]?.style).toEqual({ fg: 1 });
  });

  it("names the theme's colours and computes the cube and the greys", () => {
    expect(cssColor(1)).toBe("var(--ansi-red)");
    expect(cssColor(12)).toBe("var(--ansi-bright-blue)");
    expect(cssColor(16)).toBe("rgb(0 0 0)");
    expect(cssColor(208)).toBe("rgb(255 135 0)");
    expect(cssColor(231)).toBe("rgb(255 255 255)");
    expect(cssColor(232)).toBe("rgb(8 8 8)");
    expect(cssColor(0x1010203)).toBe("rgb(1 2 3)");
  });
});

describe("lines that redraw themselves", () => {
  it.each([
    ["10%\r50%\r100%", "100%"],
    ["done\r", "done"],
    ["downloading 9 MB\r\x1b[Kdone", "done"],
    ["downloading\x1b[2K\rdone", "done"],
    ["100%\r50", "500%"],
    ["ab\bc", "ac"],
    ["abc\x1b[1K", "   "],
    ["\b\b\bx", "x"],
    ["abcdef\rxyz\x1b[K", "xyz"],
  ])("%j shows %j", (text, result) => expect(shown(text)).toBe(result));
});

describe("other escapes", () => {
  it.each([
    ["\x1b]0;title\x07x", "x"],
    ["\x1b]8;;https://example.org\x1b\\link\x1b]8;;\x1b\\", "link"],
    ["\x1bPq#0;2;0;0;0\x1b\\x", "x"],
    ["\x1b_apc\x1b\\x\x1b^pm\x1b\\y\x1bXsos\x1b\\z", "xyz"],
    ["\x1b[2J\x1b[1;1H\x1b[?25lx", "x"],
    ["\x1b[>4;2mx", "x"],
    ["\x1b[1 qx", "x"],
    ["\x1b(Bx\x1b=y\x1b7z", "xyz"],
    ["\x1b[999999999Cx", "x"],
  ])("%j shows %j", (text, result) => expect(shown(text)).toBe(result));
});

describe("hostile output", () => {
  it("shows control characters instead of hiding them, and copies them as they came", () => {
    expect(shown("a\x00b\x07c\x7f")).toBe("a␀b␇c␡");
    expect(parseAnsi("a\x00b\x07").plain).toBe("a\x00b\x07");
    expect(parseAnsi("a\x00b").spans.map((span) => span.control)).toEqual([false, true, false]);
  });

  it("keeps a row readable when an escape is cut or never ends", () => {
    expect(shown("\x1b]0;never ends and takes the error with it")).toContain("takes the error with it");
    expect(shown("\x1bP unclosed \x1b[31mred")).toContain("unclosed ");
    expect(shown("ok\x1b")).toBe("ok␛");
    expect(shown("ok\x1b[38;5;")).toBe("ok␛[38;5;");
  });

  it("defuses bidirectional overrides and line separators", () => {
    expect(shown("a\u202eb\u2066c\u2028d")).toBe("a�b�c␤d");
  });

  it("leaves markup as text, tabs as tabs, and characters of several units whole", () => {
    expect(shown("<img src=x onerror=alert(1)>")).toBe("<img src=x onerror=alert(1)>");
    expect(shown("a\tb")).toBe("a\tb");
    expect(shown("\x1b[1m😀é漢")).toBe("😀é漢");
  });

  it("keeps columns of the shown and of the copied text the same", () => {
    const line = parseAnsi("\x1b[31ma\x00😀\x1b[0m\rb\u202ec");
    expect(line.spans.map((span) => span.text).join("")).toHaveLength(line.plain.length);
  });

  it("survives random bytes in time that grows with the row only", () => {
    let seed = 7;
    const random = (): number => (seed = (seed * 1103515245 + 12345) % 2147483648);
    const alphabet = [
      "\x1b",
      "[",
      "]",
      "m",
      ";",
      "38",
      "5",
      "2",
      "\r",
      "\b",
      "\x07",
      "K",
      "P",
      "\\",
      "x",
      "\x9b",
      "é",
      "\0",
      "?",
    ];
    for (let i = 0; i < 2000; i += 1) {
      let text = "";
      for (let n = 0; n < 40; n += 1) text += alphabet[random() % alphabet.length];
      const line = parseAnsi(text);
      expect(line.spans.map((span) => span.text).join("")).toHaveLength(line.plain.length);
    }
    expect(shown("\x1b]".repeat(5000)).length).toBeGreaterThan(0);
    expect(shown("\x1b[".repeat(5000)).length).toBeGreaterThan(0);
  });
});

describe("columns", () => {
  const marked = (raw: string, found: string): string[] => {
    const from = raw.indexOf(found);
    const line = parseAnsi(raw);
    return shownRanges([[from, from + found.length]], line).map(([a, b]) => line.plain.slice(a, b));
  };

  it("brings a range of the raw text to what is shown", () => {
    expect(marked("\x1b[32mok\x1b[0m all \x1b[1mgood\x1b[0m", "good")).toEqual(["good"]);
    expect(marked("plain text", "text")).toEqual(["text"]);
    expect(marked("a \x1b[31mre\x1b[1md\x1b[0m b", "re\x1b[1md")).toEqual(["red"]);
  });

  it("leaves out what was overwritten", () => {
    expect(marked("first\rsecond", "first")).toEqual([]);
    expect(marked("first\rse", "first")).toEqual(["rst"]);
  });
});
