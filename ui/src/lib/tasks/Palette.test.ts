import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/svelte";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createFakeBackend } from "../api/fake";
import Palette from "./Palette.svelte";
import { Workspace } from "./workspace.svelte";

beforeEach(() => localStorage.clear());
afterEach(cleanup);

async function open(tasks = 40) {
  const backend = createFakeBackend({ tasks });
  const workspace = new Workspace(backend);
  await workspace.list.start();
  const onclose = vi.fn();
  const shown = render(Palette, { workspace, onclose });
  return {
    backend,
    workspace,
    onclose,
    again: () => (shown.unmount(), render(Palette, { workspace, onclose })),
  };
}
const type = (text: string) => fireEvent.input(screen.getByRole("combobox"), { target: { value: text } });
const press = (key: string) => fireEvent.keyDown(screen.getByRole("combobox"), { key });
const titles = () => screen.queryAllByRole("option").map((option) => option.textContent?.trim() ?? "");
const current = () =>
  document.getElementById(screen.getByRole("combobox").getAttribute("aria-activedescendant") ?? "");

test("a task that the list has not loaded is found, and shown in the detail", async () => {
  const backend = createFakeBackend({ tasks: 250 });
  const workspace = new Workspace(backend);
  await workspace.list.start();
  const everything = (await backend.listTasks({ query: { limit: 250 } })).rows;
  const oldest = everything.at(-1)!.task;
  backend.listTasks = async () => ({ rows: everything.slice(-1), total: 1 });
  render(Palette, { workspace, onclose: vi.fn() });
  await type(oldest.spec.name);
  const name = new RegExp(oldest.spec.name.replaceAll(/[.*+?^${}()|[\]\\#]/g, "."));
  await waitFor(() => expect(screen.getAllByRole("option", { name }).length).toBeGreaterThan(0));
  await fireEvent.click(screen.getAllByRole("option", { name })[0]!);
  expect(workspace.selection.current).toBe(oldest.metadata.id);
});

test("letters in order find what they are of, in groups, and what matches is marked", async () => {
  await open();
  await type("ntsk");
  expect(titles()[0]).toMatch(/^New task/);
  expect(document.querySelector("mark")?.textContent).toBe("N");
  await type("pause");
  expect(screen.getByRole("group", { name: "Lanes" })).toBeTruthy();
  await type("grpc");
  expect(titles()[0]).toMatch(/^gRPC/);
  await type("zzqqxx");
  expect(screen.getByRole("status").textContent).toBe("Nothing matches.");
});

test("jobs and lanes are there, and do what they say", async () => {
  const { workspace, onclose } = await open();
  await waitFor(() => expect(titles().some((title) => title.startsWith("Run job"))).toBe(true));
  await type("show lane etl");
  await press("Enter");
  expect(onclose).toHaveBeenCalled();
  expect(workspace.filterText).toBe("lane:etl");
});

test("what was used lately is offered first, also after the window was closed", async () => {
  const { again } = await open();
  await type("theme dark");
  await press("Enter");
  again();
  const lately = screen.getByRole("group", { name: "Recent" });
  expect(lately.textContent).toContain("Theme: dark");
  expect(current()?.textContent).toContain("Theme: dark");
});

test("the arrows go round, and what is found later leaves the chosen one alone", async () => {
  await open();
  await press("ArrowDown");
  const chosen = current()?.textContent;
  await waitFor(() => expect(titles().some((title) => title.startsWith("Run job"))).toBe(true));
  expect(current()?.textContent).toBe(chosen);
  await press("ArrowUp");
  await press("ArrowUp");
  expect(current()).toBe(screen.getAllByRole("option").at(-1));
  await press("ArrowDown");
  expect(current()).toBe(screen.getAllByRole("option")[0]);
});

test("of tasks that match alike the newest comes first", async () => {
  const { backend, workspace } = await open(0);
  const { rows } = await createFakeBackend({ tasks: 5 }).listTasks({ query: {} });
  const found = [3, 1, 5, 2, 4].map((n, at) => {
    const row = structuredClone(rows[at]!);
    Object.assign(row.task.spec, { name: `build step ${n}`, command: "make" });
    Object.assign(row.task.metadata, { id: `t-${n}`, createdAt: n });
    return row;
  });
  backend.listTasks = async () => ({ rows: found, total: found.length });
  expect(workspace.visible).toEqual([]);
  await type("build step");
  await waitFor(() => expect(titles().filter((title) => title.startsWith("build step"))).toHaveLength(5));
  expect(
    titles()
      .map((title) => /^build step (\d)/.exec(title)?.[1])
      .filter(Boolean),
  ).toEqual(["5", "4", "3", "2", "1"]);
});
