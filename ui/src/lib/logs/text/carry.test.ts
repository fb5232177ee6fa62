import { expect, it } from "vitest";
import type { LogRow } from "../../api";
import { StyleCarry } from "./carry";

const row = (text: string, stream: "stdout" | "stderr" = "stdout", source?: number) =>
  ({ text, stream, source }) as unknown as LogRow;

it("carries a colour over the border of two pages that were held one after the other", () => {
  const carry = new StyleCarry();
  carry.starts(4, [row("\x1b[31mred"), row("red too")]);
  expect(carry.starts(5, [row("still red"), row("\x1b[0m"), row("plain")])).toEqual([
    { fg: 1 },
    { fg: 1 },
    {},
  ]);
});

it("begins plain after a jump, and is put right once the page before is known", () => {
  const carry = new StyleCarry();
  expect(carry.starts(9, [row("x")])).toEqual([{}]);
  const before = carry.before(9);
  carry.starts(8, [row("\x1b[32m")]);
  expect(carry.before(9)).not.toBe(before);
  expect(carry.starts(9, [row("x")])).toEqual([{ fg: 2 }]);
});

it("does not take the end of a page with holes for its end", () => {
  const carry = new StyleCarry();
  carry.starts(0, [row("\x1b[31m"), undefined, row("x")]);
  expect(carry.starts(1, [row("x")])).toEqual([{}]);
});

it("keeps streams and sources apart", () => {
  const carry = new StyleCarry();
  const rows = [row("\x1b[31m"), row("x", "stderr"), row("x"), row("y", "stdout", 1)];
  expect(carry.starts(0, rows)).toEqual([{}, {}, { fg: 1 }, {}]);
});
