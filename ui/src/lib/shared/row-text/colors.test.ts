import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, it } from "vitest";
import { contrast, drawn } from "./colors";
import { hex, PALETTE, type Ground, type Rgb, type Theme } from "./palette";

const tokens = readFileSync("src/lib/design/tokens.css", "utf8");
const rgb = (css: string): Rgb => css.match(/\d+/g)?.map(Number) as unknown as Rgb;
const color = fc.option(
  fc.oneof(
    fc.integer({ min: 0, max: 255 }),
    fc.integer({ min: 0, max: 0xffffff }).map((n) => 0x1000000 | n),
  ),
  { nil: undefined },
);
const look = fc.record({ fg: color, bg: color, inverse: fc.boolean(), dim: fc.boolean() });
const grounds: readonly Ground[] = ["log", "mark", "hit", "selection"];

it("can be read in both themes whatever a program has chosen", () => {
  fc.assert(
    fc.property(look, fc.constantFrom(...grounds), (chosen, on) => {
      const colors = drawn(chosen, on);
      if (colors === null) return;
      for (const theme of ["light", "dark"] as Theme[]) {
        const ground = colors.ground ? rgb(colors.ground[theme]) : PALETTE[theme].grounds[on];
        expect(contrast(rgb(colors.text[theme]), ground)).toBeGreaterThanOrEqual(4.49);
      }
    }),
    { numRuns: 2000 },
  );
});

it("keeps the ground that a program has chosen, and its text where that can be read", () => {
  const fail = drawn({ fg: 7, bg: 1 }, "log");
  expect(fail?.ground).toEqual({ light: "rgb(179 38 44)", dark: "rgb(242 119 122)" });
  expect(drawn({ fg: 0x1ffffff, bg: 0x1000000 }, "log")?.text).toEqual({
    light: "rgb(255 255 255)",
    dark: "rgb(255 255 255)",
  });
  expect(drawn({ bold: true }, "log")).toBeNull();
});

it("has the colours of the design", () => {
  const names = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];
  const all = [...names, ...names.map((name) => `bright-${name}`)].map((name) => `ansi-${name}`);
  const blocks = { light: tokens, dark: tokens.slice(tokens.indexOf(':root[data-theme="dark"]')) };
  for (const theme of ["light", "dark"] as Theme[]) {
    const value = (name: string): Rgb =>
      hex(new RegExp(`--${name}: (#[0-9a-f]{6})`).exec(blocks[theme])?.[1] ?? "");
    const { text, grounds: of, ansi } = PALETTE[theme];
    expect(ansi).toEqual(all.map(value));
    expect([text, of.log, of.mark, of.hit]).toEqual(
      ["log-text", "log-bg", "mark", "mark-current"].map(value),
    );
  }
});
