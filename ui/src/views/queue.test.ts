import { fireEvent, render, screen, waitFor, within } from "@testing-library/svelte";
import { beforeEach, expect, test, vi } from "vitest";
import { useBackend } from "../lib/api";
import type { Backend } from "../lib/api";
import { createFakeBackend, type FakeControls } from "../lib/api/fake";
import MainView from "./MainView.svelte";

let fake: Backend & FakeControls;

beforeEach(() => {
  localStorage.clear();
  Object.defineProperty(window, "innerWidth", { value: 1280, configurable: true });
  HTMLElement.prototype.setPointerCapture ??= () => {};
});

async function open() {
  fake = createFakeBackend({ tasks: 14 });
  useBackend(fake);
  render(MainView);
  await screen.findAllByTestId("task-row");
}
async function openQueue() {
  await open();
  await fireEvent.click(screen.getByTestId("open-queue"));
  return waitFor(() => screen.getByRole("region", { name: "lane etl" }));
}
const names = (lane: HTMLElement) =>
  within(lane)
    .getAllByTestId("queued")
    .map((button) => button.textContent);

test("a row that waits says when it will probably start", async () => {
  await open();
  const row = screen.getAllByTestId("task-row").find((one) => one.textContent?.includes("customer import"))!;
  await waitFor(() => expect(row.textContent).toMatch(/starts in .+ min.*1st in lane etl/));
});

test("the queue shows each lane in its order with what is expected, and leads to its tasks", async () => {
  const lane = await openQueue();
  expect(names(lane)).toEqual(["nightly-import", "customer import", "search index"]);
  const [running, first] = within(lane).getAllByRole("listitem");
  expect(running!.textContent).toMatch(/ends in/);
  // What runs has started.
  expect(screen.getByTestId("queue").textContent).not.toMatch(/start not known: it has/);
  expect(first!.textContent).toMatch(/starts in .* ends in/s);
  expect(lane.querySelector("header")!.textContent).toMatch(/1\s+of 1\s+running,\s+2 waiting.*all done in/s);
  await fireEvent.click(within(lane).getByRole("button", { name: "search index" }));
  await waitFor(() => expect(screen.queryByTestId("queue")).toBeNull());
  expect(screen.getByTestId("task-detail").textContent).toContain("search index");
});

test("a task between two attempts keeps its place and does not count as running", async () => {
  await openQueue();
  const lane = screen.getByRole("region", { name: "lane sync-photos" });
  const head = () => lane.querySelector("header")!.textContent!.replaceAll(/\s+/g, " ");
  await waitFor(() => expect(head()).toContain("0 of 1 running, 1 between attempts"));
});

test("Escape ends a drag, and the queue stays", async () => {
  const lane = await openQueue();
  const moves = vi.spyOn(fake, "moveTask");
  const queue = screen.getByTestId("queue");
  const row = within(lane).getByRole("button", { name: "search index" }).closest("li")!;
  await fireEvent.pointerDown(row, { button: 0, clientX: 50, clientY: 100 });
  await fireEvent.pointerMove(queue, { clientX: 50, clientY: 45 });
  expect(names(lane)[1]).toBe("search index");
  await fireEvent.keyDown(document.body, { key: "Escape" });
  expect(screen.getByTestId("queue")).toBeTruthy();
  expect(names(lane)).toEqual(["nightly-import", "customer import", "search index"]);
  await fireEvent.pointerUp(queue, { clientX: 50, clientY: 45 });
  expect(moves).not.toHaveBeenCalled();
  await fireEvent.keyDown(document.body, { key: "?", code: "Slash", shiftKey: true });
  expect(screen.getByRole("dialog").textContent).toContain("Show these keys");
  await fireEvent(screen.getByRole("dialog"), new Event("cancel"));
  await fireEvent.keyDown(document.body, { key: "n" });
  expect(await screen.findByTestId("submit-dialog")).toBeTruthy();
});

test("what waits is dragged to another place, and the others say what that does to them before it is dropped", async () => {
  const lane = await openQueue();
  const moves = vi.spyOn(fake, "moveTask");
  const queue = screen.getByTestId("queue");
  const row = within(lane).getByRole("button", { name: "search index" }).closest("li")!;
  await fireEvent.pointerDown(row, { button: 0, clientX: 50, clientY: 100 });
  await fireEvent.pointerMove(queue, { clientX: 50, clientY: 45 });
  expect(names(lane)).toEqual(["nightly-import", "search index", "customer import"]);
  await waitFor(() => expect(lane.textContent).toMatch(/later/));
  expect(lane.querySelector("ol [title]"), "a tooltip over the rows below").toBeNull();
  expect(moves).not.toHaveBeenCalled();
  await fireEvent.pointerUp(queue, { clientX: 50, clientY: 45 });
  await waitFor(() => expect(moves).toHaveBeenCalledTimes(1));
  await waitFor(() => expect(names(lane)).toEqual(["nightly-import", "search index", "customer import"]));
  expect(document.activeElement?.textContent).toBe("search index");
  // What runs cannot be dragged, and a click is no drag.
  const running = within(lane).getByRole("button", { name: "nightly-import" }).closest("li")!;
  await fireEvent.pointerDown(running, { button: 0, clientX: 50, clientY: 10 });
  await fireEvent.pointerMove(queue, { clientX: 50, clientY: 110 });
  expect(queue.classList.contains("dragging")).toBe(false);
});

