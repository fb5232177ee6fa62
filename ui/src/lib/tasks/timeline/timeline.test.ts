import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ApiError } from "../../api/errors";
import type { ListedMachine, MachineList, Reach, SpansQuery, Summary, TaskSpan } from "../../api/types";
import { Timeline } from "./timeline.svelte";

const NOW = new Date("2026-11-25T13:00:00").getTime();
const HOUR = 3_600_000;

beforeEach(() => void vi.useFakeTimers({ now: NOW }));
afterEach(() => {
  hide(false);
  vi.useRealTimers();
});

function hide(hidden: boolean) {
  Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}

const running: TaskSpan = {
  task: "a",
  name: "a",
  slot: "s",
  phase: "running",
  attempt: 1,
  createdAt: NOW - HOUR,
  startedAt: NOW - HOUR,
};

function open() {
  const asked: { from: number; to: number }[] = [];
  let broken = false;
  const line = new Timeline({
    tasksBetween: async ({ from, to }) => {
      asked.push({ from, to });
      if (broken) throw new ApiError({ error: "Unavailable", message: "it is away" });
      return { spans: [running], more: false };
    },
    upcoming: async () => ({ times: [], more: false }),
    on: () => ({}) as never,
    watchMachines: async () => () => {},
  });
  return { line, asked, fail: (fails: boolean) => (broken = fails) };
}

test("what goes on grows without being read, and what has changed is read at its pace", async () => {
  const { line, asked } = open();
  const stop = line.follow();
  await vi.advanceTimersByTimeAsync(0);
  expect(asked).toHaveLength(1);
  const end = () => line.own.lanes[0]!.bars[0]!.to;
  const before = end();
  await vi.advanceTimersByTimeAsync(50_000);
  expect(end()).toBeGreaterThan(before + 20_000);
  expect(asked).toHaveLength(1);
  for (let n = 0; n < 60; n++) {
    line.touch();
    await vi.advanceTimersByTimeAsync(100);
  }
  expect(asked.length).toBeLessThanOrEqual(4);
  expect(asked.length).toBeGreaterThan(1);
  hide(true);
  const seen = asked.length;
  line.touch();
  await vi.advanceTimersByTimeAsync(10 * 60_000);
  expect(asked).toHaveLength(seen);
  hide(false);
  await vi.advanceTimersByTimeAsync(0);
  expect(asked.length).toBeGreaterThan(seen);
  stop();
  expect(vi.getTimerCount()).toBe(0);
});

test("a past in which nothing changes any more is not read again for what happens now", async () => {
  const { line, asked } = open();
  const stop = line.follow();
  line.show(NOW - 30 * HOUR, NOW - 20 * HOUR);
  await vi.advanceTimersByTimeAsync(300);
  const read = asked.length;
  expect(asked.at(-1)).toEqual({ from: NOW - 35 * HOUR, to: NOW - 15 * HOUR });
  line.touch();
  await vi.advanceTimersByTimeAsync(30_000);
  expect(asked).toHaveLength(read);
  stop();
});

test("what cannot be read is told, and what was read before stays until it can", async () => {
  const { line, fail } = open();
  const stop = line.follow();
  await vi.advanceTimersByTimeAsync(0);
  fail(true);
  line.touch();
  await vi.advanceTimersByTimeAsync(4000);
  expect(line.own.error?.message).toBe("it is away");
  expect(line.own.lanes).toHaveLength(1);
  fail(false);
  await vi.advanceTimersByTimeAsync(61_000);
  expect(line.own.error).toBeUndefined();
  stop();
});

/** A window on this machine, and the others as it is told of them. */
function openOver(answers: Record<string, () => Promise<TaskSpan[]>>) {
  let tell: (told: MachineList) => void = () => {};
  const limits: Record<string, number> = {};
  const versions: Record<string, number> = {};
  const asked = (name: string) => ({
    tasksBetween: async ({ limit }: SpansQuery) => {
      limits[name] = limit ?? 0;
      return { spans: await answers[name]!(), more: false };
    },
    upcoming: async () => ({ times: [], more: false }),
    getSummary: async () => ({ resourceVersion: versions[name] ?? 0 }) as Summary,
  });
  const line = new Timeline({
    ...asked("here"),
    on: (machine) => asked(machine ?? "here") as never,
    watchMachines: async (onList, all) => {
      expect(all).toBe(true);
      tell = onList;
      return () => {};
    },
  });
  const told = (reaches: Record<string, Reach>) => {
    const machines = Object.entries(reaches).map(([name, reach]) => ({ name, reach }) as ListedMachine);
    tell({ chosen: null, removed: false, here: { state: "reached" }, machines });
  };
  return { line, told, limits, versions };
}
const reached: Reach = { state: "reached" };

test("each machine has its lanes, and one that does not answer makes no other wait", async () => {
  const { line, told, limits } = openOver({
    here: async () => [running],
    nas: async () => [{ ...running, task: "b", slot: "backup" }],
    lab: () => new Promise(() => {}),
  });
  const stop = line.follow();
  await vi.advanceTimersByTimeAsync(0);
  told({ nas: reached, lab: reached });
  await vi.advanceTimersByTimeAsync(0);
  expect(
    line.sides.map(({ machine, lanes, loaded }) => [machine, lanes.map(({ slot }) => slot), loaded]),
  ).toEqual([
    [null, ["s"], true],
    ["nas", ["backup"], true],
    ["lab", [], false],
  ]);
  line.at = NOW - HOUR / 2;
  expect(line.ran.map(({ side, spans }) => [side.machine, spans.length])).toEqual([
    [null, 1],
    ["nas", 1],
  ]);
  // All of them together are no more than can be drawn.
  expect(limits["nas"]).toBe(3333);
  told({ nas: reached });
  expect(line.sides.map(({ machine }) => machine)).toEqual([null, "nas"]);
  stop();
  expect(vi.getTimerCount()).toBe(0);
});

test("a machine that is lost is named with why, stands at what was heard last, and is read when it is back", async () => {
  let reads = 0;
  const { line, told } = openOver({
    here: async () => [],
    nas: async () => {
      reads++;
      return [running];
    },
  });
  const stop = line.follow();
  await vi.advanceTimersByTimeAsync(0);
  told({ nas: reached });
  await vi.advanceTimersByTimeAsync(0);
  const nas = line.sides[1]!;
  const before = reads;
  const heard = NOW + 20_000;
  await vi.advanceTimersByTimeAsync(60_000);
  told({ nas: { state: "lost", problem: "ssh://nas cannot be reached: timed out", heard } });
  await vi.advanceTimersByTimeAsync(120_000);
  expect(nas.problem).toBe("ssh://nas cannot be reached: timed out.");
  expect(nas.lanes[0]!.bars[0]!.to).toBe(heard);
  const lost = reads;
  expect(lost - before).toBeLessThanOrEqual(1);
  told({ nas: reached });
  await vi.advanceTimersByTimeAsync(0);
  expect(reads).toBe(lost + 1);
  expect(nas.problem).toBeUndefined();
  stop();
});

test("what changes on a machine that the window is not on is read before long", async () => {
  let reads = 0;
  const { line, told, versions } = openOver({
    here: async () => [],
    nas: async () => {
      reads++;
      return [];
    },
  });
  const stop = line.follow();
  await vi.advanceTimersByTimeAsync(0);
  told({ nas: reached });
  await vi.advanceTimersByTimeAsync(30_000);
  expect(reads).toBe(1);
  versions["nas"] = 7;
  await vi.advanceTimersByTimeAsync(10_000);
  expect(reads).toBe(2);
  stop();
});
