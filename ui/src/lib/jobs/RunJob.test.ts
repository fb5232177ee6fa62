import { cleanup, render, screen } from "@testing-library/svelte";
import { afterEach, expect, it } from "vitest";
import { createFakeBackend } from "../api/fake";
import type { Job } from "../api/types";
import RunJob from "./RunJob.svelte";

afterEach(cleanup);

it("a choice that a job of an earlier version names twice is offered once", () => {
  const spec: Job["spec"] = { slot: "j", kind: { subprocess: { mode: { command: { command: "true" } } } } };
  const parameter = { name: "where", type: "choice", choices: ["north", "south", "north"] } as const;
  const job: Job = { name: "j", spec, parameters: [{ ...parameter, choices: [...parameter.choices] }] };
  render(RunJob, { job, backend: createFakeBackend(), run: async () => {}, onclose: () => {} });
  const offered = screen.getAllByRole("option", { hidden: true }).map((option) => option.textContent);
  expect(offered.filter((text) => text !== "")).toEqual(["north", "south"]);
});