test("the click that ends a drag shows no task, and Enter after it does", async () => {
  const lane = await openQueue();
  const queue = screen.getByTestId("queue");
  const button = within(lane).getByRole("button", { name: "search index" });
  await fireEvent.pointerDown(button, { button: 0, clientX: 50, clientY: 100 });
  await fireEvent.pointerMove(queue, { clientX: 50, clientY: 45 });
  await fireEvent.pointerUp(queue, { clientX: 50, clientY: 45 });
  await fireEvent.click(within(lane).getByRole("button", { name: "search index" }), { detail: 1 });
  expect(screen.getByTestId("queue")).toBeTruthy();
  await fireEvent.click(within(lane).getByRole("button", { name: "search index" }), { detail: 0 });
  await waitFor(() => expect(screen.queryByTestId("queue")).toBeNull());
});

test("the keyboard picks up, moves with its effect told, drops and puts back", async () => {
  const lane = await openQueue();
  const moves = vi.spyOn(fake, "moveTask");
  const press = (key: string, more: KeyboardEventInit = {}) =>
    fireEvent.keyDown(within(lane).getByRole("button", { name: "search index" }), { key, ...more });
  const said = () => screen.getByTestId("queue").querySelector("[aria-live]")!.textContent;
  await press(" ");
  expect(said()).toBe("search index picked up");
  await press("ArrowUp");
  await waitFor(() => expect(said()).toMatch(/search index: 1st of 2, starts in/));
  await press("Escape");
  expect(names(lane)).toEqual(["nightly-import", "customer import", "search index"]);
  expect(screen.getByTestId("queue")).toBeTruthy();
  expect(moves).not.toHaveBeenCalled();
  await press(" ");
  await press("ArrowUp");
  await press(" ");
  await waitFor(() => expect(moves).toHaveBeenCalledTimes(1));
  await press("ArrowDown", { altKey: true });
  await waitFor(() => expect(names(lane)).toEqual(["nightly-import", "customer import", "search index"]));
  await fireEvent.keyDown(document.body, { key: "Escape" });
  await waitFor(() => expect(screen.queryByTestId("queue")).toBeNull());
});

test("the line of time says what ran at a moment, and opens its logs as one", async () => {
  await openQueue();
  await fireEvent.click(screen.getByTestId("queue-timeline"));
  const line = await screen.findByTestId("timeline");
  const opened = vi.spyOn(fake, "openMergedWindow").mockResolvedValue();
  await fireEvent.keyDown(line, { key: "Home" });
  await fireEvent.keyDown(line, { key: "ArrowRight", shiftKey: true });
  await waitFor(() => expect(screen.getByTestId("moment").textContent).toMatch(/\d+ tasks ran/));
  expect(within(screen.getByTestId("moment")).getByRole("button", { name: "nightly-import" })).toBeTruthy();
  await fireEvent.keyDown(line, { key: "Enter" });
  expect(opened.mock.calls[0]![0].length).toBeGreaterThan(1);
  await fireEvent.click(within(screen.getByTestId("moment")).getByRole("button", { name: "nightly-import" }));
  await waitFor(() => expect(screen.queryByTestId("timeline")).toBeNull());
});

test("of the tasks in lanes of their own, what runs stands first", async () => {
  await open();
  const kind = { subprocess: { mode: { command: { command: "true" } } } };
  const submit = (name: string) =>
    fake.submitTask({ slot: `${name}-abcd2`, ownLane: true, kind, labels: { name } });
  const ids = [await submit("waits"), await submit("runs")];
  fake.setPhase(ids[1]!, "running");
  await fireEvent.click(screen.getByTestId("open-queue"));
  const own = await screen.findByRole("region", { name: "Tasks in lanes of their own" });
  await waitFor(() => expect(names(own)).toEqual(expect.arrayContaining(["waits", "runs"])));
  const phases = names(own);
  expect(phases.indexOf("runs")).toBeLessThan(phases.indexOf("waits"));
});
