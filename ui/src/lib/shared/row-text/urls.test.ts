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

it.each([
  ["访问http://a.b/c，谢谢", "http://a.b/c"],
  [
    "（http://a.b/c）「http://a.b/d」 “http://a.b/e” «http://a.b/f»",
    "http://a.b/c http://a.b/d http://a.b/e http://a.b/f",
  ],
  ["http://a.b/c…", "http://a.b/c"],
  ["http://例え.jp/パス・a。", "http://例え.jp/パス・a"],
  ["http://a.b/c、http://a.b/d", "http://a.b/c http://a.b/d"],
  ["https://a.b/Erdős–Rényi_(x)", "https://a.b/Erdős–Rényi_(x)"],
  ["http://a.b/\u202egpj http://a.b/x\u200by", "http://a.b/ http://a.b/x"],
  ["_http://a.b/c_ ä_http://a.b/d **http://a.b/e**", "http://a.b/c http://a.b/d http://a.b/e"],
  ["http://a.b/{id} {u:http://a.b/d}", "http://a.b/{id} http://a.b/d"],
  ["http://a.b/?q=a|b, x|http://a.b/c|d", "http://a.b/?q=a|b http://a.b/c"],
  ["https://a.b/wiki/Murphy's_law, https://a.b/?q=it's", "https://a.b/wiki/Murphy's_law https://a.b/?q=it's"],
  ["['http://a.b/c','http://a.b/d'] u'http://a.b/e'x", "http://a.b/c http://a.b/d http://a.b/e"],
  ["'see http://a.b/c' or http://a.b/d'", "http://a.b/c http://a.b/d"],
])("ends one where a reader would, in %j", (text, found) => {
  expect(
    urls(text)
      .map(({ from, to }) => text.slice(from, to))
      .join(" "),
  ).toBe(found);
});

it("opens what a browser opens, and nothing else", () => {
  expect(["https://a.org", "HTTP://a.org/b"].every(opens)).toBe(true);
  expect(["file:///etc/passwd", "javascript://x", "vscode://x/y", "https://", "a.org"].some(opens)).toBe(
    false,
  );
});
