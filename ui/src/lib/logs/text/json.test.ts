import { expect, it } from "vitest";
import { jsonFields, mostlyJson } from "./json";

it("puts time, level and message first and keeps the others in their order", () => {
  expect(
    jsonFields('{"pid":7,"time":"13:00","level":"error","msg":"gone","err":{"code":5},"ok":false}'),
  ).toEqual({
    time: "13:00",
    level: "error",
    severity: "error",
    message: "gone",
    rest: [
      ["pid", "7"],
      ["err", '{"code":5}'],
      ["ok", "false"],
    ],
  });
});

it("knows levels that are numbers", () => {
  expect(jsonFields('{"level":40,"msg":"x"}')).toMatchObject({ level: "warn", severity: "warning" });
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
