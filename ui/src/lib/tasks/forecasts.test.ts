import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { TaskRow } from "../api/types";
import { createFakeBackend } from "../api/fake";
import { Forecasts } from "./forecasts.svelte";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

async function waiting(): Promise<TaskRow> {
  const { rows } = await createFakeBackend({ tasks: 12 }).listTasks({ query: { phases: ["pending"] } });
  return rows.find((row) => row.waiting?.reason === "lane")!;
}

test("only what waits for its turn is asked for, soon when that has changed and seldom otherwise", async () => {
  const row = await waiting();
  const running: TaskRow = { ...row, waiting: undefined };
  const asked: (readonly string[] | undefined)[] = [];
  let broken = false;
  const forecasts = new Forecasts({
    forecast: async ({ tasks } = {}) => {
      asked.push(tasks);
      if (broken) throw new Error("no");
      return {
        at: 0,
        tasks: [{ task: row.task.metadata.id, slot: "s", runs: asked.length }],
        more: false,
        lanes: [],
      };
    },
  });
  forecasts.show([running]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toEqual([]);

  forecasts.show([row, running]);
  await vi.advanceTimersByTimeAsync(1000);
  expect(asked).toEqual([[row.task.metadata.id]]);
  expect(forecasts.of(row.task.metadata.id)?.runs).toBe(1);
  forecasts.show([row]);
  await vi.advanceTimersByTimeAsync(4900);
  expect(asked.length).toBe(2);
  forecasts.show([{ ...row, waiting: { reason: "lane", position: 99, behind: "x" } }]);
  await vi.advanceTimersByTimeAsync(300);
  expect(asked.length).toBe(3);

  broken = true;
  await vi.advanceTimersByTimeAsync(20_000);
  expect(forecasts.of(row.task.metadata.id)?.runs).toBe(3);
  expect(asked.length).toBeLessThanOrEqual(8);
  forecasts.stop();
  expect(vi.getTimerCount()).toBe(0);
});
