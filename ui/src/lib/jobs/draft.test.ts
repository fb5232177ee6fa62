import { describe, expect, it } from "vitest";
import type { Job, TaskSpec } from "../api/types";
import { draftOf, emptyParameter, emptySchedule, jobOf, localTime, scheduleOf } from "./draft";
import { nameFrom } from "../shared/job-name";

const spec: TaskSpec = { slot: "etl", kind: { wasm: { module: "/m" } } };
const job: Job = {
  name: "nightly-import",
  title: "Nightly import",
  notes: "As it is.\n",
  spec,
  parameters: [
    { name: "date", type: "text", required: true, pattern: "\\d+", default: "1", help: "which" },
    { name: "where", type: "choice", required: false, choices: ["a", "b"] },
    {
      name: "town",
      type: "choice",
      required: false,
      default: "Paris, FR",
      choices: ["Berlin, DE", "Paris, FR"],
    },
    { name: "constructor", type: "text", required: false },
    { name: "__proto__", type: "text", required: false },
  ],
  schedules: [
    {
      id: "a",
      cron: "30 2 * * *",
      zone: "Europe/Berlin",
      missed: "all",
      paused: true,
      parameters: { date: "2", ["__proto__"]: "3" },
    },
    { id: "b", everyMs: 90_000, anchor: 5, missed: "skip", paused: false, jitterMs: 7, from: 1, until: 9 },
    { id: "c", at: 1_800_000_000_000, missed: "latest", paused: false },
    { id: "d", onStart: true, missed: "latest", paused: false },
  ],
};

describe("the draft of a job", () => {
  it("comes back as it was", () => {
    const { job: again, problems } = jobOf(draftOf(job), spec);
    expect(again).toEqual(job);
    expect(problems).toEqual({});
  });

  it("keeps the anchor of an interval only while that is the same", () => {
    const draft = draftOf(job);
    draft.schedules[1]!.every = "2m";
    const changed = jobOf(draft, spec).job.schedules![1]!;
    expect([changed.everyMs, changed.anchor]).toEqual([120_000, undefined]);
  });

  it("says beside which field something is wrong", () => {
    const draft = draftOf(job);
    draft.schedules[1]!.every = "soon";
    draft.schedules[2]!.at = "";
    draft.schedules[3]!.jitter = "-5";
    const { problems } = jobOf(draft, spec);
    expect(Object.keys(problems)).toEqual([
      "schedules[1].everyMs",
      "schedules[2].at",
      "schedules[3].jitterMs",
    ]);
  });

  it("takes the values of a parameter away with it", () => {
    const draft = draftOf(job);
    draft.parameters = draft.parameters.filter(({ name }) => name !== "date");
    draft.parameters.push({ ...emptyParameter(), name: "date" });
    expect(Object.entries(jobOf(draft, spec).job.schedules![0]!.parameters ?? {})).toEqual([
      ["__proto__", "3"],
    ]);
  });

  it("keeps the values of a parameter under its other name, also past the name of another", () => {
    const draft = draftOf(job);
    for (const name of ["", "where", "where-to"]) draft.parameters[0]!.name = name;
    expect(jobOf(draft, spec).job.schedules![0]!.parameters).toMatchObject({ "where-to": "2" });
  });

  it("reads a time as the person's own clock shows it", () => {
    const at = new Date(2026, 10, 29, 2, 30).getTime();
    expect(localTime(at)).toBe("2026-11-29T02:30");
    expect(scheduleOf({ ...emptySchedule(), kind: "at", at: "2026-11-29T02:30" }).schedule?.at).toBe(at);
  });

  it("makes a name of what a person calls it", () => {
    expect(nameFrom("Nächtlicher Import: Läden & Co.")).toBe("nachtlicher-import-laden-co");
    expect(nameFrom("Größe æ Łódź")).toBe("grosse-ae-lodz");
    expect(nameFrom("夜间备份")).toBe("job");
    expect(nameFrom(" ")).toBe("");
    expect(nameFrom(`${"x".repeat(63)} y`)).toBe("x".repeat(63));
    expect(nameFrom("x".repeat(80))).toHaveLength(64);
  });
});
