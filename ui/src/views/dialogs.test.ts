// Dialogs over the main view: their keys are theirs, whatever in them has the focus.
import { cleanup, fireEvent, render, screen, waitFor, within } from "@testing-library/svelte";
import { afterEach, beforeEach, expect, test } from "vitest";
import { useBackend } from "../lib/api";
import { createFakeBackend } from "../lib/api/fake";
import MainView from "./MainView.svelte";

beforeEach(() => Object.defineProperty(window, "innerWidth", { value: 1280, configurable: true }));
afterEach(cleanup);

const rows = () => screen.getAllByTestId("task-row");
const ids = () => rows().map((row) => row.dataset.taskId);
const key = (name: string, more: KeyboardEventInit = {}) =>
  fireEvent.keyDown(document.body, { key: name, ...more });
const click = (testid: string) => fireEvent.click(screen.getByTestId(testid));

test.each<[string, () => Promise<unknown>]>([
  ["Columns", async () => (await click("list-menu"), await click("choose-columns"))],
  ["Save as a view", () => fireEvent.click(screen.getByLabelText("Save as a view"))],
  ["New task", () => key("n")],
  ["Keys", () => key("?")],
  ["Commands", () => key("k", { ctrlKey: true })],
  ["Search all logs", () => key("f", { ctrlKey: true, shiftKey: true })],
])("no key reaches the tasks behind the dialog %s", async (label, open) => {
  useBackend(createFakeBackend({ tasks: 20 }));
  render(MainView);
  await screen.findAllByTestId("task-row");
  await fireEvent.input(screen.getByTestId("filter"), { target: { value: "state:succeeded " } });
  await waitFor(() =>
    expect(new Set(rows().map((row) => row.dataset.phase))).toEqual(new Set(["succeeded"])),
  );
  await fireEvent.click(rows()[0]!);
  await screen.findByTestId("task-detail");
  const before = ids();
  await open();
  const dialog = await screen.findByRole("dialog", { name: label });
  const field = dialog.querySelector("input:not(:disabled)");
  if (field) expect(dialog.querySelector(":focus:not(:disabled)")).not.toBeNull();
  // A button, and no element at all: neither takes letters.
  for (const target of [dialog.querySelector("button") ?? dialog, document.body]) {
    for (const name of ["Delete", "d", "e", "r", "x", "n", "?"]) {
      // Nobody keeps the dialog from it.
      expect(await fireEvent.keyDown(target, { key: name }), name).toBe(true);
    }
    expect(await fireEvent.keyDown(target, { key: "Escape" })).toBe(true);
  }
  expect(screen.getAllByRole("dialog")).toEqual([dialog]);
  expect(ids()).toEqual(before);
  expect(screen.queryByText(/deleted/)).toBeNull();
  await fireEvent(dialog, new Event("cancel"));
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  expect(within(screen.getByTestId("task-detail")).getByRole("heading", { level: 1 })).toBeTruthy();
});

test("when a form is discarded the focus is back where it was opened", async () => {
  useBackend(createFakeBackend({ tasks: 3 }));
  render(MainView);
  await screen.findAllByTestId("task-row");
  await click("open-jobs");
  const opener = await screen.findByTestId("new-job");
  opener.focus();
  await fireEvent.click(opener);
  await fireEvent.input(await screen.findByLabelText("Title"), { target: { value: "Draft" } });
  screen.getByLabelText("Title").focus();
  await fireEvent(screen.getByTestId("job-editor"), new Event("cancel"));
  await fireEvent.click(await screen.findByTestId("confirm"));
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  expect(document.activeElement).toBe(opener);
});

test("the caret stands behind what a form begins with", async () => {
  useBackend(createFakeBackend({ tasks: 20 }));
  render(MainView);
  await screen.findAllByTestId("task-row");
  const row = rows().find(({ dataset }) => dataset.phase === "failed")!;
  await fireEvent.click(row);
  await key("e");
  await screen.findByTestId("submit-dialog");
  const command = await screen.findByTestId<HTMLTextAreaElement>("field-command");
  expect(command.value.length).toBeGreaterThan(0);
  expect(document.activeElement).toBe(command);
  expect(command.selectionStart).toBe(command.value.length);
});
