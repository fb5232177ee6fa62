import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Backend } from "../api/backend";
import { createFakeBackend } from "../api/fake";
import type { Job } from "../api/types";
import JobEditor from "./JobEditor.svelte";
import RunJob from "./RunJob.svelte";
import { Jobs } from "./jobs.svelte";

let backend: Backend;
beforeEach(() => {
  backend = createFakeBackend({ tasks: 0 });
});
afterEach(cleanup);

const type = (field: Element, value: string) => fireEvent.input(field, { target: { value } });
const jobNamed = async (name: string): Promise<Job> => (await backend.getJob({ name }))!.job;

describe("the editor of a job", () => {
  const [ask, onclose] = [vi.fn(), vi.fn()];
  const open = (job: Partial<Job> = {}) => {
    vi.clearAllMocks();
    const onsaved = vi.fn();
    const editor = { job, revision: job.revision ?? 0 };
    render(JobEditor, { backend, editor, onsaved, ask, onclose });
    return onsaved;
  };

  it("saves a new job under a name that is made of its title, with what its schedule says", async () => {
    const onsaved = open();
    await type(screen.getByLabelText("Title"), "Say hello");
    await fireEvent.click(screen.getByTestId("add-schedule"));
    await type(screen.getByLabelText("Cron line"), "15 6 * * *");
    await waitFor(() => expect(screen.getByTestId("preview").textContent).toContain("every day at 06:15"));
    expect(screen.getByTestId("preview").querySelectorAll("li")).toHaveLength(5);
    await fireEvent.click(screen.getByTestId("save-job"));
    await waitFor(() => expect(onsaved).toHaveBeenCalled());
    const saved = await jobNamed("say-hello");
    expect([saved.title, saved.schedules?.[0]?.cron]).toEqual(["Say hello", "15 6 * * *"]);
  });

  it("says what is wrong beside the field, and keeps what was written", async () => {
    open();
    await type(screen.getByLabelText("Title"), "Bad");
    await fireEvent.click(screen.getByTestId("add-schedule"));
    await type(screen.getByLabelText("Cron line"), "0 25 * * *");
    await screen.findByText("The hour, at character 3: 25 is not from 0 to 23");
    await fireEvent.click(screen.getByTestId("save-job"));
    expect(screen.getByLabelText<HTMLInputElement>("Cron line").value).toBe("0 25 * * *");
    expect(await backend.getJob({ name: "bad" })).toBeNull();
    await waitFor(() => expect(document.activeElement).toBe(screen.getByLabelText("Cron line")));
  });

  it("finds nothing wrong with a time that is not chosen yet, until it is saved", async () => {
    open({ ...(await jobNamed("old-report")), schedules: [{ id: "once", at: Date.now() + 86_400_000 }] });
    const when = await screen.findByLabelText("When");
    await type(when, "");
    expect(when.getAttribute("aria-invalid")).toBe("false");
    expect(screen.queryByText("Choose a day and a time")).toBeNull();
    await fireEvent.click(screen.getByTestId("save-job"));
    await screen.findByText("Choose a day and a time");
    expect(when.getAttribute("aria-invalid")).toBe("true");
  });

  it("asks before it discards what was typed, and nothing when there is nothing", async () => {
    open();
    await fireEvent.click(screen.getByText("Cancel"));
    expect(onclose).toHaveBeenCalledTimes(1);
    await type(screen.getByLabelText("Title"), "Draft");
    await fireEvent.click(screen.getByText("Cancel"));
    expect(onclose).toHaveBeenCalledTimes(1);
    expect(ask.mock.lastCall?.[0]).toMatchObject({ title: "Discard this job?", verb: "Discard" });
    ask.mock.lastCall?.[0].act();
    expect(onclose).toHaveBeenCalledTimes(2);
  });

  it("puts a schedule off by a random time, and keeps it between two moments", async () => {
    const onsaved = open();
    await type(screen.getByLabelText("Title"), "Say hello");
    await fireEvent.click(screen.getByTestId("add-schedule"));
    expect(screen.queryByTestId("limits")).toBeNull();
    await fireEvent.click(screen.getByText("Limit to dates…"));
    await type(screen.getByLabelText("Put off by up to"), "soon");
    await screen.findByText("Put off by up to: enter a duration such as 30s or 10m");
    await type(screen.getByLabelText("Put off by up to"), "10m");
    await type(screen.getByLabelText("Not before"), "2027-01-01T00:00");
    await type(screen.getByLabelText("Not after"), "2027-12-31T23:59");
    await fireEvent.click(screen.getByTestId("save-job"));
    await waitFor(() => expect(onsaved).toHaveBeenCalled());
    expect((await jobNamed("say-hello")).schedules?.[0]).toMatchObject({
      jitterMs: 600_000,
      from: new Date(2027, 0, 1).getTime(),
      until: new Date(2027, 11, 31, 23, 59).getTime(),
    });
  });

  it("keeps the values of a schedule under the other name of their parameter, and choices with commas", async () => {
    const job = await jobNamed("render-map");
    await backend.saveJob({
      job: {
        ...job,
        parameters: [
          { name: "day", type: "text", required: true },
          { name: "town", type: "choice", required: false, choices: ["Berlin, DE", "Paris, FR"] },
          { name: "constructor", type: "text", required: false },
        ],
        schedules: [{ cron: "0 5 * * *", parameters: { day: "monday" } }],
      },
    });
    const onsaved = open(await jobNamed("render-map"));
    expect(screen.getByLabelText<HTMLInputElement>("constructor").value).toBe("");
    // Letter by letter, past the name of another one.
    for (const name of ["town", "weekday"]) await type(screen.getByLabelText("Name of parameter 1"), name);
    expect(screen.getByLabelText<HTMLInputElement>("weekday").value).toBe("monday");
    await fireEvent.click(screen.getByTestId("save-job"));
    await waitFor(() => expect(onsaved).toHaveBeenCalled());
    const { parameters, schedules } = await jobNamed("render-map");
    expect(parameters?.[1]?.choices).toEqual(["Berlin, DE", "Paris, FR"]);
    expect(schedules?.[0]?.parameters).toEqual({ weekday: "monday" });
  });

  it("does not save over what somebody else has saved meanwhile", async () => {
    const job = await jobNamed("nightly-import");
    await backend.saveJob({ job: { ...job, notes: "theirs" } });
    const onsaved = open(job);
    await fireEvent.click(screen.getByTestId("save-job"));
    await screen.findByText(/is at revision 2 now/);
    expect(onsaved).not.toHaveBeenCalled();
    expect((await jobNamed("nightly-import")).notes).toBe("theirs");
  });
});

