import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/svelte";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { useBackend, type Backend, type Job, type TaskSpec } from "../api";
import { createFakeBackend } from "../api/fake";
import SubmitForm from "./SubmitForm.svelte";

const command = (program: string): TaskSpec => ({
  slot: "etl",
  kind: { subprocess: { mode: { command: { command: program } } } },
});
const submitTask = vi.fn(async (_: TaskSpec) => "id-1");
const onjobs = vi.fn();
let engine: Backend;

const field = (id: string): HTMLInputElement => screen.getByTestId(id);
const type = (id: string, value: string) => fireEvent.input(field(id), { target: { value } });
const menu = async (item: string) => {
  await fireEvent.click(screen.getByTestId("jobs-menu"));
  await fireEvent.click(await screen.findByTestId(item));
};
const open = () =>
  render(SubmitForm, { title: "New task", onjobs, onsubmitted: () => {}, oncancel: () => {} });
const keep = (job: Job) => engine.saveJob({ job });

beforeEach(() => {
  submitTask.mockClear();
  engine = { ...createFakeBackend({ tasks: 0 }), validateSpec: async () => {}, submitTask };
  useBackend(engine);
});
afterEach(cleanup);

it("saves what the form says as a job and begins from it, with another lane of its own, and runs nothing", async () => {
  open();
  await type("field-command", "make all");
  await menu("save-job");
  await type("job-name", "Build all");
  await fireEvent.submit(field("job-name").closest("form")!);
  await waitFor(() => expect(screen.queryByTestId("job-name")).toBeNull());
  const lane = (await engine.getJob({ name: "build-all" }))?.job.spec.slot;
  await type("field-command", "something else");
  await menu("job:build-all");
  await waitFor(() => expect(field("field-command").value).toBe("make all"));
  expect(submitTask).not.toHaveBeenCalled();
  await fireEvent.click(screen.getByTestId("submit"));
  await waitFor(() => expect(submitTask).toHaveBeenCalledTimes(1));
  const sent = submitTask.mock.calls[0]![0];
  expect(sent.slot).toMatch(/^make-[a-z0-9]{5}$/);
  expect(sent.slot).not.toBe(lane);
  expect(sent.ownLane).toBe(true);
});

it("gives back what a job took the place of, also a text that was not whole", async () => {
  await keep({ name: "build", spec: command("make") });
  open();
  await fireEvent.click(screen.getByRole("tab", { name: "JSON" }));
  await waitFor(() => field("field-json"));
  await type("field-json", '{ "slot": ');
  await menu("job:build");
  await waitFor(() => expect(field("field-command").value).toBe("make"));
  await fireEvent.click(screen.getByText("Undo"));
  expect(field("field-json").value).toBe('{ "slot": ');
});

it("shows the variables of what is filled in, also as text", async () => {
  const mode = { command: { command: "make" } };
  const env = [{ key: "FROM_JOB", value: "1" }];
  await keep({ name: "build", spec: { slot: "etl", kind: { subprocess: { mode, env } } } });
  open();
  await fireEvent.click(screen.getByText("Environment"));
  await fireEvent.click(screen.getByText("Edit as text"));
  await type("env-text", "MINE=2\n");
  expect(field("env-text").value).toBe("MINE=2\n");
  await menu("job:build");
  await waitFor(() => expect(field("env-text").value).toBe("FROM_JOB=1"));
  await type("env-text", "FROM_JOB=1\nMORE=3");
  await fireEvent.click(screen.getByText("Undo"));
  await waitFor(() => expect(field("env-text").value.trim()).toBe("MINE=2"));
});

it("asks before it saves over a job, whose schedules stay", async () => {
  await keep({ name: "build", title: "Build", spec: command("make"), schedules: [{ cron: "@daily" }] });
  open();
  await type("field-command", "make faster");
  await menu("save-job");
  await type("job-name", "Build");
  await fireEvent.click(screen.getByTestId("job-save"));
  await waitFor(() => expect(screen.getByTestId("job-save").textContent).toBe("Replace"));
  expect(JSON.stringify((await engine.getJob({ name: "build" }))?.job.spec)).not.toContain("faster");
  await fireEvent.click(screen.getByTestId("job-save"));
  await waitFor(() => expect(screen.queryByTestId("job-name")).toBeNull());
  const job = (await engine.getJob({ name: "build" }))?.job;
  expect(JSON.stringify(job?.spec)).toContain("faster");
  expect(job?.schedules).toHaveLength(1);
});

it("makes no job of what is not whole: the form says what is wrong", async () => {
  open();
  await fireEvent.click(screen.getByRole("tab", { name: "JSON" }));
  await waitFor(() => field("field-json"));
  await type("field-json", '{\n"slot": 5}');
  await menu("save-job");
  await type("job-name", "x");
  await fireEvent.click(screen.getByTestId("job-save"));
  expect((await screen.findByTestId("job-said")).textContent).toContain("fix what is marked");
  expect(screen.getByTestId("error-json").textContent).toContain("Line 2");
});

it("closes the row with Escape without closing the form, and leads to all jobs", async () => {
  open();
  await menu("save-job");
  const escape = new KeyboardEvent("keydown", { key: "Escape", bubbles: true, cancelable: true });
  field("job-name").dispatchEvent(escape);
  expect(escape.defaultPrevented).toBe(true);
  await waitFor(() => expect(screen.queryByTestId("job-name")).toBeNull());
  await menu("all-jobs");
  expect(onjobs).toHaveBeenCalled();
});
