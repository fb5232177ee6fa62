import { fireEvent, render, screen, waitFor, within } from "@testing-library/svelte";
import { beforeEach, expect, test, vi } from "vitest";
import { useBackend } from "../lib/api";
import type { Backend, TaskSpec } from "../lib/api";
import { createFakeBackend, type FakeControls } from "../lib/api/fake";
import MainView from "./MainView.svelte";

let fake: Backend & FakeControls;

beforeEach(() => {
  localStorage.clear();
  Object.defineProperty(window, "innerWidth", { value: 1280, configurable: true });
});

async function open(tasks = 20) {
  fake = createFakeBackend({ tasks });
  useBackend(fake);
  render(MainView);
  await screen.findAllByTestId("task-row");
}
const rows = () => screen.getAllByTestId("task-row");
const rowOf = (phase: string) => rows().find((row) => row.dataset.phase === phase)!;
const shown = () => screen.queryAllByTestId("task-row").map((row) => row.dataset.taskId);
const key = (name: string, more: KeyboardEventInit = {}) =>
  fireEvent.keyDown(document.body, { key: name, ...more });

const command = (slot: string, more: Partial<TaskSpec> = {}): TaskSpec => ({
  slot,
  kind: { subprocess: { mode: { command: { command: "echo", args: ["hi"] } } } },
  labels: { name: "the one" },
  ...more,
});
async function choose(id: string) {
  await waitFor(() => expect(shown()).toContain(id));
  await fireEvent.click(rows().find((row) => row.dataset.taskId === id)!);
  await waitFor(() => expect(screen.getByTestId("task-detail").dataset.taskId).toBe(id));
}

test("Ctrl+Z takes back the last deletion, and says when there is none", async () => {
  await open();
  const sent = vi.spyOn(fake, "deleteTask");
  const id = rowOf("succeeded").dataset.taskId!;
  await fireEvent.click(rowOf("succeeded"));
  await key("Delete");
  await waitFor(() => expect(shown()).not.toContain(id));
  await key("z", { ctrlKey: true });
  await waitFor(() => expect(shown()).toContain(id));
  expect(sent).not.toHaveBeenCalled();
  await key("z", { ctrlKey: true });
  expect(await screen.findByText("There is nothing to undo")).toBeTruthy();
});

test("a task whose deletion can be undone is counted nowhere", async () => {
  await open();
  const count = () =>
    Number(screen.getByRole("button", { name: /^Finished/ }).textContent?.match(/\d+/)?.[0]);
  const before = count();
  await fireEvent.click(rowOf("succeeded"));
  await key("Delete");
  await waitFor(() => expect(count()).toBe(before - 1));
  await key("z", { ctrlKey: true });
  await waitFor(() => expect(count()).toBe(before));
});

test("rerun of a running task stops it first when that is chosen", async () => {
  await open();
  const id = await fake.submitTask(command("echo-abck2"));
  await choose(id);
  const sent = vi.spyOn(fake, "rerunTask");
  await key("r");
  const question = await screen.findByTestId("question");
  expect(question.textContent).toContain("“the one” is still running");
  expect(question.textContent).not.toContain("echo-abck2");
  expect(sent).not.toHaveBeenCalled();
  await fireEvent.click(within(question).getByText("Stop and run again"));
  await waitFor(() => expect(sent).toHaveBeenCalledExactlyOnceWith({ id }));
  expect((await fake.getTaskStatus(id))?.status.phase).toBe("canceled");
});

test("rerun of a running task beside it has another lane of its own", async () => {
  await open();
  const id = await fake.submitTask(command("echo-abck2"));
  await choose(id);
  const sent = vi.spyOn(fake, "submitTask");
  await key("r");
  await fireEvent.click(await screen.findByText("Run beside it"));
  await waitFor(() => expect(sent).toHaveBeenCalledOnce());
  expect(sent.mock.calls[0]?.[0].slot).toMatch(/^echo-[a-z0-9]{5}$/);
  expect(sent.mock.calls[0]?.[0].slot).not.toBe("echo-abck2");
  expect((await fake.getTaskStatus(id))?.status.phase).toBe("running");
});

test("of several, those that still run are left alone by a rerun", async () => {
  await open();
  const sent = vi.spyOn(fake, "rerunTask");
  const [runs, over] = [rowOf("running"), rowOf("succeeded")];
  await fireEvent.click(over);
  await fireEvent.click(over, { ctrlKey: true });
  await fireEvent.click(runs, { ctrlKey: true });
  await key("r");
  await waitFor(() => expect(sent).toHaveBeenCalledExactlyOnceWith({ id: over.dataset.taskId }));
  expect(await screen.findByText("1 task still running or waiting left alone")).toBeTruthy();
});

