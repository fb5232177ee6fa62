// A waiting task that somebody else changes, starts or deletes while its form is open: nothing that was typed is lost.
import { cleanup, fireEvent, screen, waitFor } from "@testing-library/svelte";
import { expect, it } from "vitest";
import type { Task, TaskSpec } from "../api";
import { eachTestAnew, field, given, open, type } from "./form-in-test";

eachTestAnew();

const spec: TaskSpec = { slot: "etl", kind: { subprocess: { mode: { command: { command: "make" } } } } };
const edits = { id: "t1", version: 3 };
const now = (spec: TaskSpec, phase: Task["status"]["phase"] = "pending"): Task => ({
  metadata: { id: "t1", resourceVersion: 8, createdAt: 1, updatedAt: 2 },
  spec,
  status: { phase, attempt: phase === "pending" ? 0 : 1 },
});
const send = () => fireEvent.click(screen.getByTestId("submit"));

it("takes over what was changed elsewhere in fields that are untouched here", async () => {
  const { onsubmitted } = open(spec, edits);
  await type("field-command", "make all");
  given.current = now({ ...spec, priority: 3 });
  await send();
  await waitFor(() => expect(onsubmitted).toHaveBeenCalled());
  expect(given.edited).toMatchObject({
    resourceVersion: 8,
    spec: { priority: 3, kind: { subprocess: { mode: { command: { command: "make", args: ["all"] } } } } },
  });
});

it("says which field both have changed, and sends what is typed here when asked again", async () => {
  const { onsubmitted } = open(spec, edits);
  await type("field-command", "make all");
  given.current = now({ ...spec, kind: { subprocess: { mode: { command: { command: "ninja" } } } } });
  await send();
  await waitFor(() => expect(screen.getByTestId("overtaken").textContent).toContain("the command"));
  expect(onsubmitted).not.toHaveBeenCalled();
  expect(field("field-command").value).toBe("make all");
  await send();
  await waitFor(() => expect(onsubmitted).toHaveBeenCalled());
  expect(given.edited?.spec.kind).toMatchObject({
    subprocess: { mode: { command: { command: "make", args: ["all"] } } },
  });
});

it("can be run as a new task where it has started meanwhile", async () => {
  const { onsubmitted } = open(spec, edits);
  await type("field-command", "make all");
  given.current = now(spec, "running");
  await send();
  await waitFor(() => expect(screen.getByTestId("overtaken").textContent).toContain("has been started"));
  expect(screen.getByTestId("submit").textContent).toBe("Run as a new task");
  await send();
  await waitFor(() => expect(onsubmitted).toHaveBeenCalledWith("id-1"));
  expect(given.edited).toBeUndefined();
  expect(given.sent).toHaveLength(1);
});

it("comes back as it was typed, with what others have changed meanwhile, and leaves drafts of other tasks alone", async () => {
  open(spec, edits);
  await type("field-command", "make all");
  await waitFor(() => expect(given.drafts.of({ spec, id: "t1" })).not.toBeNull());
  cleanup();
  open(spec, { id: "t2", version: 1 });
  await type("field-command", "make docs");
  await waitFor(() => expect(given.drafts.of({ spec, id: "t2" })).not.toBeNull());
  cleanup();
  open({ ...spec, cwd: undefined, labels: { name: "nightly" } } as TaskSpec, { id: "t1", version: 9 });
  expect(field("field-command").value).toBe("make all");
  expect(field("field-name").value).toBe("nightly");
});
