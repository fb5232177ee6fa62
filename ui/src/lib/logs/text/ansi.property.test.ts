// Whatever a program prints: made-up streams of text, escapes whole and broken, and control characters.
import { cleanup, render } from "@testing-library/svelte";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import RowText from "../pane/RowText.svelte";
import { parseAnsi, PLAIN, shownRanges, styleOf, type Style } from "./ansi";

const params = fc
  .array(
    fc.oneof(
      fc.integer({ min: 0, max: 110 }).map(String),
      fc.constantFrom(
        "",
        "38;5;208",
        "48;2;1;2;3",
        "38:2::9:8:7",
        "4:3",
        "38",
        "999999999999",
        "38;5;",
        "1<2",
      ),
    ),
    { maxLength: 4 },
  )
  .map((list) => list.join(";"));
const csi = fc.constantFrom("\x1b[", "\x9b");
const sgr = fc.tuple(csi, params).map(([begin, list]) => `${begin}${list}m`);
const others = fc.constantFrom(
  "\x1b[2J",
  "\x1b[?25l",
  "\x1b[>4;2m",
  "\x1b[1 q",
  "\x1b]0;title\x07",
  "\x1b]8;;https://example.org\x1b\\",
  "\x1bPq#0;2\x1b\\",
  "\x1b(B",
  "\x1b=",
);
const broken = fc.constantFrom(
  "\x1b",
  "\x1b[",
  "\x1b[31",
  "\x1b[38;5;",
  "\x1b]0;never",
  "\x9b1;",
  "\x1bP",
  "\x1b]x\x1b",
);
const moves = fc.constantFrom("\r", "\b", "\x1b[K", "\x1b[1K", "\x1b[2K");
const text = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 8 }),
  fc.string({ unit: "binary", maxLength: 6 }),
  fc.constantFrom(
    "<img src=x onerror=alert(1)>",
    "&lt;b&gt;",
    "</span><script>",
    "\u202e",
    "\ud83d",
    "\0",
    "\t",
  ),
);
/** Nothing that goes back: what is printed stands side by side. */
const onward = fc.oneof(text, sgr, others);
const stream = (pieces: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.array(pieces, { maxLength: 24 }).map((list) => list.join("").replaceAll("\n", ""));
const anything = stream(fc.oneof(onward, broken, moves));
const straight = stream(fc.oneof(onward, broken)).map((row) =>
  row.replaceAll(/[\r\b]|(?:\x1b\[|\x9b)[0-?]*K/g, ""),
);

/** What is recognised as an escape, said another way than the parser does. */
const ESCAPES =
  /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)|\x1b[PX^_][^\x1b\x9c]*(?:\x1b\\|\x9c)|\x1b(?:[ -/]+[0-~]|(?![[\]PX^_])[0-~])/g;

const RUNS = { numRuns: 400 };
const styles = ({ spans }: ReturnType<typeof parseAnsi>): Style[] =>
  spans.flatMap((span) => Array.from({ length: span.text.length }, () => span.style));
afterEach(cleanup);

describe("any row", () => {
  it("is drawn from its own characters, in no more room, and each knows where it is from", () => {
    fc.assert(
      fc.property(anything, params, (row, start) => {
        const { spans, plain, origin } = parseAnsi(row, styleOf(start));
        expect(spans.map((span) => span.text).join("")).toHaveLength(plain.length);
        expect(spans.every((span) => span.text !== "")).toBe(true);
        expect(plain.length).toBeLessThanOrEqual(row.length);
        if (origin === null) expect(plain).toBe(row);
        if (origin === null) return;
        expect(origin).toHaveLength(plain.length);
        origin.forEach((from, column) => {
          expect(plain.charAt(column)).toBe(from === -1 ? " " : row.charAt(from));
        });
      }),
      RUNS,
    );
  });

  it("shows control characters by stand-ins: nothing invisible and nothing that turns the text round", () => {
    fc.assert(
      fc.property(anything, (row) => {
        const shown = parseAnsi(row).spans.map((span) => span.text);
        expect(shown.join("")).not.toMatch(
          /[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/,
        );
      }),
      RUNS,
    );
  });

  it("has highlights only where its text is", () => {
    const range = fc.tuple(fc.nat(60), fc.nat(20)).map(([from, more]) => [from, from + more] as const);
    fc.assert(
      fc.property(anything, range, (row, marked) => {
        const line = parseAnsi(row);
        for (const [from, to] of shownRanges([marked], line)) {
          if (line.origin === null) continue;
          expect(from).toBeLessThan(to);
          for (let column = from; column < to; column += 1) {
            expect(line.origin[column]).toBeGreaterThanOrEqual(marked[0]);
            expect(line.origin[column]).toBeLessThan(marked[1]);
          }
        }
      }),
      RUNS,
    );
  });

  it("is never markup", () => {
    fc.assert(
      fc.property(anything, (row) => {
        const drawn = { text: row, start: PLAIN, selected: null, marks: [], hit: false };
        const { container, unmount } = render(RowText, drawn);
        const elements = [...container.querySelectorAll("*")].filter((element) => element !== container);
        expect(elements.every(({ tagName }) => tagName === "SPAN" || tagName === "DIV")).toBe(true);
        const text = parseAnsi(row).spans.map((span) => span.text);
        expect(container.textContent).toBe(text.join(""));
        unmount();
      }),
      { numRuns: 60 },
    );
  });
});

describe("a row without anything that goes back", () => {
  it("keeps all of its text but the escapes", () => {
    fc.assert(
      fc.property(straight, (row) => {
        expect(parseAnsi(row).plain).toBe(row.replaceAll(ESCAPES, ""));
      }),
      RUNS,
    );
  });

  it("looks the same in two rows as in one, wherever it is cut between two escapes", () => {
    fc.assert(
      fc.property(fc.array(onward, { maxLength: 24 }), fc.nat(24), (pieces, cut) => {
        const clean = pieces.map((piece) => piece.replaceAll(/[\r\b\n\x1b\x9b](?![[\]P(=0-9>?;m])/g, ""));
        const [before, after] = [clean.slice(0, cut).join(""), clean.slice(cut).join("")];
        // A text piece may by chance end in half an escape that the next one makes whole.
        fc.pre(parseAnsi(before + after).plain === parseAnsi(before).plain + parseAnsi(after).plain);
        const whole = parseAnsi(before + after);
        const first = parseAnsi(before);
        const second = parseAnsi(after, first.end);
        expect([...styles(first), ...styles(second)]).toEqual(styles(whole));
        expect(second.end).toEqual(whole.end);
      }),
      RUNS,
    );
  });
});
