// From the form to the spec. It says which of what is typed is wrong, by the same field paths that the backend uses.
import type { ScriptRuntime, TaskKind, TaskSpec } from "../api";
import { parseDuration } from "../shared/duration";
import { isNamedForOneTask } from "../shared/own-lane";
import { parseSize } from "../shared/size";
import { encodeUtf8 } from "./base64";
import { parseCommandLine } from "./commandLine";
import { toContainer } from "./container";
import { splitValues } from "../shared/list-text";
import { ownLane, type Answer, type FieldErrors, type Form, type Pair } from "./form";
import { parseStart } from "./start-time";
import { toCluster } from "./cluster";
import { toWasm } from "./wasm";

/** `home` is what `~` stands for in the directory; without it one that begins so is refused. */
export function toSpec(form: Form, home?: string): { spec: TaskSpec; errors: FieldErrors } {
  const errors: Record<string, string> = {};
  const duration = (text: string, field: string): number | undefined => {
    if (text.trim() === "") return undefined;
    const ms = parseDuration(text);
    if (ms === null) errors[field] = "Enter a duration such as 90s, 5m or 1h30m";
    return ms ?? undefined;
  };
  const number = (text: string, field: string): number | undefined => {
    if (text.trim() === "") return undefined;
    const value = Number(text);
    if (!Number.isFinite(value)) errors[field] = "Enter a number";
    return Number.isFinite(value) ? value : undefined;
  };
  const whole = (text: string, field: string): number | undefined => {
    if (text.trim() === "") return undefined;
    const value = Number(text);
    if (/^\s*\d+\s*$/.test(text) && Number.isSafeInteger(value)) return value;
    errors[field] = `Enter a whole number, such as ${SAMPLES[field] ?? 3}`;
    return undefined;
  };
  const size = (text: string, field: string): number | undefined => {
    if (text.trim() === "") return undefined;
    const value = parseSize(text);
    if (value === undefined) errors[field] = "Enter a size such as 500 MB or 2 GB";
    return value;
  };
  const needed = <T>(value: T | undefined, field: string, otherwise: T): T => {
    if (value === undefined) errors[field] ??= "This cannot be empty";
    return value ?? otherwise;
  };

  const { lane } = form;
  const slot = lane.own ? ownLane(form) : lane.slot;
  const spec: TaskSpec = {
    slot,
    ...optional("ownLane", saidOfLane(form, slot)),
    kind: kindOf(form, errors, home),
    restart:
      form.restart === "always"
        ? { type: "always", ...optional("intervalMs", duration(form.interval, "restart.intervalMs")) }
        : { type: form.restart },
    backoff: {
      jitter: form.backoff.jitter,
      firstMs: needed(duration(form.backoff.first, "backoff.firstMs"), "backoff.firstMs", 1000),
      maxMs: needed(duration(form.backoff.max, "backoff.maxMs"), "backoff.maxMs", 30_000),
      factor: needed(number(form.backoff.factor, "backoff.factor"), "backoff.factor", 2),
    },
    // Nothing else is in a lane of its own.
    admission: lane.own && !lane.given ? "dropIfRunning" : lane.admission,
    ...optional("timeout", duration(form.timeout, "timeout")),
    ...optional("maxRetries", whole(form.maxRetries, "maxRetries")),
  };
  const limits = {
    ...optional("memoryBytes", size(form.limits.memory, "limits.memoryBytes")),
    ...optional("cpuPercent", whole(form.limits.cpu, "limits.cpuPercent")),
    ...optional("openFiles", whole(form.limits.openFiles, "limits.openFiles")),
    ...optional("processes", whole(form.limits.processes, "limits.processes")),
    ...optional("outputBytes", size(form.limits.output, "limits.outputBytes")),
  };
  if (Object.keys(limits).length > 0) spec.limits = limits;
  const cluster = toCluster(form.cluster, whole);
  if (cluster !== undefined) spec.cluster = cluster;
  if (form.stdin !== undefined) spec.stdin = form.stdin;
  const labels = record(
    form.name.trim() === "" ? form.labels : [{ key: "name", value: form.name }, ...form.labels],
    "labels",
    errors,
  );
  if (labels) spec.labels = labels;
  const matchLabels = record(form.matchLabels, "runnerSelector.matchLabels", errors);
  const matchExpressions = form.matchExpressions.map(({ key, operator, values }) => {
    const list = splitValues(values);
    return { key, operator, ...(list.length > 0 ? { values: list } : {}) };
  });
  if (matchLabels || matchExpressions.length > 0) {
    spec.runnerSelector = {
      ...optional("matchLabels", matchLabels),
      ...(matchExpressions.length > 0 ? { matchExpressions } : {}),
    };
  }
  Object.assign(spec, queueing(form, errors));
  const silentMs = duration(form.silence.after, "stall.silentMs");
  if (silentMs !== undefined) spec.stall = { silentMs, then: form.silence.then };
  const hooks = form.notify.hooks.split(/[\s,]+/).filter(Boolean);
  const notify = {
    ...optional("onFailure", answered(form.notify.failure)),
    ...optional("onSuccess", answered(form.notify.success)),
    ...list("hooks", hooks),
  };
  if (Object.keys(notify).length > 0) spec.notify = notify;
  if (form.job.name !== "") {
    spec.job = form.job.name;
    if (form.job.revision !== "") spec.jobRevision = Number(form.job.revision);
    if (form.job.secrets.length > 0) spec.secrets = [...form.job.secrets];
  }
  return { spec, errors };
}

