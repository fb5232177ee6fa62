import { fireEvent, render, screen, waitFor, within } from "@testing-library/svelte";
import { beforeEach, expect, test, vi } from "vitest";
import { useBackend } from "../lib/api";
import { createFakeBackend, type FakeControls } from "../lib/api/fake";
import type { Backend } from "../lib/api";
import MainView from "./MainView.svelte";

let fake: Backend & FakeControls;

async function open(tasks = 20) {
  fake = createFakeBackend({ tasks });
  useBackend(fake);
  render(MainView);
  if (tasks > 0) await screen.findAllByTestId("task-row");
}
const rows = () => screen.getAllByTestId("task-row");
const rowOf = (phase: string) => rows().find((row) => row.dataset.phase === phase)!;
const key = (name: string, more: KeyboardEventInit = {}) =>
  fireEvent.keyDown(document.body, { key: name, ...more });
const detailId = () => screen.queryByTestId("task-detail")?.dataset.taskId;

beforeEach(() => {
  Object.defineProperty(window, "innerWidth", { value: 1280, configurable: true });
});

test("only the rows on screen exist, and the list says how many there are", async () => {
  await open(3000);
  expect(rows().length).toBeLessThan(60);
  expect(screen.getByTestId("task-list").getAttribute("aria-rowcount")).toBe("3001");
});

test("keys are those of their places where the keyboard has other letters, and an input method keeps its own", async () => {
  await open();
  const ids = rows().map((row) => row.dataset.taskId);
  await key("о", { code: "KeyJ" });
  await waitFor(() => expect(detailId()).toBe(ids[0]));
  await key("ξ", { code: "KeyJ" });
  await waitFor(() => expect(detailId()).toBe(ids[1]));
  await key("j", { code: "KeyJ", isComposing: true });
  await key("л", { code: "KeyK", ctrlKey: true });
  await screen.findByLabelText("Task, job, lane, setting or command");
  expect(detailId()).toBe(ids[1]);
});

test("a name of other letters is read, and cut, in their direction", async () => {
  await open();
  expect(rows()[0]!.querySelector(".name")?.getAttribute("dir")).toBe("auto");
  await fireEvent.click(rows()[0]!);
  const title = await waitFor(() =>
    within(screen.getByTestId("task-detail")).getByRole("heading", { level: 1 }),
  );
  expect(title.getAttribute("dir")).toBe("auto");
});

test("j and k walk through the list and the detail follows", async () => {
  await open();
  const [first, second] = rows().map((row) => row.dataset.taskId);
  await key("j");
  await waitFor(() => expect(detailId()).toBe(first));
  await key("ArrowDown");
  await waitFor(() => expect(detailId()).toBe(second));
  await key("k");
  await waitFor(() => expect(detailId()).toBe(first));
});

test("letters typed into the filter are text, and the list follows the filter", async () => {
  await open();
  const filter = screen.getByTestId("filter");
  filter.focus();
  await fireEvent.keyDown(filter, { key: "n" });
  expect(screen.queryByTestId("submit-dialog")).toBeNull();
  await fireEvent.input(filter, { target: { value: "state:running" } });
  await waitFor(() => expect(new Set(rows().map((row) => row.dataset.phase))).toEqual(new Set(["running"])));
  await fireEvent.input(filter, { target: { value: "no such task anywhere" } });
  await fireEvent.click(await screen.findByText("Clear the filter"));
  await waitFor(() => expect(rows().length).toBeGreaterThan(5));
});

test("a task that comes while nothing is listed is shown, wherever the pointer was", async () => {
  await open();
  await fireEvent.pointerEnter(screen.getByTestId("task-list"));
  await fireEvent.input(screen.getByTestId("filter"), { target: { value: "zebra" } });
  await screen.findByText(/No task matches/);
  const id = await fake.submitTask({
    slot: "zoo",
    labels: { name: "zebra" },
    kind: { subprocess: { mode: { command: { command: "true" } } } },
  });
  await waitFor(() => expect(screen.getByTestId("task-row").dataset.taskId).toBe(id));
});

test("that a task printed nothing is said only where that is known", async () => {
  await open();
  const { getLogInfo } = fake;
  let answer = () => {};
  fake.getLogInfo = async (asked) => {
    await new Promise<void>((_, reject) => (answer = () => reject(new Error("not there"))));
    return getLogInfo(asked);
  };
  const detail = () => screen.getByTestId("task-detail");
  await fireEvent.click(rowOf("succeeded"));
  await waitFor(() => expect(within(detail()).getByLabelText("How it ended")).toBeTruthy());
  expect(detail().textContent).not.toContain("It printed nothing");
  answer();
  await new Promise((resolve) => setTimeout(resolve));
  expect(detail().textContent).not.toContain("It printed nothing");
  fake.getLogInfo = async (asked) => ({ ...(await getLogInfo(asked)), rows: 0 });
  await fireEvent.click(rows().filter((row) => row.dataset.phase === "succeeded")[1]!);
  await waitFor(() => expect(detail().textContent).toContain("It printed nothing"));
});