test("a waiting task is edited in its place, and whoever was faster is not overwritten", async () => {
  await open();
  await fake.submitTask(command("wide"));
  const id = await fake.submitTask(command("wide", { admission: "queue" }));
  await choose(id);
  await key("e");
  const form = await screen.findByTestId("submit-dialog");
  expect(within(form).getByRole("heading").textContent).toBe("Edit “the one”");
  await fake.setPriority({ id, priority: 3 });
  await fireEvent.click(within(form).getByText("Change task"));
  await waitFor(() => expect(screen.queryByTestId("submit-dialog")).toBeNull());
  expect((await fake.getTaskStatus(id))?.spec.priority).toBe(3);
  await key("e");
  const again = await screen.findByTestId("submit-dialog");
  const before = shown().length;
  await fireEvent.input(within(again).getByTestId("field-command"), { target: { value: "echo other" } });
  await fireEvent.click(within(again).getByText("Change task"));
  await waitFor(async () =>
    expect(JSON.stringify((await fake.getTaskStatus(id))?.spec.kind)).toContain("other"),
  );
  await waitFor(() => expect(screen.queryByTestId("submit-dialog")).toBeNull());
  expect(shown()).toHaveLength(before);
});

/** Whatever has its answer has been told of it, and drawn it. */
const settled = () => new Promise((resolve) => setTimeout(resolve));

/** Reading a whole task takes until the answer is let go. */
function readSlowly() {
  const held: (() => void)[] = [];
  const read = fake.getTaskStatus;
  fake.getTaskStatus = async (id) => {
    const task = await read(id);
    await new Promise<void>((resolve) => held.push(resolve));
    return task;
  };
  return { arrive: () => held.splice(0).forEach((resolve) => resolve()) };
}

test("a task that is read late does not take the place of a form that is open by then", async () => {
  await open();
  await fake.submitTask(command("wide"));
  const id = await fake.submitTask(command("wide", { admission: "queue" }));
  await choose(id);
  const { arrive } = readSlowly();
  await key("e");
  await key("n");
  const form = await screen.findByTestId("submit-dialog");
  await fireEvent.input(within(form).getByTestId("field-command"), { target: { value: "make all" } });
  arrive();
  await settled();
  expect(within(form).getByRole("heading").textContent).toBe("New task");
  expect(within(form).getByTestId<HTMLInputElement>("field-command").value).toBe("make all");
  await fireEvent.click(within(form).getByText("Run task"));
  await waitFor(() => expect(screen.queryByTestId("submit-dialog")).toBeNull());
  expect((await fake.getTaskRow({ id }))?.task.status.phase).toBe("pending");
  // Nor one that another was asked for since.
  await choose(id);
  await key("e");
  const other = rowOf("succeeded");
  await fireEvent.click(other);
  await key("d");
  arrive();
  const duplicate = await screen.findByTestId("submit-dialog");
  await waitFor(() => expect(within(duplicate).getByRole("heading").textContent).toMatch(/^Duplicate/));
});

test("a task that is accepted late replaces what its own form was of, and closes no other", async () => {
  await open();
  await fake.submitTask(command("wide"));
  const id = await fake.submitTask(command("wide", { admission: "queue" }));
  const accept = vi.fn<() => void>();
  const submit = fake.submitTask;
  fake.submitTask = async (spec) => {
    await new Promise<void>((resolve) => accept.mockImplementation(resolve));
    return submit(spec);
  };
  await key("n");
  const first = await screen.findByTestId("submit-dialog");
  await fireEvent.input(within(first).getByTestId("field-command"), { target: { value: "make all" } });
  await fireEvent.click(within(first).getByText("Run task"));
  await waitFor(() => expect(accept.getMockImplementation()).toBeTruthy());
  await fireEvent(first, new Event("cancel"));
  await waitFor(() => expect(screen.queryByTestId("submit-dialog")).toBeNull());
  await choose(id);
  await key("e");
  const second = await screen.findByTestId("submit-dialog");
  const before = (await fake.listTasks({ query: { limit: 0 } })).total;
  accept();
  await waitFor(async () => expect((await fake.listTasks({ query: { limit: 0 } })).total).toBe(before + 1));
  await settled();
  expect(screen.getByTestId("submit-dialog")).toBe(second);
  expect((await fake.getTaskRow({ id }))?.task.status.phase).toBe("pending");
});

test("what waits is held, moved and run now, and says where it waits for another", async () => {
  await open();
  await fake.submitTask(command("wide"));
  const [first, second] = [
    await fake.submitTask(command("wide", { admission: "queue", labels: { name: "first" } })),
    await fake.submitTask(command("wide", { admission: "queue", labels: { name: "second" } })),
  ];
  const why = async (id: string) => {
    const row = await fake.getTaskRow({ id });
    return row?.waiting?.reason === "lane" ? row.waiting.position : row?.waiting?.reason;
  };
  await choose(second);
  const up = new KeyboardEvent("keydown", { key: "ArrowUp", altKey: true, bubbles: true });
  up.getModifierState = () => false; // Here every Alt is an AltGr.
  await fireEvent(document.body, up);
  await waitFor(async () => expect([await why(second), await why(first)]).toEqual([1, 2]));
  await key("h");
  await waitFor(async () => expect(await why(second)).toBe("held"));
  await waitFor(() => expect(screen.getByTestId("task-detail").textContent).toContain("held"));
  await fireEvent.click(screen.getByTestId("release"));
  await waitFor(async () => expect(await why(second)).not.toBe("held"));
  const row = rows().find((row) => row.dataset.taskId === second)!;
  await fireEvent.contextMenu(row, { clientX: 40, clientY: 40 });
  await fireEvent.click(await screen.findByTestId("menu-run-now"));
  await waitFor(async () =>
    expect((await fake.getTaskRow({ id: second }))?.task.status.phase).toBe("running"),
  );
  await fireEvent.contextMenu(row, { clientX: 40, clientY: 40 });
  await fireEvent.click(await screen.findByTestId("menu-suspend"));
  expect(await screen.findByTestId("resume")).toBeTruthy();
});