describe("the fields of a run", () => {
  it("begin with the defaults and say which value is missing", async () => {
    const job = await jobNamed("render-map");
    const run = vi.fn((parameters: Record<string, string>) =>
      backend.runJob({ name: job.name, parameters }).then(() => {}),
    );
    render(RunJob, { job, backend, run, onclose: () => {} });
    await fireEvent.click(screen.getByText("Run now"));
    await screen.findByText("Is required");
    await fireEvent.change(screen.getByLabelText("region"), { target: { value: "south" } });
    await type(screen.getByLabelText("password"), "hush");
    await fireEvent.click(screen.getByText("Run now"));
    await waitFor(() => expect(run).toHaveBeenLastCalledWith({ region: "south", password: "hush" }));
    const { rows } = await backend.jobHistory({ name: job.name });
    expect(rows[0]?.task.spec.command).toContain("south");
  });

  it("do not show a secret, keep it when that is wanted, and forget it again", async () => {
    const job = await jobNamed("render-map");
    const run = vi.fn(async () => {});
    render(RunJob, { job, backend, run, onclose: () => {} });
    const field = screen.getByLabelText<HTMLInputElement>("password");
    expect(field.type).toBe("password");
    await type(field, "hush");
    await fireEvent.click(screen.getByLabelText(/Save it in the keyring/));
    await fireEvent.click(screen.getByText("Run now"));
    await waitFor(() => expect(run).toHaveBeenCalled());
    expect((await backend.listJobSecrets({ name: job.name })).kept).toEqual(["password"]);
    cleanup();
    render(RunJob, { job, backend, run, onclose: () => {} });
    await fireEvent.click(await screen.findByText("Forget it"));
    await screen.findByLabelText(/Save it in the keyring/);
    expect((await backend.listJobSecrets({ name: job.name })).kept).toEqual([]);
  });

  it("say why a secret cannot be kept, and run nothing where it was to be", async () => {
    const job = await jobNamed("render-map");
    const run = vi.fn(async () => {});
    const whyNot = "there is no keyring";
    const without = { ...backend, listJobSecrets: async () => ({ kept: [], whyNot }) };
    render(RunJob, { job, backend: without, run, onclose: () => {} });
    await screen.findByText("It cannot be saved: there is no keyring.");
    cleanup();
    const keepJobSecret = () => Promise.reject(new Error("nobody unlocked it"));
    render(RunJob, { job, backend: { ...backend, keepJobSecret }, run, onclose: () => {} });
    await type(screen.getByLabelText("password"), "hush");
    await fireEvent.click(screen.getByLabelText(/Save it in the keyring/));
    await fireEvent.click(screen.getByText("Run now"));
    await screen.findByText("Nobody unlocked it");
    expect(run).not.toHaveBeenCalled();
  });
});

describe("the jobs of the window", () => {
  it("are read again whenever something about them changes", async () => {
    const jobs = new Jobs(backend, (thrown) => expect(thrown).toBeUndefined());
    const stop = jobs.follow();
    await waitFor(() => expect(jobs.rows.map(({ name }) => name)).toContain("nightly-import"));
    jobs.choose("nightly-import");
    await waitFor(() => expect(jobs.shown?.detail.job.revision).toBe(1));
    jobs.pause(jobs.shown!.detail.job, true);
    await waitFor(() => expect(jobs.shown?.detail.schedules[0]?.nextAt).toBeUndefined());
    jobs.restore("nightly-import", 1);
    await waitFor(() => expect(jobs.shown?.detail.job.schedules?.[0]?.paused).toBeFalsy());
    expect(jobs.shown?.revisions.map(({ revision }) => revision)).toEqual([3, 2, 1]);
    await backend.deleteJob({ name: "nightly-import" });
    await waitFor(() => expect(jobs.chosen).toBeUndefined());
    stop();
  });
});
