// A job as the editor holds it: everything that is typed stays text until it is saved. Times are those of the person's own clock.
import type { Job, Parameter, Schedule, TaskSpec } from "../api/types";
import { formatDuration, parseDuration } from "../shared/duration";
import { digits, isoDay, minuteOfDay } from "../shared/format";
import { joinValues, splitValues } from "../shared/list-text";

type ScheduleKind = "cron" | "every" | "at" | "start";

export interface ScheduleDraft {
  kind: ScheduleKind;
  cron: string;
  /** A duration, as in 10m. */
  every: string;
  /** As a field of type datetime-local has it. */
  at: string;
  zone: string;
  missed: NonNullable<Schedule["missed"]>;
  paused: boolean;
  /** By how much a run may be put off: a duration, or nothing. */
  jitter: string;
  /** The first and the last moment that count, each as `at`, or nothing. */
  from: string;
  until: string;
  /** The values of parameters, by their keys. */
  values: Readonly<Record<number, string>>;
  /** What was saved: where its text is the same, so is what it says, down to the millisecond. */
  saved: Pick<Schedule, "id" | "everyMs" | "anchor" | "at" | "from" | "until">;
}

export interface ParameterDraft {
  /** Stays what it is while the name changes, and is no other's. */
  key: number;
  name: string;
  type: Parameter["type"];
  required: boolean;
  default: string;
  /** As one text (list-text.ts). */
  choices: string;
  pattern: string;
  help: string;
}

interface JobDraft {
  name: string;
  title: string;
  notes: string;
  parameters: ParameterDraft[];
  schedules: ScheduleDraft[];
}

/** A problem beside its field, by the path that the engine uses too. */
export type Problems = Readonly<Record<string, string>>;

export function localTime(at: number): string {
  const date = new Date(at);
  const minute = `${isoDay(date)}T${minuteOfDay(date)}`;
  return date.getSeconds() ? `${minute}:${digits(date.getSeconds())}` : minute;
}

export function emptySchedule(): ScheduleDraft {
  return {
    kind: "cron",
    cron: "30 2 * * mon-fri",
    every: "1h",
    at: "",
    zone: "local",
    missed: "latest",
    paused: false,
    jitter: "",
    from: "",
    until: "",
    values: {},
    saved: {},
  };
}

let made = 0;

export function emptyParameter(): ParameterDraft {
  return {
    key: made++,
    name: "",
    type: "text",
    required: true,
    default: "",
    choices: "",
    pattern: "",
    help: "",
  };
}

/** The first and the last moment that count, as the editor calls them. */
export const BOUNDS = [
  ["from", "Not before"],
  ["until", "Not after"],
] as const;

const momentText = (at: number | undefined): string => (at === undefined ? "" : localTime(at));

/** The moment that a text says; not a number where it says none. */
function momentOf(text: string, saved: number | undefined): number {
  return saved !== undefined && text === localTime(saved) ? saved : new Date(text).getTime();
}

function scheduleDraft(schedule: Schedule, parameters: readonly ParameterDraft[]): ScheduleDraft {
  const { id, everyMs, anchor, at, from, until } = schedule;
  const kind =
    schedule.cron !== undefined
      ? "cron"
      : schedule.everyMs !== undefined
        ? "every"
        : schedule.at !== undefined
          ? "at"
          : "start";
  const empty = emptySchedule();
  const given = new Map(Object.entries(schedule.parameters ?? {}));
  return {
    kind,
    cron: schedule.cron ?? empty.cron,
    every: schedule.everyMs === undefined ? empty.every : formatDuration(schedule.everyMs),
    at: momentText(at),
    zone: schedule.zone ?? "local",
    missed: schedule.missed ?? "latest",
    paused: schedule.paused ?? false,
    jitter: schedule.jitterMs ? formatDuration(schedule.jitterMs) : "",
    from: momentText(from),
    until: momentText(until),
    values: Object.fromEntries(
      parameters.flatMap(({ key, name }) => (given.has(name) ? [[key, given.get(name) ?? ""]] : [])),
    ),
    saved: { id, everyMs, anchor, at, from, until },
  };
}

