// Saved jobs of the backend in memory. Its schedules know days and intervals alone: enough to look at; what a cron line really means
// is the engine's to say.
import { isFinished } from "../shared/phase";
import type { Backend } from "./backend";
import { ApiError } from "./errors";
import { fakeCalendar } from "./fake-calendar";
import { command } from "./fake-data";
import type {
  Firing,
  Job,
  JobDetail,
  JobRevision,
  JobRun,
  JobStats,
  Schedule,
  TaskRow,
  TaskSpec,
} from "./types";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

type JobMethods = Pick<
  Backend,
  | "listJobs"
  | "getJob"
  | "saveJob"
  | "deleteJob"
  | "renameJob"
  | "runJob"
  | "listJobSecrets"
  | "keepJobSecret"
  | "forgetJobSecret"
  | "jobHistory"
  | "jobRevisions"
  | "previewSchedule"
  | "skipNext"
  | "upcoming"
  | "jobDays"
  | "watchJobs"
>;

interface Tasks {
  submit(spec: TaskSpec): Promise<string>;
  rows(): { row: TaskRow; spec: TaskSpec }[];
}

interface Saved {
  job: Job;
  revisions: (JobRevision & { job: Job })[];
  skipped: number;
  firings: Firing[];
}

const copy = <T>(value: T): T => structuredClone(value);
const invalid = (field: string, message: string) => new ApiError({ error: "InvalidRequest", field, message });

/** The next times of a schedule after a moment. */
function times(schedule: Schedule, after: number, count: number): number[] {
  if (schedule.at !== undefined) return schedule.at > after ? [schedule.at] : [];
  if (schedule.onStart) return [];
  if (schedule.everyMs !== undefined) {
    const anchor = schedule.anchor ?? after;
    const first =
      anchor + Math.max(0, Math.floor((after - anchor) / schedule.everyMs) + 1) * schedule.everyMs;
    return Array.from({ length: count }, (_, n) => first + n * schedule.everyMs!);
  }
  const [minute = "0", hour = "0", , , weekdays = "*"] = (schedule.cron ?? "@daily").split(/\s+/);
  const day = new Date(after);
  day.setHours(Number(hour) || 0, Number(minute) || 0, 0, 0);
  const found: number[] = [];
  for (let at = day.getTime(); found.length < count; at += DAY) {
    const weekend = [0, 6].includes(new Date(at).getDay());
    if (at > after && !(weekdays === "mon-fri" && weekend)) found.push(at);
  }
  return found;
}

function words(schedule: Schedule): string {
  const zone = schedule.zone === undefined || schedule.zone === "local" ? "local time" : schedule.zone;
  if (schedule.everyMs !== undefined) return `every ${schedule.everyMs / MINUTE} minutes`;
  if (schedule.at !== undefined) return `once, on ${new Date(schedule.at).toLocaleString("en-GB")}`;
  if (schedule.onStart) return "whenever Solti's engine starts";
  const [minute = "0", hour = "0", , , weekdays = "*"] = (schedule.cron ?? "").split(/\s+/);
  if (!/^\d+$/.test(minute) || !/^\d+$/.test(hour)) return `${schedule.cron}, ${zone}`;
  const days = weekdays === "mon-fri" ? "every weekday" : "every day";
  return `${days} at ${hour.padStart(2, "0")}:${minute.padStart(2, "0")}, ${zone}`;
}

function check(schedule: Schedule, field: string): void {
  const given = [schedule.cron, schedule.everyMs, schedule.at, schedule.onStart || undefined];
  if (given.filter((one) => one !== undefined).length !== 1)
    throw invalid(field.replace(/\.$/, ""), "must have exactly one of cron, everyMs, at and onStart");
  if (schedule.cron === undefined || schedule.cron.startsWith("@")) return;
  const fields = schedule.cron.trim().split(/\s+/);
  if (fields.length !== 5)
    throw invalid(`${field}cron`, `a cron line has five fields, this one has ${fields.length}`);
  if (Number(fields[1]) > 23)
    throw invalid(`${field}cron`, `the hour, at character 3: ${fields[1]} is not from 0 to 23`);
}

