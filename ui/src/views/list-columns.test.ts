// The head of the list in the main view: sorting, the columns, and what of both is kept.
import { cleanup, createEvent, fireEvent, render, screen, waitFor, within } from "@testing-library/svelte";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { useBackend } from "../lib/api";
import { createFakeBackend } from "../lib/api/fake";
import MainView from "./MainView.svelte";

let fake: ReturnType<typeof createFakeBackend>;
beforeEach(async () => {
  fake = createFakeBackend({ tasks: 0 });
  for (const name of ["beta", "Alpha", "gamma"])
    await fake.submitTask({
      slot: `lane-${name}`,
      labels: { name },
      kind: { subprocess: { mode: { command: { command: name } } } },
    });
});
afterEach(cleanup);

async function open(): Promise<void> {
  useBackend(fake);
  render(MainView);
  await waitFor(() => expect(names()).toHaveLength(3));
}
const names = () =>
  screen.queryAllByTestId("task-row").map((row) => row.querySelector(".name")?.textContent?.trim() ?? "");
const heads = () => screen.getAllByRole("columnheader").map((head) => head.textContent?.trim());
const head = (name: string) => screen.getByRole("columnheader", { name: new RegExp(`^${name}`) });
const click = (name: string) => fireEvent.click(within(head(name)).getByRole("button", { name }));

test("a head sorts, the other way round, and not at all", async () => {
  await open();
  expect(names()).toEqual(["gamma", "Alpha", "beta"]);
  await click("Name");
  await waitFor(() => expect(names()).toEqual(["Alpha", "beta", "gamma"]));
  expect(head("Name").getAttribute("aria-sort")).toBe("ascending");
  await click("Name");
  await waitFor(() => expect(names()).toEqual(["gamma", "beta", "Alpha"]));
  expect(head("Name").getAttribute("aria-sort")).toBe("descending");
  expect(document.querySelector("[data-chip]")?.getAttribute("data-chip")).toBe("sort:-name");
  await click("Name");
  await waitFor(() => expect(names()).toEqual(["gamma", "Alpha", "beta"]));
  expect(head("Name").getAttribute("aria-sort")).toBe("none");
});

test("the heads are one stop of the Tab key, and the arrows go along them", async () => {
  await open();
  const buttons = [...document.querySelectorAll<HTMLElement>("[data-list-head] button")];
  expect(buttons.filter((button) => button.tabIndex === 0)).toHaveLength(1);
  buttons[0]!.focus();
  await fireEvent.keyDown(buttons[0]!, { key: "ArrowRight" });
  expect(document.activeElement).toBe(buttons[1]);
  await fireEvent.keyDown(buttons[1]!, { key: "End" });
  expect(document.activeElement).toBe(screen.getByTestId("list-menu"));
  buttons[1]!.focus();
  const withAlt = createEvent.keyDown(buttons[1]!, { key: "ArrowRight", altKey: true });
  // happy-dom takes Alt for AltGr.
  Object.defineProperty(withAlt, "getModifierState", { value: () => false });
  await fireEvent(buttons[1]!, withAlt);
  await waitFor(() => expect(heads().slice(0, 3)).toEqual(["State", "Activity", "Name"]));
  expect((await fake.readListLayout({})).columns.slice(0, 3)).toEqual(["state", "story", "name"]);
});

test("columns are chosen, and the next window has them and the order", async () => {
  await open();
  await fireEvent.click(screen.getByTestId("list-menu"));
  await fireEvent.click(screen.getByTestId("sort-name"));
  await fireEvent.click(screen.getByTestId("list-menu"));
  await fireEvent.click(screen.getByTestId("choose-columns"));
  const dialog = within(screen.getByTestId("columns-dialog"));
  expect(dialog.getByLabelText<HTMLInputElement>("Name").disabled).toBe(true);
  await fireEvent.click(dialog.getByLabelText("Ended"));
  await fireEvent.click(dialog.getByLabelText("Lane"));
  await fireEvent.click(dialog.getByRole("button", { name: "Move Lane to the left" }));
  await fireEvent.click(dialog.getByRole("button", { name: "Done" }));
  const kept = { columns: ["state", "name", "story", "runs", "lane", "took"], sort: "name" };
  expect(await fake.readListLayout({})).toEqual(kept);
  cleanup();
  await open();
  await waitFor(() => expect(names()).toEqual(["Alpha", "beta", "gamma"]));
  expect(heads()).toEqual(["State", "Name", "Activity", "Runs", "Lane", "Duration"]);
});

test("a view brings its columns", async () => {
  await fake.saveViews({
    views: [{ name: "Codes", filter: "sort:name", columns: ["state", "name", "exit"] }],
  });
  await open();
  await fireEvent.click(await screen.findByTestId("view"));
  await waitFor(() => expect(heads()).toEqual(["State", "Name", "Exit"]));
  expect(names()).toEqual(["Alpha", "beta", "gamma"]);
});

test("only rows that run, in a list that has the column, have their task sampled, and no longer than it is there", async () => {
  const watched = vi.spyOn(fake, "watchUsage");
  const left = vi.fn();
  watched.mockImplementation(async (_, onUsage) => {
    onUsage({ attempt: 1, at: 1, cpuMs: 1, memoryBytes: 1, processes: 1 });
    onUsage({ attempt: 1, at: 2, cpuMs: 2, cpuPercent: 42, memoryBytes: 48_200_000, processes: 1 });
    return left;
  });
  await open();
  const running = () => screen.getAllByTestId("task-row").filter((row) => row.dataset.phase === "running");
  await waitFor(() => expect(running().length).toBeGreaterThan(0));
  expect(watched).not.toHaveBeenCalled();
  await fireEvent.click(screen.getByTestId("list-menu"));
  await fireEvent.click(screen.getByTestId("choose-columns"));
  const usage = within(screen.getByTestId("columns-dialog")).getByLabelText(/^Usage/);
  await fireEvent.click(usage);
  const sparks = await screen.findAllByTestId("usage-spark");
  const runs = running();
  expect(watched.mock.calls.map(([id]) => id).sort()).toEqual(runs.map((row) => row.dataset.taskId).sort());
  expect(sparks[0]?.title).toBe("42 % processor, 48.2 MB memory");
  await fireEvent.click(usage);
  await waitFor(() => expect(left).toHaveBeenCalledTimes(runs.length));
});
