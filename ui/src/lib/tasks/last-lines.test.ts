import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createFakeBackend } from "../api/fake";
import type { TaskRow } from "../api/types";
import { LastLines } from "./last-lines.svelte";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

async function rows(): Promise<TaskRow[]> {
  const { rows } = await createFakeBackend({ tasks: 12 }).listTasks({ query: { limit: 50 } });
  return rows.filter((row) => row.task.status.attempt > 0);
}

test("what is over is asked for once, what runs again and again, and nothing else", async () => {
  const all = await rows();
  const running = all.find((row) => row.task.status.phase === "running")!;
  const over = all.find((row) => row.finishedAt !== undefined)!;
  const asked: (readonly string[])[] = [];
  let n = 0;
  const lines = new LastLines({
    lastLines: async ({ ids }) => {
      asked.push(ids);
      return ids.map((task) => ({ task, attempt: 1, text: `line ${++n}` }));
    },
  });
  lines.show([running, over]);
  await vi.advanceTimersByTimeAsync(500);
  const id = over.task.metadata.id;
  expect(asked).toEqual([[running.task.metadata.id, id]]);
  expect(lines.of(id)).toBe("line 2");

  await vi.advanceTimersByTimeAsync(2000);
  expect(asked[1]).toEqual([running.task.metadata.id]);
  expect(lines.of(running.task.metadata.id)).toBe("line 3");
  expect(lines.of(id)).toBe("line 2");

  lines.show([over]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked.length).toBeLessThanOrEqual(3);
  const again = { ...over, finishedAt: over.finishedAt! + 1 };
  const before = asked.length;
  lines.show([again]);
  await vi.advanceTimersByTimeAsync(500);
  expect(asked[before]).toEqual([id]);
  lines.stop();
});

test("a request that fails leaves what is shown, and is made again", async () => {
  const all = await rows();
  const running = all.find((row) => row.task.status.phase === "running")!;
  let broken = false;
  const lines = new LastLines({
    lastLines: async ({ ids }) => {
      if (broken) throw new Error("no");
      return ids.map((task) => ({ task, attempt: 1, text: "said" }));
    },
  });
  lines.show([running]);
  await vi.advanceTimersByTimeAsync(500);
  broken = true;
  await vi.advanceTimersByTimeAsync(10_000);
  expect(lines.of(running.task.metadata.id)).toBe("said");
  expect(vi.getTimerCount()).toBe(1);
  lines.stop();
  expect(vi.getTimerCount()).toBe(0);
});
