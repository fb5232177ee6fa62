import { expect, test } from "vitest";
import { command } from "../api/fake-data";
import { again, besideItself } from "./like-spec";

test("another task of a spec runs now, and waits for no others", () => {
  const spec = { ...command("make", "build"), notBefore: 1, after: [{ task: "a" }] };
  expect(again(spec)).toEqual(command("make", "build"));
});

test("a task beside the one that runs has a lane of its own, whose name is not too long", () => {
  const shared = besideItself(command("make", "b".repeat(64)));
  expect(shared.slot).toMatch(/^b+-[a-z0-9]{5}$/);
  expect(shared.slot).toHaveLength(64);
  expect(shared).toMatchObject({ ownLane: true, admission: "dropIfRunning" });
  expect(besideItself(command("make", "make-abcd2")).slot).toMatch(/^make-(?!abcd2)[a-z0-9]{5}$/);
});
