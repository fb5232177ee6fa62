import { fireEvent, render, screen, waitFor, within } from "@testing-library/svelte";
import { beforeEach, expect, test, vi } from "vitest";
import { useBackend, type Backend } from "../lib/api";
import { createFakeBackend, type FakeControls } from "../lib/api/fake";
import LogView from "./LogView.svelte";
import MainView from "./MainView.svelte";

let fake: Backend & FakeControls;

async function open() {
  fake = createFakeBackend({ tasks: 20, machines: true });
  useBackend(fake);
  render(MainView);
  await screen.findAllByTestId("task-row");
}
const ids = () => screen.queryAllByTestId("task-row").map((row) => row.dataset.taskId);
const switchTo = async (name: string) => {
  const machine = screen.getAllByTestId("machine").find((item) => item.dataset.machine === name)!;
  await fireEvent.click(machine);
  await waitFor(() => expect(document.title).toBe(`Solti · ${name}`));
  await screen.findAllByTestId("task-row");
};

beforeEach(() => {
  Object.defineProperty(window, "innerWidth", { value: 1280, configurable: true });
});

test("the sidebar turns the window to another machine and back, and nothing of one is shown of the other", async () => {
  await open();
  const here = ids();
  expect(screen.getByTestId("machine-here").getAttribute("aria-current")).toBe("true");
  await fireEvent.click(screen.getAllByTestId("task-row")[0]!);
  await screen.findByTestId("task-detail");

  await switchTo("build-box");
  expect(screen.getByTestId("machines").textContent).toContain("connected");
  expect(ids().filter((id) => here.includes(id))).toEqual([]);
  expect(screen.queryByTestId("task-detail")).toBeNull();
  // What is of this machine only is not shown for another one.
  expect(document.querySelector("footer")?.textContent).not.toContain("logs ");
  await fireEvent.keyDown(document.body, { key: "n" });
  expect((await screen.findByTestId("submit-dialog")).textContent).toContain("New task on build-box");
  await fireEvent.keyDown(screen.getByTestId("submit-dialog"), { key: "Escape" });

  await fireEvent.click(screen.getByTestId("machine-here"));
  await waitFor(() => expect(ids()).toEqual(here));
  expect(document.title).toBe("Solti");
});

test("what waits to be deleted is deleted on its own machine before the window turns", async () => {
  await open();
  const order: string[] = [];
  const remove = fake.deleteTask;
  vi.spyOn(fake, "deleteTask").mockImplementation(async (id) => {
    await remove(id);
    order.push("delete");
  });
  const choose = fake.chooseMachine;
  vi.spyOn(fake, "chooseMachine").mockImplementation(async (name) => {
    order.push("choose");
    await choose(name);
  });
  const row = screen.getAllByTestId("task-row").find(({ dataset }) => dataset.phase === "succeeded")!;
  await fireEvent.click(row);
  await fireEvent.keyDown(document.body, { key: "Delete" });
  await switchTo("lab");
  expect(order).toEqual(["delete", "choose"]);
});

test("a lost machine has a banner, its tasks stand still and pale, and all of it goes when it is back", async () => {
  await open();
  await switchTo("build-box");
  fake.setReach("build-box", { state: "lost", problem: "ssh://build-box cannot be reached: timed out" });
  const banner = await screen.findByTestId("banner-lost");
  expect(banner.textContent).toContain("build-box is not connected.");
  expect(banner.textContent).toContain("cannot be reached: timed out");
  expect(banner.textContent).toMatch(/What you see is from \d+:\d+:\d+/);
  expect(screen.getByTestId("task-list").closest(".stale")).not.toBeNull();
  expect(document.querySelector("footer")?.textContent).toContain("build-box is not connected");

  const tried = vi.spyOn(fake, "chooseMachine");
  await fireEvent.click(screen.getByTestId("try-now"));
  expect(tried).toHaveBeenCalledExactlyOnceWith("build-box");

  const read = vi.spyOn(fake, "listTasks");
  fake.setReach("build-box", { state: "reached" });
  await waitFor(() => expect(screen.queryByTestId("banner-lost")).toBeNull());
  expect(document.querySelector(".stale")).toBeNull();
  // What changed unseen is read.
  await waitFor(() => expect(read).toHaveBeenCalled());
});

test("a machine that is not there when it is chosen shows its tasks once it is", async () => {
  await open();
  const watch = vi.spyOn(fake, "watchTasks").mockRejectedValueOnce(new Error("cannot be reached"));
  const list = vi.spyOn(fake, "listTasks").mockRejectedValueOnce(new Error("cannot be reached"));
  fake.setReach("lab", { state: "lost", problem: "nobody answers" });
  const lab = screen.getAllByTestId("machine").find((item) => item.dataset.machine === "lab")!;
  await fireEvent.click(lab);
  await waitFor(() => expect(screen.getByText("Nothing is known about lab yet.")).toBeTruthy());
  expect(ids()).toEqual([]);
  fake.setReach("lab", { state: "reached" });
  await waitFor(() => expect(ids().length).toBe(8));
  // Subscribed again, too.
  expect(watch).toHaveBeenCalledTimes(2);
  expect(list.mock.calls.length).toBeGreaterThan(1);
});

test("removing the machine that is shown leads back to this one, and the settings stay open", async () => {
  await open();
  const here = ids();
  await switchTo("build-box");
  await fireEvent.click(screen.getByTestId("open-settings"));
  await fireEvent.click(await screen.findByTestId("settings-connections"));
  expect(screen.getByTestId("settings").textContent).toContain("These are the settings of this machine.");
  const connection = screen
    .getAllByTestId("connection")
    .find(({ dataset }) => dataset.machine === "build-box")!;
  await fireEvent.click(within(connection).getByTestId("remove"));
  expect(document.body.textContent).toContain("The window goes back to this machine.");
  await fireEvent.click(await screen.findByTestId("confirm"));
  await waitFor(() => expect(document.title).toBe("Solti"));
  expect((await screen.findAllByTestId("connection")).length).toBe(1);
  await fireEvent.click(screen.getByTestId("close-settings"));
  await waitFor(() => expect(ids()).toEqual(here));
});

test("a log window names its machine, says when it is lost, and reads on when it is back", async () => {
  fake = createFakeBackend({ tasks: 20, machines: true });
  useBackend(fake);
  await fake.chooseMachine("build-box");
  const id = fake.ids()[0]!;
  render(LogView, { task: id, attempt: 1, machine: "build-box" });
  await waitFor(() => expect(document.title).toMatch(/ · build-box$/));
  await waitFor(() => expect(screen.getByTestId("log-extent").textContent).toContain("lines"));

  const read = vi.spyOn(fake, "readLog").mockRejectedValue(new Error("lost"));
  fake.setReach("build-box", { state: "lost", problem: "it is lost" });
  expect((await screen.findByTestId("banner-lost")).textContent).toContain("It is lost.");
  expect(screen.getByTestId("log-status").closest(".stale")).not.toBeNull();
  read.mockRestore();
  fake.setReach("build-box", { state: "reached" });
  await waitFor(() => expect(screen.queryByTestId("banner-lost")).toBeNull());
  expect(screen.queryByText(/Could not read the log/)).toBeNull();
});