function statsOf(runs: JobRun[]): JobStats {
  const over = runs.filter(({ phase }) => phase !== "pending" && phase !== "running").slice(0, 100);
  const took = over
    .filter(({ phase }) => phase !== "canceled" && phase !== "timeout")
    .flatMap(({ durationMs }) => durationMs ?? [])
    .sort((a, b) => a - b);
  const part = (of: number) => took[Math.max(0, Math.ceil(took.length * of) - 1)];
  return {
    runs: over.length,
    succeeded: over.filter(({ phase }) => phase === "succeeded").length,
    ...(took.length ? { medianMs: part(0.5), p95Ms: part(0.95) } : {}),
    lastGood: over.find(({ phase }) => phase === "succeeded")?.task,
    lastFailed: over.find(({ phase }) => phase === "failed")?.task,
  };
}

function samples(now: number): Job[] {
  const made = { createdAt: now - 90 * DAY, updatedAt: now - 3 * DAY };
  const job = (name: string, title: string, spec: TaskSpec, more: Partial<Job>): Job => ({
    name,
    title,
    revision: 1,
    spec,
    parameters: [],
    schedules: [],
    ...made,
    ...more,
  });
  return [
    job("nightly-import", "Nightly import", command("/opt/import --date {{date}}", "etl"), {
      notes: "Takes the orders of the day before over from the shop.\nAsk Rosa before changing the time.",
      parameters: [
        {
          name: "date",
          type: "text",
          required: true,
          default: "yesterday",
          pattern: "\\d{4}-\\d{2}-\\d{2}",
          help: "the day to import",
        },
        { name: "dry-run", type: "boolean", default: "false", help: "write nothing" },
      ],
      schedules: [{ id: "night", cron: "30 2 * * mon-fri", zone: "Europe/Berlin", missed: "latest" }],
    }),
    job("backup-photos", "Back up the photos", command("restic backup /home/me/photos", "backup"), {
      schedules: [{ id: "evening", cron: "15 21 * * *", zone: "local", missed: "latest" }],
    }),
    job("price-feed", "Price feed", command("./feed.sh", "etl"), {
      schedules: [{ id: "often", everyMs: 10 * MINUTE, anchor: now - DAY, missed: "skip" }],
    }),
    job("render-map", "Render a map", command("tiles --region {{region}}", "maps"), {
      parameters: [
        { name: "region", type: "choice", choices: ["north", "south"], required: true },
        { name: "password", type: "secret", required: true, help: "of the server that has the tiles" },
      ],
    }),
    job(
      "old-report",
      "Weekly report of the old shop, until it is switched off",
      command("./report.sh", "ci"),
      {
        schedules: [{ id: "weekly", cron: "0 7 * * *", zone: "Europe/Berlin", paused: true }],
      },
    ),
  ];
}

/** Some of the tasks that are there from the start are of these jobs. */
export function fakeJobOf({ labels }: TaskSpec): Pick<TaskSpec, "job" | "jobRevision"> {
  const job = { shop: "nightly-import", price: "price-feed" }[labels?.name?.split(" ")[0] ?? ""];
  return job === undefined ? {} : { job, jobRevision: 1 };
}

