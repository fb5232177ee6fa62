import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Rereading, SeenTimer } from "./seen-timer";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  hide(false);
  vi.useRealTimers();
});

function hide(hidden: boolean) {
  Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}

test("what comes due while the window is hidden is done once, when it is seen again", () => {
  let done = 0;
  const timer = new SeenTimer(() => done++);
  timer.after(100);
  vi.advanceTimersByTime(100);
  expect([done, timer.waits]).toEqual([1, false]);
  hide(true);
  timer.after(100);
  vi.advanceTimersByTime(10_000);
  hide(true);
  expect([done, timer.waits]).toEqual([1, true]);
  hide(false);
  expect([done, timer.waits]).toEqual([2, false]);
  hide(false);
  expect(done).toBe(2);
  hide(true);
  timer.after(100);
  vi.advanceTimersByTime(1000);
  timer.clear();
  hide(false);
  expect(done).toBe(2);
});

test("changes are read at their pace, and nothing is read where nobody looks", async () => {
  let reads = 0;
  let takes = 0;
  const again = new Rereading(
    async () => {
      reads++;
      if (takes > 0) await new Promise((done) => setTimeout(done, takes));
    },
    1000,
    15_000,
  );
  await again.now();
  for (let n = 0; n < 50; n++) {
    again.touch();
    await vi.advanceTimersByTimeAsync(100);
  }
  expect(reads).toBeGreaterThanOrEqual(5);
  expect(reads).toBeLessThanOrEqual(6);
  // Quiet: seldom; hidden: never, and at once when it is seen again.
  await vi.advanceTimersByTimeAsync(1000);
  reads = 0;
  await vi.advanceTimersByTimeAsync(31_000);
  expect(reads).toBe(2);
  hide(true);
  again.touch();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(reads).toBe(2);
  hide(false);
  await vi.advanceTimersByTimeAsync(0);
  expect(reads).toBe(3);
  // What takes long is read the less often.
  takes = 400;
  reads = 0;
  for (let n = 0; n < 90; n++) {
    again.touch();
    await vi.advanceTimersByTimeAsync(100);
  }
  expect(reads).toBeLessThanOrEqual(4);
  again.stop();
  again.touch();
  await vi.advanceTimersByTimeAsync(1000);
  expect(vi.getTimerCount()).toBe(0);
});
