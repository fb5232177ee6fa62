import { expect, it } from "vitest";
import corpus from "../../../../../tests/corpus/record-fields.json";
import { cellsOf, conditionsIn, namesIn } from "./columns";
import { LEVEL, MESSAGE, TIME } from "./json";
import { recordLines } from "./record";

interface Case {
  readonly row: string;
  /** By their paths. */
  readonly fields?: Readonly<Record<string, string>>;
  /** What these fields do not say. */
  readonly without?: Readonly<Record<string, string>>;
  readonly record?: boolean;
}

it("calls fields by the names that a search knows", () =>
  expect({ time: TIME, level: LEVEL, message: MESSAGE }).toEqual(corpus.names));

it.each(corpus.records as unknown as readonly Case[])(
  "has the fields that a search finds in $row",
  ({ row, fields = {}, without = {}, record = true }) => {
    expect(recordLines(row) !== null).toBe(record);
    if (!record) return expect(cellsOf(row, ["level"])).toBeNull();
    for (const [path, value] of Object.entries(fields))
      expect([path, cellsOf(row, [path])]).toEqual([path, [value]]);
    for (const [path, value] of Object.entries(without))
      expect([path, cellsOf(row, [path])]).not.toEqual([path, [value]]);
  },
);

const PINO =
  '{"level":50,"time":1767225600000,"id":12345678901234567890,"err":{"code":1.10,"at":{"x":"y"}},"msg":"no"}';

it("gives the fields that are asked for, by meaning, by name and by path, as they were written", () => {
  expect(cellsOf(PINO, ["time", "level", "message", "id", "err.code", "err.at.x", "none", "err"])).toEqual([
    "1767225600000",
    "error",
    "no",
    "12345678901234567890",
    "1.10",
    "y",
    "",
    '{"code":1.10,"at":{"x":"y"}}',
  ]);
  expect(cellsOf('ts=1 lvl=warn msg="two words" a.b=3', ["message", "level", "a.b"])).toEqual([
    "two words",
    "warn",
    "3",
  ]);
  expect(cellsOf('{"a.b":1,"a":{"b":2}}', ["a.b"])).toEqual(["1"]);
});

it("takes no line for a record that is none, and no name for what every object has", () => {
  for (const text of ["plain text", "[1,2]", '{"open":', "a=1 b=2"])
    expect(cellsOf(text, ["time"])).toBeNull();
  expect(cellsOf("{}", ["constructor", "__proto__", "toString"])).toEqual(["", "", ""]);
  expect(namesIn('{"constructor":1,"ts":2,"x":3,"x":4}')).toEqual(["time", "constructor", "x"]);
  expect(namesIn("plain")).toEqual([]);
});

it("offers what a record says as conditions, but no times, messages and what cannot be written as one", () => {
  expect(conditionsIn(PINO)).toEqual(["level=50", "id=12345678901234567890"]);
  expect(conditionsIn('ts=1 lvl=warn msg=x who="two words" empty= q="a\\"b"')).toEqual([
    "lvl=warn",
    'who="two words"',
  ]);
  expect(conditionsIn("plain")).toEqual([]);
});