test("s stops the running task at once", async () => {
  await open();
  const id = rowOf("running").dataset.taskId!;
  await fireEvent.click(rowOf("running"));
  await key("s");
  await waitFor(async () => expect((await fake.getTaskStatus(id))?.status.phase).toBe("canceled"));
});

test("deleting a finished task needs no question and can be undone", async () => {
  await open();
  const sent = vi.spyOn(fake, "deleteTask");
  const id = rowOf("succeeded").dataset.taskId!;
  await fireEvent.click(rowOf("succeeded"));
  await key("Delete");
  await waitFor(() => expect(rows().map((row) => row.dataset.taskId)).not.toContain(id));
  await fireEvent.click(screen.getByTestId("undo"));
  await waitFor(() => expect(rows().map((row) => row.dataset.taskId)).toContain(id));
  expect(sent).not.toHaveBeenCalled();
});

test("deleting a running task asks, with the focus on Cancel and the verb on the button", async () => {
  await open();
  const sent = vi.spyOn(fake, "deleteTask");
  const id = rowOf("running").dataset.taskId!;
  await fireEvent.click(rowOf("running"));
  await fireEvent.click(within(screen.getByTestId("task-detail")).getByTestId("delete"));
  expect(document.activeElement?.textContent).toBe("Cancel");
  expect(sent).not.toHaveBeenCalled();
  const confirm = screen.getByTestId("confirm");
  expect(confirm.textContent).toBe("Delete task");
  await fireEvent.click(confirm);
  await waitFor(() => expect(sent).toHaveBeenCalledExactlyOnceWith(id));
});

test("several are picked with x, and what is done with them names how many", async () => {
  await open(60);
  await key("End");
  for (let i = 0; i < 6; i++) {
    await key("x");
    await key("k");
  }
  expect(await screen.findByText("6 tasks selected")).toBeTruthy();
  await key("Delete");
  expect(screen.getByTestId("confirm").textContent).toBe("Delete 6 tasks");
});

test("a waiting task says why, a failed one in plain words", async () => {
  await open();
  expect(screen.getByText("2nd in lane etl, behind nightly-import")).toBeTruthy();
  expect(screen.getByText("killed by SIGKILL")).toBeTruthy();
});

test("the first run offers a command, and what is typed there runs", async () => {
  await open(0);
  const field = await screen.findByLabelText("Command");
  await fireEvent.input(field, { target: { value: "echo hello" } });
  await fireEvent.submit(field.closest("form")!);
  expect((await screen.findByTestId("task-row")).textContent).toContain("echo hello");
});

test("what is typed in the first run stays when a task comes from elsewhere, and when it is refused", async () => {
  await open(0);
  const field = await screen.findByLabelText<HTMLInputElement>("Command");
  await fireEvent.input(field, { target: { value: "rsync -a /home /backup" } });
  const spec = {
    slot: "cli",
    labels: { name: "from elsewhere" },
    kind: { subprocess: { mode: { command: { command: "true" } } } },
    admission: "queue",
    ownLane: false,
  } as const;
  await fake.submitTask(spec);
  const show = await screen.findByRole("button", { name: "Show the list" });
  expect([field.isConnected, field.value]).toEqual([true, "rsync -a /home /backup"]);
  const submit = vi.spyOn(fake, "submitTask").mockRejectedValueOnce(new Error("the storage is read-only"));
  await fireEvent.submit(field.closest("form")!);
  await screen.findByText(/storage is read-only/);
  expect(field.value).toBe("rsync -a /home /backup");
  submit.mockRestore();
  await fireEvent.click(show);
  expect((await screen.findByTestId("task-row")).textContent).toContain("from elsewhere");
});

