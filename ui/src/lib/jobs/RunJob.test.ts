import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/svelte";
import { afterEach, expect, it, vi } from "vitest";
import { createFakeBackend } from "../api/fake";
import type { Job } from "../api/types";
import RunJob from "./RunJob.svelte";

afterEach(cleanup);

it.each(["toString", "constructor", "__proto__"])(
  "a secret called %s is kept only when that is wanted",
  async (name) => {
    const spec: Job["spec"] = { slot: "j", kind: { subprocess: { mode: { command: { command: "true" } } } } };
    const job: Job = { name: "j", spec, parameters: [{ name, type: "secret", required: true }] };
    const backend = createFakeBackend();
    const keep = vi.spyOn(backend, "keepJobSecret").mockResolvedValue();
    vi.spyOn(backend, "listJobSecrets").mockResolvedValue({ kept: [] });
    const run = vi.fn(async (_: Record<string, string>) => {});
    render(RunJob, { job, backend, run, onclose: () => {} });
    const field = screen.getByLabelText<HTMLInputElement>(name);
    expect(field.value).toBe("");
    const box = await screen.findByLabelText<HTMLInputElement>(/Save it in the keyring/);
    expect(box.checked).toBe(false);
    await fireEvent.input(field, { target: { value: "hush" } });
    await fireEvent.click(screen.getByText("Run now"));
    await waitFor(() => expect(run).toHaveBeenCalled());
    expect(Object.entries(run.mock.lastCall![0])).toEqual([[name, "hush"]]);
    expect(keep).not.toHaveBeenCalled();
    await fireEvent.click(box);
    await fireEvent.click(screen.getByText("Run now"));
    await waitFor(() => expect(keep).toHaveBeenCalledWith({ name: "j", parameter: name, value: "hush" }));
  },
);

it("a choice that a job of an earlier version names twice is offered once", () => {
  const spec: Job["spec"] = { slot: "j", kind: { subprocess: { mode: { command: { command: "true" } } } } };
  const parameter = { name: "where", type: "choice", choices: ["north", "south", "north"] } as const;
  const job: Job = { name: "j", spec, parameters: [{ ...parameter, choices: [...parameter.choices] }] };
  render(RunJob, { job, backend: createFakeBackend(), run: async () => {}, onclose: () => {} });
  const offered = screen.getAllByRole("option", { hidden: true }).map((option) => option.textContent);
  expect(offered.filter((text) => text !== "")).toEqual(["north", "south"]);
});