/** Of a field, a number that one may want there. */
const SAMPLES: Readonly<Record<string, number>> = {
  "limits.cpuPercent": 150,
  "limits.openFiles": 1024,
  "limits.processes": 100,
  "cluster.timeMinutes": 90,
};

const answered = (answer: Answer): boolean | undefined => (answer === "" ? undefined : answer === "yes");

/** What the task waits for beside its lane. */
function queueing(
  form: Form,
  errors: Record<string, string>,
): Pick<TaskSpec, "notBefore" | "priority" | "after" | "afterReboot" | "keepAwake"> {
  const start = form.start.trim();
  const notBefore = start === "" ? undefined : parseStart(start, Date.now());
  if (start !== "" && notBefore === undefined)
    errors.notBefore = "Enter a time such as in 2 h, at 22:00 or 2026-11-30 08:00";
  const priority = form.priority.trim() === "" ? undefined : Number(form.priority);
  if (priority !== undefined && !Number.isInteger(priority))
    errors.priority = "Enter a whole number, such as 10 or -5";
  const after = form.after
    .map(({ task, when }) => ({ task: task.trim(), when }))
    .filter(({ task }) => task !== "");
  return {
    ...optional("notBefore", notBefore),
    ...optional("priority", priority === 0 || errors.priority !== undefined ? undefined : priority),
    ...(after.length > 0 ? { after } : {}),
    ...optional("afterReboot", form.afterReboot === "" ? undefined : form.afterReboot),
    ...optional("keepAwake", form.keepAwake === "never" ? undefined : form.keepAwake),
  };
}

function kindOf(form: Form, errors: Record<string, string>, home: string | undefined): TaskKind {
  const args = (text: string, field: string): readonly string[] => {
    const parsed = parseCommandLine(text);
    if (parsed.error) errors[field] = parsed.error.message;
    return parsed.args;
  };
  const env = form.env.length > 0 ? { env: form.env.map(({ key, value }) => ({ key, value })) } : {};
  if (form.tab === "container") return { container: toContainer(form.container, env, errors) };
  if (form.tab === "wasm") return { wasm: toWasm(form.wasm, env, errors) };
  const common = {
    ...env,
    ...optional("cwd", directory(form.cwd, home, errors)),
    failOnNonZero: form.failOnNonZero,
    // As the backend writes it: the default is left out, which an earlier release understands as well.
    ...optional("afterMain", form.afterMain === "wait" ? undefined : form.afterMain),
  };
  if (form.tab === "script") {
    const { runtime, command, flag, body } = form.script;
    const script = {
      runtime: runtime === "custom" ? { custom: { command, flag } } : runtime,
      body: form.original?.body === body ? form.original.base64 : encodeUtf8(body),
      ...list("args", args(form.script.args, "kind.subprocess.mode.script.args")),
    };
    return { subprocess: { mode: { script }, ...common } };
  }
  if (form.command.style === "line" && form.command.shell) {
    const script = { runtime: "bash" as ScriptRuntime, body: encodeUtf8(form.command.line) };
    if (form.command.line.trim() === "") errors["kind.subprocess.mode.command.command"] = "Enter a command";
    return { subprocess: { mode: { script }, ...common } };
  }
  const words =
    form.command.style === "line"
      ? args(form.command.line, "kind.subprocess.mode.command.command")
      : form.command.list;
  const [program = "", ...rest] = words;
  return { subprocess: { mode: { command: { command: program, ...list("args", rest) } }, ...common } };
}

/** The directory as the engine takes it, which knows no `~`. */
function directory(
  typed: string,
  home: string | undefined,
  errors: Record<string, string>,
): string | undefined {
  if (typed === "") return undefined;
  if (!typed.startsWith("~")) return typed;
  if (home?.startsWith("/") && /^~(\/|$)/.test(typed)) return home.replace(/\/$/, "") + typed.slice(1);
  errors["kind.subprocess.cwd"] = "Enter the whole path, such as /home/me/work: only a shell knows what ~ is";
  return typed;
}

function optional<K extends string, V>(key: K, value: V | undefined): Partial<Record<K, V>> {
  return value === undefined ? {} : ({ [key]: value } as Record<K, V>);
}

function list<K extends string>(key: K, items: readonly string[]): Partial<Record<K, string[]>> {
  return items.length === 0 ? {} : ({ [key]: [...items] } as Record<K, string[]>);
}

function record(
  pairs: readonly Pair[],
  field: string,
  errors: Record<string, string>,
): Record<string, string> | undefined {
  const out = new Map<string, string>();
  for (const { key, value } of pairs) {
    if (key === "" && value === "") continue;
    if (key === "") errors[field] ??= "Every value needs a key";
    else if (out.has(key)) errors[field] ??= `“${key}” is there more than once`;
    out.set(key, value);
  }
  return out.size === 0 ? undefined : Object.fromEntries(out);
}

/** What the spec has to say of its lane, where that is more than the name tells. */
function saidOfLane({ lane }: Form, slot: string): boolean | undefined {
  const misleads = lane.own !== isNamedForOneTask(slot);
  return misleads || (lane.own ? lane.said !== "" : lane.said === "shared") ? lane.own : undefined;
}
