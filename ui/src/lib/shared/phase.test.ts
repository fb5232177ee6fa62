import { expect, test } from "vitest";
import { withPhaseWord } from "./phase";

test.each([
  ["exhausted", "gave up"],
  ["timeout", "timed out"],
  ["failed; the database refused it", "failed; the database refused it"],
  ["exhaustedly", "exhaustedly"],
  ["", ""],
])("an end that the engine tells of as %j reads %j", (told, words) =>
  expect(withPhaseWord(told)).toBe(words),
);
