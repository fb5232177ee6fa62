import { expect, it } from "vitest";
import { patternProblem } from "./pattern-problem";

it("says on one line what is wrong, and where", () => {
  expect(patternProblem("regex parse error:\n    (\n    ^\nerror: unclosed group")).toBe(
    "unclosed group at column 1",
  );
  expect(
    patternProblem("regex parse error:\n    a[z-b]\n      ^^^\nerror: invalid character class range"),
  ).toBe("invalid character class range at column 3");
});

it("leaves other words as they are", () => {
  expect(patternProblem("longer than 8 KiB")).toBe("longer than 8 KiB");
  expect(patternProblem("two\n  lines")).toBe("two lines");
});
