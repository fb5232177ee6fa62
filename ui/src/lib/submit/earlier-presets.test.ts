import { beforeEach, expect, test } from "vitest";
import { ApiError, type Job, type TaskSpec } from "../api";
import { takeOverPresets } from "./earlier-presets";

const spec: TaskSpec = { slot: "etl", kind: { subprocess: { mode: { command: { command: "make" } } } } };
const keep = (...names: string[]) =>
  localStorage.setItem("solti.presets", JSON.stringify(names.map((name) => ({ name, spec }))));

function engine(refuse: (job: Job) => ApiError | undefined = () => undefined) {
  const saved: Job[] = [];
  const saveJob = async ({ job }: { job: Job }): Promise<Job> => {
    const refusal = refuse(job);
    if (refusal) throw refusal;
    if (saved.some(({ name }) => name === job.name))
      throw new ApiError({ error: "Conflict", message: "there is one" });
    saved.push(job);
    return job;
  };
  return { saved, saveJob };
}

beforeEach(() => localStorage.clear());

test("presets become jobs once, each under a name of its own", async () => {
  keep("Nightly Bäckup", "nightly backup", "✻");
  const { saved, saveJob } = engine();
  expect(await takeOverPresets({ saveJob })).toEqual({ jobs: 3, left: [] });
  expect(saved.map(({ name, title }) => [name, title])).toEqual([
    ["nightly-backup", "Nightly Bäckup"],
    ["nightly-backup-2", "nightly backup"],
    ["job", "✻"],
  ]);
  expect(saved[0]?.spec).toEqual(spec);
  expect(await takeOverPresets({ saveJob })).toEqual({ jobs: 0, left: [] });
});

test("one that cannot be a job is told of once, and is not thrown away", async () => {
  keep("good", "bad");
  const no = new ApiError({ error: "InvalidRequest", field: "job.spec", message: "no parameter x" });
  const { saveJob } = engine((job) => (job.name === "bad" ? no : undefined));
  expect(await takeOverPresets({ saveJob })).toEqual({ jobs: 1, left: ["bad: no parameter x"] });
  expect(await takeOverPresets({ saveJob })).toEqual({ jobs: 0, left: [] });
  expect(JSON.stringify(localStorage)).toContain("bad");
});

test("nothing is lost when the engine cannot be asked", async () => {
  keep("a", "b");
  const gone = new ApiError({ error: "Unavailable", message: "not now" });
  await expect(takeOverPresets({ saveJob: engine(() => gone).saveJob })).rejects.toThrow("not now");
  expect((await takeOverPresets({ saveJob: engine().saveJob })).jobs).toBe(2);
});