test("the stop menu is walked with the keys, and Escape gives the focus back", async () => {
  await open();
  const row = rowOf("running");
  await fireEvent.click(row);
  const opener = await screen.findByTestId("stop-menu");
  opener.focus();
  await fireEvent.keyDown(opener, { key: "ArrowDown" });
  const [graceful, kill] = await screen.findAllByRole("menuitem");
  // A log that follows its end beside it does not take the menu away.
  await fireEvent.scroll(screen.getByRole("tabpanel"));
  expect(document.activeElement).toBe(graceful);
  await fireEvent.keyDown(graceful!, { key: "ArrowDown" });
  expect(document.activeElement).toBe(kill);
  await fireEvent.keyDown(kill!, { key: "ArrowDown" });
  expect(document.activeElement).toBe(graceful);
  // A letter walks the menu and is no key of the window: nothing is stopped.
  await fireEvent.keyDown(graceful!, { key: "s" });
  expect((await fake.getTaskStatus(row.dataset.taskId!))?.status.phase).toBe("running");
  await fireEvent.keyDown(graceful!, { key: "Escape" });
  expect(screen.queryByRole("menu")).toBeNull();
  expect(document.activeElement).toBe(opener);
});

test("killing from the menu asks, and stops for good", async () => {
  await open();
  const sent = vi.spyOn(fake, "stopTask");
  const id = rowOf("running").dataset.taskId!;
  await fireEvent.click(rowOf("running"));
  await fireEvent.click(await screen.findByTestId("stop-menu"));
  await fireEvent.click(await screen.findByTestId("stop-kill"));
  await fireEvent.click(await screen.findByTestId("confirm"));
  await waitFor(() => expect(sent).toHaveBeenCalledExactlyOnceWith({ id, mode: "kill" }));
});

test("d duplicates into another lane of its own, e keeps the lane", async () => {
  await open();
  const slot = "echo-abcde";
  const id = await fake.submitTask({
    slot,
    kind: { subprocess: { mode: { command: { command: "echo", args: ["hi"] } } } },
  });
  await waitFor(() => expect(rows().map((row) => row.dataset.taskId)).toContain(id));
  await fireEvent.click(rows().find((row) => row.dataset.taskId === id)!);
  await waitFor(() => expect(detailId()).toBe(id));
  fake.setPhase(id, "succeeded", { exitCode: 0 });
  const sent = vi.spyOn(fake, "submitTask");
  const laneTaken = async (title: string) => {
    const dialog = await screen.findByTestId("submit-dialog");
    expect(within(dialog).getByRole("heading").textContent).toBe(title);
    expect(within(dialog).getByTestId<HTMLInputElement>("field-command").value).toBe("echo hi");
    await fireEvent.click(within(dialog).getByTestId("submit"));
    await waitFor(() => expect(screen.queryByTestId("submit-dialog")).toBeNull());
    await fireEvent.click(rows().find((row) => row.dataset.taskId === id)!);
    await waitFor(() => expect(detailId()).toBe(id));
    return sent.mock.lastCall?.[0].slot;
  };
  await key("e");
  expect(await laneTaken("Edit and rerun “echo hi”")).toBe(slot);
  await key("d");
  expect(await laneTaken("Duplicate “echo hi”")).not.toBe(slot);
});

test("a lane takes another capacity and goes on when it is resumed", async () => {
  await open();
  const sent = vi.spyOn(fake, "setLane");
  const setup = screen.getByLabelText("Set up lane etl");
  await fireEvent.click(setup);
  const capacity = await screen.findByTestId<HTMLInputElement>("lane-capacity");
  await fireEvent.keyDown(capacity, { key: "ArrowUp" });
  expect(sent).toHaveBeenLastCalledWith({ slot: "etl", capacity: 2 });
  await fireEvent.change(capacity, { target: { value: "0" } });
  expect(capacity.value).toBe("1");
  await fireEvent.keyDown(capacity, { key: "Escape" });
  expect(screen.queryByTestId("lane-capacity")).toBeNull();
  expect(document.activeElement).toBe(setup);

  const banner = await screen.findByTestId("paused-lanes");
  expect(banner.textContent).toContain("lane backup is paused");
  await fireEvent.click(within(banner).getByText("Resume lane"));
  expect(sent).toHaveBeenLastCalledWith({ slot: "backup", paused: false });
  await waitFor(() => expect(screen.queryByTestId("paused-lanes")).toBeNull());
});

test("two steps of a lane are two before the feed has told of the first", async () => {
  await open();
  // It answers, and tells nothing.
  const sent = vi
    .spyOn(fake, "setLane")
    .mockImplementation(
      async ({ slot, capacity }) => ({ slot, capacity }) as Awaited<ReturnType<Backend["setLane"]>>,
    );
  await fireEvent.click(screen.getByLabelText("Set up lane etl"));
  const more = await screen.findByLabelText("Run one more at a time");
  await fireEvent.click(more);
  await fireEvent.click(more);
  await waitFor(() => expect(sent).toHaveBeenLastCalledWith({ slot: "etl", capacity: 3 }));
  expect(sent).toHaveBeenCalledTimes(2);
});

