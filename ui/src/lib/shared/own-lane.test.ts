import { expect, test } from "vitest";
import { isOwnLane, randomSuffix } from "./own-lane";

test("a lane of one task is told from those that people name", () => {
  for (let n = 0; n < 50; n += 1) expect(isOwnLane(`echo-${randomSuffix()}`)).toBe(true);
  const shared = ["etl", "etl-daily", "py-tests", "nightly-2026", "web-2", "a-b-c", "x7kp2"];
  expect(shared.filter(isOwnLane)).toEqual([]);
});
