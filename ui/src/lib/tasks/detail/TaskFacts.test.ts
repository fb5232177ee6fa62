import { cleanup, render } from "@testing-library/svelte";
import { afterEach, expect, test, vi } from "vitest";
import { createFakeBackend } from "../../api/fake";
import { Workspace } from "../workspace.svelte";
import TaskFacts from "./TaskFacts.svelte";

afterEach(cleanup);

test("a task that is twice to come after another one is shown with both", async () => {
  const backend = createFakeBackend({ tasks: 1 });
  const [row] = (await backend.listTasks({ query: {} })).rows;
  const kind = { subprocess: { mode: { command: { command: "true" } } } };
  const after = [{ task: "t-1" }, { task: "t-1" }, { task: "t-1", when: "ended" as const }];
  const props = { workspace: new Workspace(backend), row: row!, unenforced: "", goTo: vi.fn() };
  const { container } = render(TaskFacts, { ...props, spec: { slot: "s", kind, after } });
  expect(container.querySelectorAll(".after button")).toHaveLength(3);
});