test("closing while tasks run asks, keeps them by default, and is remembered only where that is ticked", async () => {
  await open();
  const answered = vi.spyOn(fake, "answerClosing");
  fake.askClosing({ running: 2, waiting: 1, leads: "toEnd" });
  expect(await screen.findByText("Close while 2 tasks run?")).toBeTruthy();
  expect(screen.getByText(/1 waiting task starts when you open Solti again/)).toBeTruthy();
  expect(document.activeElement).toBe(screen.getByTestId("close-keep"));
  await fireEvent.click(screen.getByTestId("close-cancel"));
  expect(answered).toHaveBeenLastCalledWith("cancel", false);
  await waitFor(() => expect(screen.queryByTestId("close-dialog")).toBeNull());

  fake.askClosing({ running: 1, waiting: 0, leads: "toEnd" });
  await fireEvent.click(await screen.findByTestId("close-keep"));
  expect(answered).toHaveBeenLastCalledWith("background", false);
  await waitFor(() => expect(screen.queryByTestId("close-dialog")).toBeNull());
  expect((await fake.getSettings()).closing).toBe("ask");

  fake.askClosing({ running: 1, waiting: 0, leads: "toEnd" });
  await fireEvent.click(await screen.findByLabelText("Do this every time"));
  await fireEvent.click(screen.getByTestId("close-keep"));
  expect(answered).toHaveBeenLastCalledWith("background", true);
  await waitFor(async () => expect((await fake.getSettings()).closing).toBe("background"));
});

test("closing into the tray says that waiting tasks start too", async () => {
  await open();
  fake.askClosing({ running: 1, waiting: 2, leads: "toTray" });
  expect(await screen.findByText("Close while 1 task runs?")).toBeTruthy();
  const words =
    "Solti stays in the tray. The task keeps running. 2 waiting tasks start when their turn comes.";
  expect(screen.getByText(words)).toBeTruthy();
  fake.askClosing({ running: 0, waiting: 1, leads: "toTray" });
  expect(await screen.findByText("Close while 1 task waits?")).toBeTruthy();
  expect(screen.getByTestId("close-keep").textContent).toBe("Keep waiting");
  expect(
    screen.getByText(/Solti stays in the tray. 1 waiting task starts when its turn comes./),
  ).toBeTruthy();
});

test("a new task chosen in the tray opens the form, and leaves one that is open alone", async () => {
  await open();
  fake.askForm();
  const command = await screen.findByTestId("field-command");
  await fireEvent.input(command, { target: { value: "make all" } });
  fake.askForm();
  await waitFor(() =>
    expect((screen.getByTestId("field-command") as HTMLInputElement).value).toBe("make all"),
  );
});

test("a database that was replaced is told, with what to look for", async () => {
  fake = createFakeBackend({ tasks: 3 });
  const info = await fake.appInfo();
  fake.appInfo = async () => ({
    ...info,
    recovered: { setAside: "/data/solti.db.damaged-17", backupTakenAt: Date.UTC(2026, 10, 22, 9) },
  });
  useBackend(fake);
  render(MainView);
  const banner = await screen.findByTestId("banner-recovered");
  expect(banner.textContent).toContain("solti.db.damaged-17");
  expect(banner.textContent).toContain("paused");
  await fireEvent.click(within(banner).getByLabelText("Dismiss"));
  expect(screen.queryByTestId("banner-recovered")).toBeNull();
});

test("a window that stayed blank is told, and where to change that", async () => {
  fake = createFakeBackend({ tasks: 3 });
  const info = await fake.appInfo();
  fake.appInfo = async () => ({ ...info, drawing: "safeSinceNow" });
  const forgotten = vi.fn(async () => {});
  fake.useUsualRenderer = forgotten;
  useBackend(fake);
  render(MainView);
  const banner = await screen.findByTestId("banner-blank");
  await fireEvent.click(within(banner).getByText("Show settings"));
  const drawing = await screen.findByTestId("drawing");
  await fireEvent.click(within(drawing).getByRole("button"));
  expect(forgotten).toHaveBeenCalledOnce();
  await waitFor(() => expect(drawing.textContent).toContain("next start uses the graphics card"));
});

test("the detail says once why a task stands still", async () => {
  await open();
  const forecast = vi.spyOn(fake, "forecast");
  const row = rows().find((one) => one.textContent?.includes("home backup"))!;
  await fireEvent.click(row);
  const why = await screen.findByRole("region", { name: "Why it is waiting" });
  const asked = () => forecast.mock.settledResults.filter(({ type }) => type === "fulfilled");
  await waitFor(() => expect(asked().length).toBeGreaterThan(0));
  await new Promise(requestAnimationFrame);
  expect(why.textContent?.match(/lane backup is paused/gi)).toHaveLength(1);
});
