import { expect, it } from "vitest";
import { recordLines } from "./record";

it("shows a record field by field, in its own words", () => {
  const text =
    '{"level":50,"id":12345678901234567890,"err":{"type":"E","codes":[1.10,2]},"none":{},"constructor":null}';
  expect(recordLines(text)).toEqual([
    "level: 50",
    "id: 12345678901234567890",
    "err:",
    "  type: E",
    "  codes:",
    "    0: 1.10",
    "    1: 2",
    "none: {}",
    "constructor: null",
  ]);
});

it("shows a text of several lines as such", () => {
  expect(recordLines('{"stack":"Error: x\\n    at f (a.js:1:2)"}')).toEqual([
    "stack:",
    "  Error: x",
    "      at f (a.js:1:2)",
  ]);
});

it("knows logfmt", () => {
  expect(recordLines('ts=1 level=error msg="no \\"x\\" here" reqId=r-3')).toEqual([
    "ts: 1",
    "level: error",
    'msg: no "x" here',
    "reqId: r-3",
  ]);
});

it("shows what is put before a record with it", () => {
  expect(recordLines('app-1 | svc=api: {"tags":["x"]}')).toEqual(["svc: api", "tags:", "  0: x"]);
});

it.each(["plain text", "a=1", "x=1 y=2", "[1,2]", "{cut", ""])("%j is no record", (text) =>
  expect(recordLines(text)).toBeNull(),
);

it("is none when it goes too deep to be read", () => {
  const deep = (depth: number) => `{"a":"[[","b":${"[".repeat(depth - 1)}1${"]".repeat(depth - 1)}}`;
  for (const depth of [128, 3_000, 50_000]) expect(recordLines(deep(depth))).toBeNull();
  expect(recordLines(deep(127))?.at(-1)?.trim()).toBe("0: 1");
});

it("has a bound", () => {
  const lines = recordLines(
    JSON.stringify(Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`k${i}`, i]))),
  );
  expect(lines).toHaveLength(201);
  expect(lines?.at(-1)).toBe("… 300 more");
});