export function createFakeJobs(tasks: Tasks): JobMethods {
  const now = Date.now();
  const jobs = new Map<string, Saved>();
  const watchers = new Set<() => void>();
  /** Secrets that are kept, by job and parameter. */
  const kept = new Set<string>();
  const changed = () => watchers.forEach((told) => told());
  const keep = (job: Job, changedFields: string[]) => {
    const saved = jobs.get(job.name) ?? { job, revisions: [], skipped: 0, firings: [] };
    saved.job = job;
    saved.revisions.unshift({
      revision: job.revision!,
      savedAt: job.updatedAt!,
      changed: changedFields,
      job,
    });
    jobs.set(job.name, saved);
  };
  for (const job of samples(now)) keep(job, []);

  const find = (name: string): Saved => {
    const saved = jobs.get(name);
    if (!saved) throw invalid("name", `there is no job ${name}`);
    return saved;
  };
  const rowsOf = (name: string): TaskRow[] =>
    tasks
      .rows()
      .filter(({ spec }) => spec.job === name)
      .map(({ row }) => row)
      .sort((a, b) => (a.task.metadata.id < b.task.metadata.id ? 1 : -1));
  const runsOf = (name: string): JobRun[] =>
    rowsOf(name).map(({ task, recentRuns }) => ({
      task: task.metadata.id,
      phase: task.status.phase,
      createdAt: task.metadata.createdAt,
      durationMs: isFinished(task.status.phase) ? recentRuns.at(-1)?.durationMs : undefined,
    }));
  const comingBetween = (from: number, to: number) =>
    [...jobs.values()].flatMap(({ job }) =>
      (job.schedules ?? [])
        .filter(({ paused }) => !paused)
        .flatMap((schedule) =>
          times(schedule, from - 1, 1000)
            .filter((at) => at <= to)
            .map((at) => ({ job: job.name, schedule: schedule.id!, at })),
        ),
    );
  const nextOf = (schedule: Schedule, saved: Saved): number | undefined =>
    schedule.paused ? undefined : times(schedule, Math.max(Date.now(), saved.skipped), 1)[0];
  const soonest = (saved: Saved): { schedule: Schedule; at: number } | undefined =>
    (saved.job.schedules ?? [])
      .flatMap((schedule) => {
        const at = nextOf(schedule, saved);
        return at === undefined ? [] : [{ schedule, at }];
      })
      .sort((a, b) => a.at - b.at)[0];

  function detail(saved: Saved, revision?: number): JobDetail {
    const old = saved.revisions.find((kept) => kept.revision === revision);
    if (revision !== undefined && !old) throw invalid("revision", `has no revision ${revision} that is kept`);
    return {
      job: old?.job ?? saved.job,
      schedules: (saved.job.schedules ?? []).map((schedule) => ({
        id: schedule.id!,
        words: words(schedule),
        nextAt: nextOf(schedule, saved),
      })),
      stats: statsOf(runsOf(saved.job.name)),
      firings: saved.firings,
    };
  }

  return {
    listJobs: async ({ query }) => {
      const text = query.text?.trim().toLowerCase() ?? "";
      const hits = [...jobs.values()]
        .filter(({ job }) => `${job.name}\n${job.title ?? ""}`.toLowerCase().includes(text))
        .sort((a, b) => (a.job.name < b.job.name ? -1 : 1));
      const rest = hits.filter(({ job }) => query.cursor === undefined || job.name > query.cursor);
      const page = rest.slice(0, query.limit ?? 100);
      return copy({
        jobs: page.map((saved) => {
          const { job } = saved;
          const schedules = job.schedules ?? [];
          return {
            name: job.name,
            title: job.title,
            revision: job.revision!,
            updatedAt: job.updatedAt!,
            schedules: schedules.length,
            paused: schedules.filter(({ paused }) => paused).length,
            words: schedules[0] && words(schedules[0]),
            nextAt: soonest(saved)?.at,
            recent: runsOf(job.name).slice(0, 10).reverse(),
          };
        }),
        total: hits.length,
        nextCursor: page.length < rest.length ? page.at(-1)?.job.name : undefined,
      });
    },
    getJob: async ({ name, revision }) => {
      const saved = jobs.get(name);
      return saved ? copy(detail(saved, revision ?? undefined)) : null;
    },
    saveJob: async ({ job, expectedRevision }) => {
      const old = jobs.get(job.name);
      const revision = old?.job.revision ?? 0;
      if (expectedRevision !== undefined && expectedRevision !== null && expectedRevision !== revision)
        throw new ApiError({
          error: "Conflict",
          message: `job ${job.name} is at revision ${revision} now, and was expected at ${expectedRevision}`,
        });
      if (!/^[A-Za-z0-9._-]{1,64}$/.test(job.name))
        throw invalid("job.name", "may hold A–Z, a–z, digits, '.', '_' and '-' only");
      job.schedules?.forEach((schedule, n) => check(schedule, `job.schedules[${n}].`));
      const schedules = (job.schedules ?? []).map((schedule, n) => ({
        ...schedule,
        id: schedule.id ?? `s-${n}`,
      }));
      const made: Job = {
        ...copy(job),
        schedules,
        revision: revision + 1,
        createdAt: old?.job.createdAt ?? Date.now(),
        updatedAt: Date.now(),
      };
      const differs = (key: keyof Job) => JSON.stringify(made[key]) !== JSON.stringify(old?.job[key]);
      const fields = (["title", "notes", "spec", "parameters", "schedules"] as const).filter(differs);
      keep(made, old ? fields : []);
      changed();
      return copy(made);
    },
    deleteJob: async ({ name }) => {
      jobs.delete(name);
      changed();
    },
    renameJob: async ({ name, to }) => {
      const saved = find(name);
      if (to !== name && jobs.has(to))
        throw new ApiError({ error: "Conflict", message: `there is a job ${to} already` });
      jobs.delete(name);
      saved.job = { ...saved.job, name: to };
      jobs.set(to, saved);
      for (const { row, spec } of tasks.rows()) if (spec.job === name) row.task.spec.job = spec.job = to;
      changed();
      return copy(saved.job);
    },
    runJob: async ({ name, parameters = {} }) => {
      const { job } = find(name);
      for (const { name: of, required, type, default: otherwise } of job.parameters ?? [])
        if (required && !parameters[of] && !otherwise && !(type === "secret" && kept.has(`${name} ${of}`)))
          throw invalid(`parameters.${of}`, "is required");
      const filled = JSON.stringify(job.spec).replace(/\{\{\s*([\w-]+)\s*\}\}/g, (_, of: string) => {
        const known = job.parameters?.find((parameter) => parameter.name === of);
        return JSON.stringify(parameters[of] ?? known?.default ?? "").slice(1, -1);
      });
      const spec = JSON.parse(filled) as TaskSpec;
      const id = await tasks.submit({
        ...spec,
        labels: { name: job.title ?? name, ...spec.labels },
        job: name,
        jobRevision: job.revision,
      });
      changed();
      return id;
    },
    listJobSecrets: async ({ name }) => ({
      kept: (find(name).job.parameters ?? [])
        .map((parameter) => parameter.name)
        .filter((of) => kept.has(`${name} ${of}`)),
    }),
    keepJobSecret: async ({ name, parameter }) => void kept.add(`${name} ${parameter}`),
    forgetJobSecret: async ({ name, parameter }) => void kept.delete(`${name} ${parameter}`),
    jobHistory: async ({ name, cursor, limit }) => {
      const all = rowsOf(name);
      const rest = all.filter(
        ({ task }) => cursor === undefined || cursor === null || task.metadata.id < cursor,
      );
      const rows = rest.slice(0, limit ?? 100);
      const nextCursor = rows.length < rest.length ? rows.at(-1)?.task.metadata.id : undefined;
      return copy({ rows, total: all.length, nextCursor, stats: statsOf(runsOf(name)) });
    },
    jobRevisions: async ({ name }) =>
      (jobs.get(name)?.revisions ?? []).map(({ revision, savedAt, changed: fields }) => ({
        revision,
        savedAt,
        changed: fields,
      })),
    previewSchedule: async ({ schedule, from, count }) => {
      check(schedule, "schedule.");
      const found = times(schedule, from ?? Date.now(), count ?? 5);
      const nightly = /^\d+ 2 /.test(schedule.cron ?? "") && schedule.zone === "Europe/Berlin";
      const warning = "On 28 March 2027 clocks go forward and leave out 02:30: it runs once, at 03:00.";
      return { words: words(schedule), times: found, warnings: nightly ? [warning] : [] };
    },
    skipNext: async ({ name, schedule }) => {
      const saved = find(name);
      const next = soonest(saved);
      if (!next || (schedule && next.schedule.id !== schedule))
        throw new ApiError({
          error: "Conflict",
          message: `job ${name} has no time to come that could be skipped`,
        });
      const { at } = next;
      saved.skipped = at;
      saved.firings.unshift({
        schedule: next.schedule.id!,
        due: at,
        at: Date.now(),
        outcome: "skipped",
        leftOut: 0,
      });
      changed();
      return { job: name, schedule: next.schedule.id!, at };
    },
    upcoming: async ({ name, from, to }) => {
      const all = comingBetween(from, to)
        .filter(({ job }) => name == null || job === name)
        .sort((a, b) => a.at - b.at);
      return { times: all.slice(0, 1000), more: all.length > 1000 };
    },
    jobDays: async ({ bounds }) => {
      const [from = 0, to = 0] = [bounds[0], bounds.at(-1)];
      const past = [...jobs.keys()].flatMap((job) =>
        rowsOf(job).map(({ task, startedAt, recentRuns }) => ({
          job,
          at: startedAt ?? task.metadata.createdAt,
          task: task.metadata.id,
          phase: task.status.phase,
          tookMs: isFinished(task.status.phase) ? recentRuns.at(-1)?.durationMs : undefined,
        })),
      );
      return fakeCalendar(bounds, [...past, ...comingBetween(Math.max(from, Date.now()), to - 1)]);
    },
    watchJobs: async (onChange) => {
      watchers.add(onChange);
      onChange();
      return () => watchers.delete(onChange);
    },
  };
}
