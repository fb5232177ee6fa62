import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FRAME_LIMIT_MS, markDrawn, onNextFrame } from "./next-frame";

let frames: FrameRequestCallback[];
beforeEach(() => {
  frames = [];
  vi.useFakeTimers();
  vi.stubGlobal("requestAnimationFrame", (callback: FrameRequestCallback) => frames.push(callback));
  vi.stubGlobal("cancelAnimationFrame", () => {});
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test("a window that gets no frames is not waited for, and nothing happens twice", () => {
  const act = vi.fn();
  onNextFrame(act);
  expect(act).not.toHaveBeenCalled();
  vi.advanceTimersByTime(FRAME_LIMIT_MS);
  expect(act).toHaveBeenCalledOnce();

  const drawn = vi.fn();
  onNextFrame(drawn);
  frames.at(-1)?.(0);
  vi.advanceTimersByTime(FRAME_LIMIT_MS * 2);
  expect(drawn).toHaveBeenCalledOnce();
});

test("what was called off does not happen", () => {
  const act = vi.fn();
  onNextFrame(act)();
  vi.advanceTimersByTime(FRAME_LIMIT_MS * 2);
  expect(act).not.toHaveBeenCalled();
});

test("a mark is left after the frame, not before", () => {
  const mark = vi.spyOn(performance, "mark").mockReturnValue({} as PerformanceMark);
  markDrawn("list drawn");
  frames.at(-1)?.(0);
  expect(mark).not.toHaveBeenCalled();
  vi.advanceTimersByTime(0);
  expect(mark).toHaveBeenCalledExactlyOnceWith("list drawn");
});
