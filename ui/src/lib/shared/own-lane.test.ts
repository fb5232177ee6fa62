import { expect, test } from "vitest";
import { hasOwnLane, isNamedForOneTask, randomSuffix } from "./own-lane";

test("what the spec says counts, and else the name", () => {
  for (let n = 0; n < 50; n += 1) expect(isNamedForOneTask(`echo-${randomSuffix()}`)).toBe(true);
  const shared = ["etl", "etl-daily", "py-tests", "nightly-2026", "web-2", "a-b-c", "x7kp2"];
  expect(shared.filter(isNamedForOneTask)).toEqual([]);
  expect(hasOwnLane({ slot: "etl", ownLane: true })).toBe(true);
  expect(hasOwnLane({ slot: "echo-x7kp2", ownLane: false })).toBe(false);
  expect(hasOwnLane({ slot: "echo-x7kp2" })).toBe(true);
});
