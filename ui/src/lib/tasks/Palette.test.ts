import { cleanup, fireEvent, render, screen } from "@testing-library/svelte";
import { afterEach, expect, test, vi } from "vitest";
import { createFakeBackend } from "../api/fake";
import Palette from "./Palette.svelte";
import { Workspace } from "./workspace.svelte";

afterEach(cleanup);

test("a task that the list has not loaded is found, and shown in the detail", async () => {
  const backend = createFakeBackend({ tasks: 250 });
  const workspace = new Workspace(backend);
  await workspace.list.start();
  const everything = (await backend.listTasks({ query: { limit: 250 } })).rows;
  const oldest = everything.at(-1)!.task;
  backend.listTasks = async () => ({ rows: everything.slice(-1), total: 1 });
  render(Palette, { workspace, onclose: vi.fn() });
  await fireEvent.input(screen.getByRole("combobox"), { target: { value: "no such command" } });
  await fireEvent.click(
    await screen.findByRole("option", { name: new RegExp(oldest.spec.name.slice(0, 5)) }),
  );
  expect(workspace.selection.current).toBe(oldest.metadata.id);
});
