import { expect, it } from "vitest";
import { jsonFields, mostlyJson } from "./json";

it("puts time, level and message first and keeps the others in their order", () => {
  expect(
    jsonFields('{"pid":7,"time":"13:00","level":"error","msg":"gone","err":{"code":5},"ok":false}'),
  ).toEqual({
    time: "13:00",
    level: "error",
    message: "gone",
    rest: [
      ["pid", "7"],
      ["err", '{"code":5}'],
      ["ok", "false"],
    ],
  });
});

it("knows levels that are numbers", () => {
  expect(jsonFields('{"level":40,"msg":"x"}')).toMatchObject({ level: "warn" });
});

it.each(["", "{", "[1]", "plain", '{"cut":"off', "{not json}"])("%j is no JSON object", (text) => {
  expect(jsonFields(text)).toBeNull();
});

it("is offered where most lines are JSON", () => {
  const line = '{"msg":"x"}';
  expect(mostlyJson([line, line, line, "banner", ""])).toBe(true);
  expect(mostlyJson([line, "a", "b", "c"])).toBe(false);
  expect(mostlyJson([line])).toBe(false);
});

it("shows values as they stand in the line, whatever numbers they are", () => {
  const fields = jsonFields(
    '{"id":12345678901234567890,"price":1.10,"tiny":1e-400,"in":{"a": 1.0},"s":"1.10"}',
  );
  expect(fields?.rest).toEqual([
    ["id", "12345678901234567890"],
    ["price", "1.10"],
    ["tiny", "1e-400"],
    ["in", '{"a": 1.0}'],
    ["s", "1.10"],
  ]);
});

it.each(["constructor", "__proto__", "toString", "hasOwnProperty"])(
  "takes %s for a word like any other",
  (word) => {
    expect(jsonFields(`{"level":"${word}","msg":"m","${word}":1}`)).toMatchObject({
      level: word,
      message: "m",
      rest: [[word, "1"]],
    });
  },
);

it("keeps a name that stands twice", () => {
  expect(jsonFields('{"a":1,"a":2}')?.rest).toEqual([
    ["a", "1"],
    ["a", "2"],
  ]);
});
