import { expect, test, vi } from "vitest";
import { defaultSettings } from "../api/fake-settings";
import { deletes } from "./deletes";

const now = () => {
  const settings = defaultSettings();
  return { ...settings, finished: { ...settings.finished, keepTasks: 500, keepDays: null } };
};
const known = (count: number | undefined, logBytes?: number) => ({ logBytes, count: async () => count });

test("a limit that deletes tasks says how many", async () => {
  const asked = await deletes("finished.keepTasks", 10, now(), known(4312));
  expect(asked?.title).toBe("Delete 4,312 finished tasks?");
  expect(asked?.verb).toBe("Delete 4,312 tasks");
  expect((await deletes("finished.keepDays", 7, now(), known(1)))?.title).toBe("Delete 1 finished task?");
  // On another machine nobody counts; it is asked all the same.
  expect((await deletes("finished.keepTasks", 10, now(), known(undefined)))?.title).toBe(
    "Delete finished tasks?",
  );
});

test("what deletes nothing asks nothing", async () => {
  const count = vi.fn(async () => 9);
  for (const wider of [501, null])
    expect(await deletes("finished.keepTasks", wider, now(), { logBytes: 0, count })).toBeNull();
  expect(count).not.toHaveBeenCalled();
  expect(await deletes("finished.keepTasks", 10, now(), known(0))).toBeNull();
  expect(await deletes("logs.totalBytes", 50e9, now(), known(0, 5e8))).toBeNull();
});

test("the question says what is kept", async () => {
  const ask = (path: string, wanted: number) => deletes(path, wanted, now(), known(9, 9e12));
  expect((await ask("finished.keepAttempts", 10))?.body).toContain("the latest 10 are deleted");
  expect((await ask("finished.keepTasks", 1))?.body).toContain("Only the latest finished task will be kept");
});

test("a tighter limit of the logs says how much goes", async () => {
  const asked = await deletes("logs.totalBytes", 50e9, now(), known(0, 52.4e9));
  expect(asked?.title).toBe("Delete about 2.4 GB of the logs?");
});
