import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/svelte";
import { afterEach, expect, test, vi } from "vitest";
import { createFakeBackend } from "../../api/fake";
import type { TaskSpan } from "../../api/types";
import { Workspace } from "../workspace.svelte";
import TimelineView from "./TimelineView.svelte";

afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
});

/** The words that can be seen in the picture that was drawn last. */
function picture(): Set<string> {
  vi.spyOn(HTMLElement.prototype, "clientHeight", "get").mockReturnValue(300);
  vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockReturnValue(800);
  const drawn = new Set<string>();
  const pen = new Proxy({} as CanvasRenderingContext2D, {
    get: (_, key) => {
      if (key === "scale") return () => drawn.clear();
      if (key === "measureText") return () => ({ width: 1 });
      return key === "fillText" ? (text: string) => drawn.add(text) : () => {};
    },
    set: () => true,
  });
  vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockReturnValue(pen as never);
  return drawn;
}

test("what is drawn is not scrolled away where another time has fewer lanes", async () => {
  const drawn = picture();
  const backend = createFakeBackend({ tasks: 0 });
  const now = Date.now();
  const ran = (slot: string, at: number): TaskSpan => ({
    task: slot,
    name: slot,
    slot,
    phase: "succeeded",
    attempt: 1,
    createdAt: at,
    startedAt: at,
    finishedAt: at + 1000,
  });
  const many = Array.from({ length: 60 }, (_, n) => ran(`lane-${n}`, now - 60_000));
  backend.tasksBetween = async ({ to }) =>
    to < now - 60_000 ? { spans: [ran("early", to - 1000)], more: false } : { spans: many, more: false };
  backend.upcoming = async () => ({ times: [], more: false }) as never;
  render(TimelineView, { workspace: new Workspace(backend) });
  await waitFor(() => expect(drawn).toContain("lane-0"));
  const canvas = screen.getByTestId("timeline");
  await fireEvent.wheel(canvas, { deltaY: 100_000 });
  await waitFor(() => expect(drawn).toContain("lane-59"));
  expect(drawn).not.toContain("lane-0");
  for (let n = 0; n < 6; n += 1) await fireEvent.keyDown(canvas, { key: "PageUp" });
  await waitFor(() => expect(drawn).toContain("early"));
});

test("all machines stand on one line, one that is lost with why, and the logs of each open there at the moment", async () => {
  const drawn = picture();
  const backend = createFakeBackend({ tasks: 0, machines: true });
  backend.setReach("lab", { state: "lost", problem: "lab cannot be reached: refused" });
  const at = Date.now() - 5 * 3_600_000;
  const there = (task: string): TaskSpan => ({
    task,
    name: task,
    slot: "backup",
    phase: "running",
    attempt: 2,
    createdAt: at,
    startedAt: at,
  });
  const own = vi.fn();
  backend.openMergedWindow = own;
  const openMergedWindow = vi.fn(async () => {});
  const openLogWindow = vi.fn(async () => {});
  const { on } = backend;
  backend.on = (machine) => ({
    ...on(machine),
    tasksBetween: async () => ({ spans: [there("copy"), there("check")], more: false }),
    mergedPositionAt: async () => 42,
    openMergedWindow,
    openLogWindow,
  });
  render(TimelineView, { workspace: new Workspace(backend) });
  await waitFor(() => expect(drawn).toContain("backup"));
  for (const name of ["This machine", "build-box", "lab", "not connected"]) expect(drawn).toContain(name);
  expect(screen.getByTestId("away").textContent).toMatch(
    /lab is not connected: .*cannot be reached: refused\./i,
  );

  await fireEvent.keyDown(screen.getByTestId("timeline"), { key: "ArrowRight" });
  const moment = screen.getByTestId("moment");
  await waitFor(() => expect(moment.textContent).toContain("2 tasks ran"));
  expect(moment.textContent).toContain("build-box");
  await fireEvent.click(screen.getByText("Open 2 logs as one"));
  const runs = [
    { id: "copy", attempt: 2 },
    { id: "check", attempt: 2 },
  ];
  await waitFor(() => expect(openMergedWindow).toHaveBeenCalledExactlyOnceWith(runs, 42));
  await fireEvent.click(screen.getByText("check"));
  await waitFor(() => expect(openLogWindow).toHaveBeenCalledExactlyOnceWith("check", 2, 42));
  expect(own).not.toHaveBeenCalled();
});
