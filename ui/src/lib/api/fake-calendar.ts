// The days of a calendar of the backend in memory. The rule is the engine's (crates/api, `job_calendar.rs`); here every job has room.
import type { JobCalendar, RunCounts, RunOfDay } from "./types";

export interface FakeRun extends RunOfDay {
  job: string;
}

const TOLD = 3;
const kind = ({ phase }: RunOfDay): keyof RunCounts => {
  if (phase === undefined) return "coming";
  if (phase === "succeeded" || phase === "canceled") return phase;
  return phase === "pending" || phase === "running" ? "unfinished" : "failed";
};

export function fakeCalendar(bounds: readonly number[], runs: readonly FakeRun[]): JobCalendar {
  const none = (): RunCounts => ({ succeeded: 0, failed: 0, canceled: 0, unfinished: 0, coming: 0 });
  const inOrder = runs.toSorted((a, b) => a.at - b.at);
  const days = bounds.slice(1).map((end, n) => {
    const jobs = new Map<string, RunOfDay[]>();
    for (const { job, ...run } of inOrder)
      if (run.at >= bounds[n]! && run.at < end) jobs.set(job, [...(jobs.get(job) ?? []), run]);
    return {
      jobs: [...jobs].map(([job, all]) => {
        const counts = none();
        for (const run of all) counts[kind(run)]++;
        return { job, firstAt: all[0]!.at, counts, runs: all.length > TOLD ? [] : all };
      }),
      moreJobs: 0,
      more: none(),
    };
  });
  return { days };
}
