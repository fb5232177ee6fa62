import { expect, test } from "vitest";
import { createFakeBackend } from "./fake";

test("a lane runs no more than its machines have places for, and as many as before without them", async () => {
  const backend = createFakeBackend({ tasks: 0 });
  const over = (...places: number[]) =>
    backend.setLaneRules({
      slot: "etl",
      rules: { machines: places.map((places, n) => ({ name: n === 0 ? "here" : `m${n}`, places })) },
    });
  await backend.setLane({ slot: "etl", capacity: 4 });
  expect((await over(1, 2)).capacity).toBe(3);
  expect((await over()).capacity).toBe(4);
  await over(1, 2);
  expect((await backend.setLane({ slot: "etl", capacity: 99 })).capacity).toBe(3);
  expect((await over()).capacity).toBe(99);
});
