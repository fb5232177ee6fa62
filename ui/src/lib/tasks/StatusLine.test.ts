import { cleanup, render, screen, waitFor } from "@testing-library/svelte";
import { afterEach, expect, test, vi } from "vitest";
import { createFakeBackend } from "../api/fake";
import { Machines } from "../machines/machines.svelte";
import { timeOfDay } from "../shared/format";
import StatusLine from "./StatusLine.svelte";
import { Workspace } from "./workspace.svelte";

afterEach(cleanup);

test("an engine that hangs is told as one, with the time of its last word, and one of this computer by its name", async () => {
  const fake = createFakeBackend({ tasks: 8 });
  const machines = new Machines(fake);
  const workspace = new Workspace(fake, machines);
  await workspace.list.start();
  render(StatusLine, { workspace });
  const words = () => document.querySelector("footer")?.textContent ?? "";
  await waitFor(() => expect(words()).toContain("running"));
  const since = Date.now() - 7000;
  machines.pulse.silentSince = since;
  const waits = await screen.findByTestId("waiting-for-engine");
  expect(waits.textContent?.replace(/\s+/g, " ")).toBe(
    `Waiting for the engine… What you see is from ${timeOfDay(since)}`,
  );
  expect(words()).not.toContain("running");
  machines.told = { ...machines.told, here: { state: "lost", problem: "no answer" } };
  await waitFor(() => expect(words()).toContain("Solti’s engine does not answer"));
  machines.told = { ...machines.told, here: { state: "reached" } };
  machines.pulse.heard();
  await waitFor(() => expect(words()).toContain("running"));
  workspace.close();
});

test("the logs are counted each minute while a task runs, which writes all the time", async () => {
  vi.useFakeTimers();
  const fake = createFakeBackend({ tasks: 0 });
  const counted = vi.spyOn(fake, "logUsage").mockResolvedValue(4_100_000);
  const workspace = new Workspace(fake);
  await workspace.list.start();
  render(StatusLine, { workspace });
  await vi.advanceTimersByTimeAsync(200_000);
  const idle = counted.mock.calls.length;
  const kind = { subprocess: { mode: { command: { command: "yes" } } } };
  await fake.submitTask({ slot: "s", kind });
  counted.mockResolvedValue(154_000_000);
  await vi.advanceTimersByTimeAsync(61_000);
  expect(document.querySelector("footer")?.textContent).toContain("logs 154 MB");
  await vi.advanceTimersByTimeAsync(300_000);
  expect(idle).toBeLessThanOrEqual(2);
  expect(counted.mock.calls.length - idle).toBeGreaterThanOrEqual(5);
  workspace.close();
  vi.useRealTimers();
});
