import { expect, test } from "vitest";
import ends from "../../../../tests/corpus/own-ends.json";
import type { Phase } from "../api/types";
import { endedByItself, withPhaseWord } from "./phase";

test.each([
  ["exhausted", "gave up"],
  ["timeout", "timed out"],
  ["failed; the database refused it", "failed; the database refused it"],
  ["exhaustedly", "exhaustedly"],
  ["", ""],
])("an end that the engine tells of as %j reads %j", (told, words) =>
  expect(withPhaseWord(told)).toBe(words),
);

test.each(ends)(
  "$phase with the exit code $exitCode: by itself is $byItself",
  ({ phase, exitCode, byItself }) =>
    expect(endedByItself({ phase: phase as Phase, exitCode: exitCode ?? undefined })).toBe(byItself),
);
