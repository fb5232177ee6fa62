import { expect, test } from "vitest";
import cases from "../../../../tests/corpus/own-lanes.json";
import { hasOwnLane, isNamedForOneTask, ownLaneName, randomSuffix } from "./own-lane";

test("what the spec says counts, and else the name", () => {
  for (let n = 0; n < 50; n += 1) expect(isNamedForOneTask(`echo-${randomSuffix()}`)).toBe(true);
  expect(cases.judged.map(([slot]) => [slot, isNamedForOneTask(String(slot))])).toEqual(cases.judged);
  expect(hasOwnLane({ slot: "etl", ownLane: true })).toBe(true);
  expect(hasOwnLane({ slot: "echo-x7kp2", ownLane: false })).toBe(false);
  expect(hasOwnLane({ slot: "echo-x7kp2" })).toBe(true);
});

test("a lane is named after its task", () => {
  expect(cases.names.map(([word = ""]) => [word, ownLaneName(word, "x7kp2")])).toEqual(cases.names);
  expect(ownLaneName("Nightly B\u00e4ckup", "x7kp2")).toBe("nightly-backup-x7kp2");
});
