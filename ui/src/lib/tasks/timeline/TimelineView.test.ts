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

test("what is drawn is not scrolled away where another time has fewer lanes", async () => {
  vi.spyOn(HTMLElement.prototype, "clientHeight", "get").mockReturnValue(300);
  vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockReturnValue(800);
  /** The names of the lanes that can be seen, in the picture that was drawn last. */
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
