// The filter bar, the views in the sidebar and what is done with all that match, in the main view.
import { cleanup, fireEvent, render, screen, waitFor, within } from "@testing-library/svelte";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { useBackend, type Backend } from "../lib/api";
import { createFakeBackend } from "../lib/api/fake";
import MainView from "./MainView.svelte";

let fake: ReturnType<typeof createFakeBackend>;
beforeEach(async () => {
  fake = createFakeBackend({ tasks: 0 });
  for (const [slot, name] of [
    ["etl", "import"],
    ["etl", "export"],
    ["web", "serve"],
  ] as const)
    await fake.submitTask({
      slot,
      labels: { name, team: "data" },
      kind: { subprocess: { mode: { command: { command: name } } } },
      admission: "queue",
      ownLane: false,
    });
});
afterEach(cleanup);

async function open(backend: Backend = fake): Promise<void> {
  useBackend(backend);
  render(MainView);
  await waitFor(() => expect(names()).toHaveLength(3));
}
const field = (): HTMLInputElement => screen.getByTestId("filter");
const names = () =>
  screen.queryAllByTestId("task-row").map((row) => row.querySelector(".name")?.textContent?.trim() ?? "");
const chips = () =>
  [...document.querySelectorAll<HTMLElement>("[data-chip]")].map((chip) => chip.dataset.chip);
const offered = () =>
  [...document.querySelectorAll("li[role=option]")].map((one) =>
    one.textContent?.replaceAll(/\s+/g, " ").trim(),
  );
async function write(text: string): Promise<void> {
  field().focus();
  field().value = text;
  field().setSelectionRange(text.length, text.length);
  await fireEvent.input(field());
}
const press = (key: string) => fireEvent.keyDown(field(), { key });

test("a token becomes a chip once something follows it, and is taken up again by Backspace", async () => {
  await open();
  await write("lane:etl ");
  await waitFor(() => expect(names()).toHaveLength(2));
  expect([chips(), field().value]).toEqual([["lane:etl"], ""]);
  await write("exp");
  await waitFor(() => expect(names()).toEqual(["export"]));
  field().setSelectionRange(0, 0);
  await press("Backspace");
  await waitFor(() => expect([chips(), field().value]).toEqual([[], "lane:etl exp"]));
});

test("a condition that is ignored is named, with what else is offered", async () => {
  await open();
  await write("took>abc ");
  await waitFor(() => expect(chips()).toEqual(["took>abc"]));
  await write("l");
  await waitFor(() => expect(offered().length).toBeGreaterThan(0));
  expect(screen.getByText(/is ignored: a time like/)).toBeTruthy();
  expect(document.querySelector(".found")?.textContent).toMatch(/1 condition ignored/);
});

test("a chip that is turned into another that is there becomes one with it", async () => {
  await open();
  await write("lane:etl -lane:etl ");
  await waitFor(() => expect(chips()).toEqual(["lane:etl", "-lane:etl"]));
  await fireEvent.click(screen.getByRole("button", { name: "lane:etl" }));
  await waitFor(() => expect(chips()).toEqual(["-lane:etl"]));
  await waitFor(() => expect(names()).toEqual(["serve"]));
});

test("a token that is in the field and a chip is one chip after a click elsewhere", async () => {
  await open();
  await write("lane:etl ");
  await write("lane:etl");
  await fireEvent.click(document.querySelector<HTMLElement>("[data-list-head] [data-column=name]")!);
  await waitFor(() => expect(chips().filter((chip) => chip === "lane:etl")).toHaveLength(1));
});

test("a chip is turned round and removed", async () => {
  await open();
  await write("lane:etl ");
  await fireEvent.click(await screen.findByRole("button", { name: "lane:etl" }));
  await waitFor(() => expect(names()).toEqual(["serve"]));
  expect(screen.getByRole("button", { name: "not lane:etl" })).toBeTruthy();
  await fireEvent.click(screen.getByRole("button", { name: "Remove -lane:etl" }));
  await waitFor(() => expect(names()).toHaveLength(3));
  expect(document.activeElement).toBe(field());
});

test("kinds and values are offered, with how many there are", async () => {
  await open();
  await write("-la");
  await waitFor(() => expect(offered().map((one) => one?.split(" ")[0])).toEqual(["-lane:", "-label:"]));
  await press("ArrowDown");
  await press("ArrowDown");
  await press("Enter");
  await waitFor(() => expect(offered()).toEqual(["-label:team=data 3 tasks"]));
  await fireEvent.click(screen.getByText("-label:team=data"));
  await waitFor(() => expect(chips()).toEqual(["-label:team=data"]));
  await waitFor(() => expect(names()).toHaveLength(0));
});

test("a filter is kept as a view, shown in the sidebar and removed after a question", async () => {
  await open();
  await write("lane:etl -import");
  await waitFor(() => expect(names()).toEqual(["export"]));
  await fireEvent.click(screen.getByTestId("save-view"));
  await fireEvent.input(screen.getByTestId("view-name"), { target: { value: "No imports" } });
  await fireEvent.click(screen.getByTestId("view-save"));
  await waitFor(() => expect(screen.queryByTestId("view-dialog")).toBeNull());
  expect(await fake.readViews({})).toEqual([{ name: "No imports", filter: "lane:etl -import" }]);
  await fireEvent.click(screen.getByLabelText("Clear the filter"));
  await waitFor(() => expect(names()).toHaveLength(3));
  await fireEvent.click(screen.getByTestId("view"));
  await waitFor(() => expect(names()).toEqual(["export"]));
  expect(chips()).toEqual(["lane:etl"]);
  await fireEvent.click(screen.getByLabelText("Remove the view No imports"));
  await fireEvent.click(await screen.findByRole("button", { name: "Remove view" }));
  await waitFor(() => expect(screen.queryByTestId("view")).toBeNull());
});

test("all that match are deleted, also what is not loaded, after a question with their number", async () => {
  // As of a list of which two rows are loaded, and the next page is on its way.
  const short: Backend = {
    ...fake,
    listTasks: ({ query }) =>
      query.limit === 500
        ? fake.listTasks({ query })
        : query.cursor == null
          ? fake.listTasks({ query: { ...query, limit: Math.min(2, query.limit ?? 2) } })
          : new Promise(() => {}),
  };
  useBackend(short);
  render(MainView);
  await waitFor(() => expect(names()).toHaveLength(2));
  screen.getByTestId("task-list").focus();
  await fireEvent.keyDown(screen.getByTestId("task-list"), { key: "a", ctrlKey: true });
  await fireEvent.click(await screen.findByTestId("all-matching"));
  await fireEvent.click(screen.getByTestId("delete-all"));
  const question = await screen.findByTestId("question");
  expect(question.textContent).toContain("Delete 3 tasks?");
  expect(question.textContent).toContain(
    "This applies to every task in the list, including those not loaded yet.",
  );
  expect(question.textContent).toContain("without Undo");
  const deleted = vi.spyOn(short, "deleteTask");
  await fireEvent.click(within(question).getByRole("button", { name: "Delete 3 tasks" }));
  await screen.findByText("3 tasks deleted");
  expect(deleted).toHaveBeenCalledTimes(3);
  expect((await fake.listTasks({ query: {} })).total).toBe(0);
});
