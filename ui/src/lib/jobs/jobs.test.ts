import { expect, test } from "vitest";
import { createFakeBackend } from "../api/fake";
import { Jobs } from "./jobs.svelte";

test("a job that somebody else has renamed is told of, and takes nothing from the list", async () => {
  const backend = createFakeBackend({ tasks: 60 });
  const { getJob } = backend;
  const reported: unknown[] = [];
  const jobs = new Jobs(backend, (thrown) => reported.push(thrown));
  jobs.chosen = "render-map";
  await jobs.read();
  expect(jobs.shown?.detail.job.name).toBe("render-map");
  await backend.renameJob({ name: "render-map", to: "maps" });
  backend.getJob = async (asked) => {
    if (asked.name === "render-map") throw new Error("job render-map is called maps now");
    return getJob(asked);
  };
  await jobs.read();
  expect(jobs.rows.map(({ name }) => name)).toContain("maps");
  expect([jobs.chosen, jobs.shown, jobs.error]).toEqual([undefined, undefined, undefined]);
  expect(String(reported)).toContain("called maps now");
  // Told once, and not with each change.
  await jobs.read();
  expect(reported).toHaveLength(1);
});
