import { expect, it } from "vitest";
import { marksFit } from "./severity";

it("leaves marks out where nearly every line would have one", () => {
  expect(marksFit(Array.from({ length: 20 }, () => "error" as const))).toBe(false);
  expect(marksFit(Array.from({ length: 20 }, (_, i) => (i < 5 ? ("error" as const) : undefined)))).toBe(true);
  expect(marksFit(["error", "error"])).toBe(true);
});
