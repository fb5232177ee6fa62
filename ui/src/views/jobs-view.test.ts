import { fireEvent, render, screen, waitFor, within } from "@testing-library/svelte";
import { beforeEach, expect, test } from "vitest";
import { useBackend } from "../lib/api";
import type { Backend } from "../lib/api";
import { createFakeBackend, type FakeControls } from "../lib/api/fake";
import MainView from "./MainView.svelte";

let fake: Backend & FakeControls;

beforeEach(() => {
  localStorage.clear();
  Object.defineProperty(window, "innerWidth", { value: 1280, configurable: true });
});

async function openJobs() {
  fake = createFakeBackend({ tasks: 60 });
  useBackend(fake);
  render(MainView);
  await screen.findAllByTestId("task-row");
  await fireEvent.click(screen.getByTestId("open-jobs"));
  await screen.findAllByTestId("job-row");
}

test("the calendar shows what was and what is to come, and a click opens either", async () => {
  await openJobs();
  const id = await fake.runJob({ name: "backup-photos" });
  fake.setPhase(id, "running");
  fake.setPhase(id, "succeeded", { exitCode: 0 });
  await fireEvent.click(screen.getByTestId("jobs-calendar"));
  await fireEvent.click(screen.getByTestId("calendar-month"));
  await waitFor(() => expect(screen.getAllByTestId("calendar-run").length).toBeGreaterThan(5));
  const days = within(screen.getByTestId("calendar")).getAllByRole("region");
  expect(days.length % 7).toBe(0);
  const coming = screen.getAllByTitle(/^Back up the photos: to be run on/);
  // What is read on it is its name: who speaks to the window says that.
  expect(
    within(screen.getByTestId("calendar")).getAllByRole("button", { name: /^\S+ Back up the photos/ }),
  ).toEqual(expect.arrayContaining(coming));
  await fireEvent.click(coming[0]!);
  await waitFor(() => expect(screen.getByTestId("job-detail").textContent).toContain("backup-photos"));

  // A day of a month has room for a few; one of a week shows all.
  await fireEvent.click(screen.getByTestId("calendar-week"));
  await fireEvent.keyDown(screen.getByTestId("calendar"), { key: "Home" });
  const were = /^Back up the photos: succeeded in/;
  await screen.findAllByTitle(were);
  await fireEvent.keyDown(screen.getByTestId("calendar"), { key: "PageDown" });
  await waitFor(() => expect(screen.queryAllByTitle(were)).toEqual([]));
  await fireEvent.keyDown(screen.getByTestId("calendar"), { key: "Home" });
  await fireEvent.click((await screen.findAllByTitle(were)).at(-1)!);
  await waitFor(() => expect(screen.queryByTestId("calendar")).toBeNull());
  await waitFor(() => expect(screen.getByTestId("task-detail").dataset.taskId).toBe(id));
});

test("a time that came late is told as one that ran, and what was not run as that", async () => {
  await openJobs();
  const read = fake.getJob.bind(fake);
  const due = Date.now() - 60_000;
  fake.getJob = async (args) => {
    const detail = await read(args);
    const firing = { schedule: "daily", at: due, leftOut: 2 };
    return (
      detail && {
        ...detail,
        firings: [
          { ...firing, due, outcome: "started" },
          { ...firing, due: due - 1, outcome: "missed" },
          { ...firing, due: due - 2, outcome: "refused", reason: "the lane is full", leftOut: 0 },
        ],
      }
    );
  };
  await fireEvent.click(screen.getAllByTestId("job-row")[1]!);
  await waitFor(() => expect(screen.getByTestId("job-detail").textContent).toContain("ran, but"));
  const lines = [...screen.getByTestId("job-detail").querySelectorAll(".missed li")].map((line) =>
    line.textContent?.replace(/^.*?\d\d:\d\d:\d\d /, ""),
  );
  expect(lines).toEqual([
    "ran, but not the 2 times before it",
    "not run: Solti was not running, and 2 before it",
    "not run: the lane is full",
  ]);
});

test("Escape closes the job that lies over the list, and then the jobs", async () => {
  Object.defineProperty(window, "innerWidth", { value: 900, configurable: true });
  await openJobs();
  const row = screen.getAllByTestId("job-row")[1]!;
  await fireEvent.click(row);
  await fireEvent.keyDown(await screen.findByTestId("run-job"), { key: "Escape" });
  await waitFor(() => expect(screen.queryByTestId("job-detail")).toBeNull());
  expect(document.activeElement).toBe(row);
  await fireEvent.keyDown(row, { key: "Escape" });
  await waitFor(() => expect(screen.queryByTestId("jobs")).toBeNull());
});

test("Tab leads to one row of the list of jobs, and the arrow keys go on from there", async () => {
  await openJobs();
  const rows = () => screen.getAllByTestId("job-row");
  const stops = () => rows().filter((row) => row.tabIndex === 0);
  expect(stops()).toEqual([rows()[0]]);
  await fireEvent.keyDown(rows()[0]!, { key: "End" });
  await waitFor(() => expect(document.activeElement).toBe(rows().at(-1)));
  await waitFor(() => expect(stops()).toEqual([rows().at(-1)]));
});

test("no picture in the list of jobs is without words", async () => {
  await openJobs();
  const pictures = within(screen.getByRole("list", { name: "Jobs" })).getAllByRole("img", { hidden: true });
  expect(pictures.length).toBeGreaterThan(0);
  expect(pictures.filter((one) => !one.getAttribute("aria-label"))).toEqual([]);
});

test("a job is renamed, and a name that is taken is refused beside the field", async () => {
  await openJobs();
  const row = () => screen.getAllByTestId("job-row").find(({ dataset }) => dataset.job === "render-map")!;
  await fireEvent.click(row());
  await fireEvent.click(await screen.findByTestId("rename-job"));
  const dialog = screen.getByTestId("rename-job-dialog");
  const field = within(dialog).getByLabelText("Name");
  await fireEvent.input(field, { target: { value: "price-feed" } });
  await fireEvent.click(within(dialog).getByRole("button", { name: "Rename job" }));
  await waitFor(() => expect(dialog.textContent).toContain("There is a job price-feed already"));
  await fireEvent.input(field, { target: { value: "maps" } });
  await fireEvent.click(within(dialog).getByRole("button", { name: "Rename job" }));
  await waitFor(() => expect(screen.queryByTestId("rename-job-dialog")).toBeNull());
  await waitFor(() => expect(screen.getByTestId("job-detail").textContent).toContain("maps"));
  expect(screen.getAllByTestId("job-row").map(({ dataset }) => dataset.job)).toContain("maps");
});

test("a job says what it runs, in which lane, and what it is told", async () => {
  await openJobs();
  await fireEvent.click(screen.getByText("Render a map"));
  const facts = within(await screen.findByTestId("job-facts"));
  expect(facts.getByTestId("command-text").textContent).toBe("tiles --region '{{region}}'");
  expect(facts.getByText("Lane").nextElementSibling?.textContent.trim()).toBe("maps · wait in line");
  const told = facts.getByText("Parameters").nextElementSibling?.textContent.replace(/\s+/g, " ");
  expect(told).toContain("region one of north, south · required");
  expect(told).toContain("password a secret · required of the server that has the tiles");
});