export function draftOf(job: Partial<Job>): JobDraft {
  const parameters = (job.parameters ?? []).map((parameter) => ({
    ...emptyParameter(),
    name: parameter.name,
    type: parameter.type,
    required: parameter.required ?? false,
    default: parameter.default ?? "",
    choices: joinValues(parameter.choices ?? []),
    pattern: parameter.pattern ?? "",
    help: parameter.help ?? "",
  }));
  return {
    name: job.name ?? "",
    title: job.title ?? "",
    notes: job.notes ?? "",
    parameters,
    schedules: (job.schedules ?? []).map((schedule) => scheduleDraft(schedule, parameters)),
  };
}

/** What the draft of a schedule says but for the values of parameters; `field` is beside what is wrong with it. */
export function scheduleOf(
  draft: ScheduleDraft,
):
  | { schedule: Schedule; wrong?: undefined }
  | { schedule?: undefined; wrong: { field: string; message: string } } {
  const { kind, zone, missed, paused, saved } = draft;
  const wrong = (field: string, message: string) => ({ wrong: { field, message } });
  const schedule: Schedule = { missed, paused };
  if (saved.id !== undefined) schedule.id = saved.id;
  if (zone.trim() !== "" && zone !== "local") schedule.zone = zone.trim();
  if (kind === "cron") schedule.cron = draft.cron.trim();
  else if (kind === "start") schedule.onStart = true;
  else if (kind === "at") {
    const at = momentOf(draft.at, saved.at);
    if (!Number.isFinite(at)) return wrong("at", "Choose a day and a time");
    schedule.at = at;
  } else {
    const every = parseDuration(draft.every);
    if (every === null) return wrong("everyMs", "Enter a duration such as 90s, 10m or 12h");
    schedule.everyMs = every;
    if (saved.anchor !== undefined && every === saved.everyMs) schedule.anchor = saved.anchor;
  }
  if (draft.jitter.trim() !== "") {
    const jitter = parseDuration(draft.jitter);
    if (jitter === null) return wrong("jitterMs", "Put off by up to: enter a duration such as 30s or 10m");
    schedule.jitterMs = jitter;
  }
  for (const [bound, label] of BOUNDS) {
    if (draft[bound] === "") continue;
    const moment = momentOf(draft[bound], saved[bound]);
    if (!Number.isFinite(moment)) return wrong(bound, `${label}: choose a day and a time`);
    schedule[bound] = moment;
  }
  return { schedule };
}

function parameterOf(draft: ParameterDraft): Parameter {
  const { name, type, required } = draft;
  const choices = splitValues(draft.choices).filter(Boolean);
  return {
    name: name.trim(),
    type,
    required,
    ...(draft.default === "" || type === "secret" ? {} : { default: draft.default }),
    ...(type === "choice" ? { choices } : {}),
    ...(type === "text" && draft.pattern !== "" ? { pattern: draft.pattern } : {}),
    ...(draft.help.trim() === "" ? {} : { help: draft.help.trim() }),
  };
}

/** The job that the draft stands for, or what is wrong with it already. */
export function jobOf(draft: JobDraft, spec: TaskSpec): { job: Job; problems: Problems } {
  const problems: Record<string, string> = {};
  const schedules = draft.schedules.flatMap((one, n) => {
    const { schedule, wrong } = scheduleOf(one);
    if (wrong) problems[`schedules[${n}].${wrong.field}`] = wrong.message;
    if (!schedule) return [];
    const given = draft.parameters.flatMap(({ key, name }) =>
      one.values[key] ? [[name.trim(), one.values[key]] as const] : [],
    );
    return [given.length === 0 ? schedule : { ...schedule, parameters: Object.fromEntries(given) }];
  });
  const job: Job = {
    name: draft.name.trim(),
    ...(draft.title.trim() === "" ? {} : { title: draft.title.trim() }),
    ...(draft.notes.trim() === "" ? {} : { notes: draft.notes }),
    spec,
    parameters: draft.parameters.map(parameterOf),
    schedules,
  };
  return { job, problems };
}
