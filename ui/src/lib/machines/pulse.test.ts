import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Backend } from "../api/backend";
import { ApiError } from "../api/errors";
import { heeded, Pulse } from "./pulse.svelte";

const NOW = new Date("2026-11-25T14:51:36").getTime();
let hangs = false;
let pulse: Pulse;
let probes = 0;

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
  [hangs, probes] = [false, 0];
  pulse = new Pulse(() => {
    probes += 1;
    return hangs ? new Promise(() => {}) : Promise.resolve();
  });
});
afterEach(() => {
  pulse.stop();
  vi.useRealTimers();
});
const after = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const never = () => new Promise<never>(() => {});

test("an engine that hangs is told after five seconds, with when it was heard last, until it says something", async () => {
  hangs = true;
  void pulse.during(never());
  await after(4900);
  expect(pulse.silentSince).toBeUndefined();
  await after(200);
  expect(pulse.silentSince).toBe(NOW);
  await after(60_000);
  expect(pulse.silentSince).toBe(NOW);
  pulse.heard();
  expect(pulse.silentSince).toBeUndefined();
});

test("an answer that takes long from an engine that answers others is no silence", async () => {
  void pulse.during(never());
  await after(60_000);
  expect(pulse.silentSince).toBeUndefined();
  expect(probes).toBeGreaterThan(5);
});

test("clocks that tick for what runs are reason enough to look, and without either nobody is asked", async () => {
  hangs = true;
  await after(600_000);
  expect([probes, pulse.silentSince]).toEqual([0, undefined]);
  pulse.heard();
  pulse.runs = true;
  await after(5100);
  expect(pulse.silentSince).toBe(NOW + 600_000);
});

test("an engine that says something all the time is not asked whether it is there", async () => {
  pulse.runs = true;
  for (let n = 0; n < 20; n++) {
    await after(1000);
    pulse.heard();
  }
  expect(probes).toBe(0);
});

test("what is answered and told is heard; that nobody answers, and that a stream broke, is not", async () => {
  let tell: (change: never) => void = () => {};
  let breaks: (broken: boolean) => void = () => {};
  const backend = {
    getSummary: async () => ({}),
    stopTask: () => Promise.reject(new ApiError({ error: "Conflict", message: "it is over" })),
    holdTask: () => Promise.reject(new ApiError({ error: "Unavailable", message: "nobody answers" })),
    appInfo: async () => ({}),
    watchTasks: async (_query: unknown, onChange: typeof tell, onBroken: typeof breaks) => {
      [tell, breaks] = [onChange, onBroken];
      return () => {};
    },
  } as unknown as Backend;
  const watched = heeded(backend, pulse);
  const seen: unknown[] = [];
  await watched.watchTasks(
    {},
    (change) => seen.push(change),
    () => {},
  );
  const hears = async (act: () => unknown) => {
    await after(1000);
    const before = pulse.lastHeard;
    await Promise.resolve(act()).catch(() => {});
    return pulse.lastHeard > before;
  };
  expect(await hears(() => watched.getSummary())).toBe(true);
  expect(await hears(() => watched.stopTask({ id: "a", mode: "graceful" }))).toBe(true);
  expect(await hears(() => tell(7 as never))).toBe(true);
  expect(seen).toEqual([7]);
  expect(await hears(() => breaks(true))).toBe(false);
  expect(await hears(() => watched.holdTask({ id: "a", version: 1 } as never))).toBe(false);
  // What the app answers says nothing of the engine.
  expect(await hears(() => watched.appInfo())).toBe(false);
});
