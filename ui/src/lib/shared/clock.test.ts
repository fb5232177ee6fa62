import { render, screen } from "@testing-library/svelte";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { TaskRow } from "../api/types";
import { tracks, USUAL } from "../tasks/columns";
import { createFakeBackend } from "../api/fake";
import TaskRowView from "../tasks/TaskRowView.svelte";
import { holdClock } from "./clock.svelte";

const NOW = 1_800_000_000_000;
const SECOND = 1000;
const MINUTE = 60 * SECOND;

let hidden = false;
/** How often a timer has woken the page. */
let woken = 0;

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
  const real = setInterval;
  vi.stubGlobal("setInterval", (act: () => void, ms: number) =>
    real(() => {
      woken += 1;
      act();
    }, ms),
  );
  woken = 0;
  vi.spyOn(document, "hidden", "get").mockImplementation(() => hidden);
});
afterEach(() => {
  holdClock(undefined);
  hide(false);
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

function hide(hide: boolean) {
  hidden = hide;
  document.dispatchEvent(new Event("visibilitychange"));
}

function show(phase: string, times: Partial<TaskRow>) {
  const metadata = { id: "t", resourceVersion: 1, createdAt: NOW, updatedAt: NOW };
  const kind = { subprocess: { mode: { command: { command: "true", args: [] } } } };
  const task = { metadata, spec: { slot: "etl", kind }, status: { phase, attempt: 1 } };
  const row = { task, recentRuns: [], ...times } as unknown as TaskRow;
  const props = {
    backend: createFakeBackend({ tasks: 0 }),
    ...{ row, index: 0, top: 0, current: false, picked: false, picking: false },
    ...{ columns: USUAL, tracks: tracks(USUAL, false) },
  };
  return render(TaskRowView, { props });
}
const says = (text: string) => expect(screen.getByTestId("task-row").textContent).toContain(text);
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

test("a running task counts seconds, and nothing ticks once it is not drawn", async () => {
  const { unmount } = show("running", { startedAt: NOW - 5 * SECOND });
  says("5 s");
  await pass(3 * SECOND);
  says("8 s");
  expect(woken).toBe(3);
  unmount();
  await pass(0);
  expect(vi.getTimerCount()).toBe(0);
});

test("what ended is told by the second for a minute, and seldom looked at from then on", async () => {
  show("succeeded", { startedAt: NOW - 4 * MINUTE, finishedAt: NOW - 30 * SECOND });
  says("30 s ago");
  await pass(20 * SECOND);
  says("50 s ago");
  await pass(MINUTE);
  says("1 min ago");
  woken = 0;
  await pass(10 * MINUTE);
  says("11 min ago");
  expect(woken).toBe(40);
});

test("a task that waits for its lane waits without a clock", async () => {
  show("pending", { waiting: { reason: "lane", position: 1, behind: "import" } });
  says("behind import");
  await pass(0);
  expect(vi.getTimerCount()).toBe(0);
});

test("a long run is told by the minute, and a far start counts seconds when it comes near", async () => {
  show("pending", {
    nextAttemptAt: NOW + 61 * MINUTE,
    waiting: { reason: "backoff", until: NOW + 61 * MINUTE },
  });
  says("attempt 2 in 1 h 01 min");
  await pass(2 * MINUTE);
  says("attempt 2 in 59 min 00 s");
  await pass(1 * SECOND);
  says("attempt 2 in 58 min 59 s");
});

test("a window that cannot be seen does not tick, and is right at once when it can be", async () => {
  show("running", { startedAt: NOW });
  hide(true);
  woken = 0;
  await pass(30 * SECOND);
  expect(woken).toBe(0);
  hide(false);
  await pass(0);
  says("30 s");
  await pass(SECOND);
  says("31 s");
});

test("the clock stands at the moment at which it is held, and goes on from the time of day", async () => {
  show("running", { startedAt: NOW });
  await pass(7 * SECOND);
  says("7 s");
  holdClock(NOW + 2 * SECOND);
  await pass(5 * SECOND);
  says("2 s");
  holdClock(undefined);
  await pass(0);
  says("12 s");
});
