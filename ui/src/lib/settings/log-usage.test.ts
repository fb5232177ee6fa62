import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LogUsage } from "./log-usage.svelte";

let count: ReturnType<typeof vi.fn<() => Promise<number>>>;
let usage: LogUsage;
const after = (ms: number) => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => {
  vi.useFakeTimers();
  count = vi.fn(async () => 1000);
  usage = new LogUsage({ logUsage: count });
  usage.follow();
});
afterEach(() => {
  usage.stop();
  vi.useRealTimers();
});

describe("what the logs take", () => {
  it("is counted once soon after the start, and not again while nothing ends", async () => {
    usage.changed();
    expect(count).not.toHaveBeenCalled();
    await after(2000);
    expect(usage.bytes).toBe(1000);
    await after(3_600_000);
    expect(count).toHaveBeenCalledTimes(1);
  });

  it("is counted again when tasks have ended, at most every ten seconds", async () => {
    await after(2000);
    count.mockResolvedValue(3000);
    for (let i = 0; i < 50; i++) {
      usage.changed();
      await after(100);
    }
    expect(count).toHaveBeenCalledTimes(1);
    await after(5000);
    expect(count).toHaveBeenCalledTimes(2);
    expect(usage.bytes).toBe(3000);
    await after(60_000);
    usage.changed();
    expect(count).toHaveBeenCalledTimes(3);
  });

  it("is counted more seldom where counting takes long, and never twice at once", async () => {
    count.mockImplementation(() => new Promise((done) => setTimeout(() => done(5000), 1000)));
    await after(2500);
    usage.changed();
    expect(count).toHaveBeenCalledTimes(1);
    await after(90_000);
    expect(count).toHaveBeenCalledTimes(1);
    await after(11_000);
    expect(count).toHaveBeenCalledTimes(2);
  });

  it("is counted each minute while something runs, and not while the window cannot be seen", async () => {
    await after(2000);
    usage.runs = true;
    await after(59_000);
    expect(count).toHaveBeenCalledTimes(1);
    await after(2000);
    expect(count).toHaveBeenCalledTimes(2);
    Object.defineProperty(document, "hidden", { value: true, configurable: true });
    await after(3_600_000);
    expect(count).toHaveBeenCalledTimes(2);
    Object.defineProperty(document, "hidden", { value: false, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
    await after(0);
    expect(count).toHaveBeenCalledTimes(3);
    usage.runs = false;
    await after(3_600_000);
    expect(count).toHaveBeenCalledTimes(3);
  });

  it("is counted at once for who asks, once for several, and for nobody without one", async () => {
    usage.stop();
    await after(3_600_000);
    expect(count).not.toHaveBeenCalled();
    await Promise.all([usage.now(), usage.now()]);
    expect([count.mock.calls.length, usage.bytes]).toEqual([1, 1000]);
    await after(3_600_000);
    expect(count).toHaveBeenCalledTimes(1);
  });

  it("keeps the last number when it cannot be counted, and asks no more once stopped", async () => {
    await after(2000);
    count.mockRejectedValue(new Error("gone"));
    usage.changed();
    await after(10_000);
    expect(count).toHaveBeenCalledTimes(2);
    expect(usage.bytes).toBe(1000);
    usage.changed();
    usage.stop();
    await after(60_000);
    usage.changed();
    expect(count).toHaveBeenCalledTimes(2);
  });
});
