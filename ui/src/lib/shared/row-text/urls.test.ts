import { expect, it } from "vitest";
import { opens, urls } from "./urls";

it("finds addresses without the sentence around them", () => {
  const text = "See http://a.org/x, or <https://b.org/?q=[1]>, (ftp://c.org/d_(e)).";
  expect(urls(text).map(({ from, to }) => text.slice(from, to))).toEqual([
    "http://a.org/x",
    "https://b.org/?q=[1]",
    "ftp://c.org/d_(e)",
  ]);
  expect(urls("no://\u0020address, and //none")).toEqual([]);
});

it("opens what a browser opens, and nothing else", () => {
  expect(["https://a.org", "HTTP://a.org/b"].every(opens)).toBe(true);
  expect(["file:///etc/passwd", "javascript://x", "vscode://x/y", "https://", "a.org"].some(opens)).toBe(
    false,
  );
});