test("the other button opens our menu on a task, and never the engine's", async () => {
  await open();
  const row = rowOf("running");
  expect(await fireEvent.contextMenu(row, { clientX: 40, clientY: 40 })).toBe(false);
  const menu = await screen.findByRole("menu", { name: "Task" });
  const items = within(menu)
    .getAllByRole("menuitem")
    .map((item) => item.textContent);
  expect(items.join(" ")).toMatch(/Open log.*Edit and rerun.*Duplicate.*Rerun.*Stop.*Kill now.*Delete/);
  await fireEvent.click(within(menu).getByTestId("menu-stop"));
  await waitFor(async () =>
    expect((await fake.getTaskStatus(row.dataset.taskId!))?.status.phase).toBe("canceled"),
  );
  expect(screen.queryByRole("menu")).toBeNull();
  // The keyboard has its place back after a look at the menu.
  const list = screen.getByTestId("task-list");
  list.focus();
  await fireEvent.contextMenu(list);
  await fireEvent.keyDown(await screen.findByTestId("menu-delete"), { key: "Escape" });
  await waitFor(() => expect(document.activeElement).toBe(list));
  // Where there is nothing to do, there is no menu; in a field it is the field's.
  expect(await fireEvent.contextMenu(document.body)).toBe(false);
  expect(screen.queryByRole("menu")).toBeNull();
  expect(await fireEvent.contextMenu(screen.getByTestId("filter"))).toBe(true);
});

test("the menu of a lane pauses it, and its row says so", async () => {
  await open();
  const lane = screen.getByTitle(/^etl: /);
  await fireEvent.contextMenu(lane, { clientX: 20, clientY: 20 });
  await fireEvent.click(await screen.findByTestId("menu-pause"));
  expect(await screen.findByText(/^lane etl is paused; 2nd in line$/)).toBeTruthy();
});

test("a lane of one task is named neither in the list nor in the sidebar", async () => {
  await open();
  const id = await fake.submitTask(command("echo-abck2"));
  await choose(id);
  expect(document.body.textContent).not.toContain("echo-abck2");
});

test("a failure offers what fits it", async () => {
  await open();
  const id = await fake.submitTask(command("echo-abck2", { timeout: 60_000 }));
  fake.setPhase(id, "timeout", { error: "timed out after 1 min" });
  await choose(id);
  await fireEvent.click(await screen.findByText("Rerun with 2 min"));
  const form = await screen.findByTestId("submit-dialog");
  await waitFor(() =>
    expect(within(form).getByLabelText<HTMLInputElement>("Stop an attempt after").value).toBe("2m"),
  );
  await waitFor(() => expect(document.activeElement?.id).toBe("field-timeout"));
});

test("the overview begins with the text of a script", async () => {
  await open();
  const body = btoa("cd /srv\nmake all\n");
  const id = await fake.submitTask({
    slot: "build",
    kind: { subprocess: { mode: { script: { runtime: "bash", body } } } },
  });
  await choose(id);
  await waitFor(() => expect(screen.getByTestId("command-text").textContent).toBe("cd /srv\nmake all"));
});

test("what only waits is canceled, however many they are", async () => {
  await open();
  for (let n = 0; n < 6; n += 1) await fake.submitTask(command("backup", { admission: "queue" }));
  await fireEvent.input(screen.getByTestId("filter"), { target: { value: "state:waiting lane:backup " } });
  await waitFor(() => expect(new Set(rows().map((row) => row.dataset.phase))).toEqual(new Set(["pending"])));
  const many = rows().length;
  expect(many).toBeGreaterThan(5);
  screen.getByTestId("task-list").focus();
  await fireEvent.keyDown(screen.getByTestId("task-list"), { key: "a", ctrlKey: true });
  const bar = within(await screen.findByRole("toolbar", { name: "Selected tasks" }));
  await fireEvent.click(bar.getByRole("button", { name: `Cancel ${many}` }));
  const question = within(await screen.findByTestId("question"));
  expect(question.getByRole("heading").textContent).toBe(`Cancel ${many} tasks?`);
  expect(question.getByTestId("confirm-cancel").textContent).toBe("Keep them");
  const stopped = vi.spyOn(fake, "stopTask");
  await fireEvent.click(question.getByRole("button", { name: `Cancel ${many} tasks` }));
  await waitFor(() => expect(stopped).toHaveBeenCalledTimes(many));
});
