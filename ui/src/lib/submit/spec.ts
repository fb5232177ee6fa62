// The form's model and the TaskSpec it stands for, both ways without loss. Everything typed is kept as text, also what is not
// (yet) a number or a duration; toSpec says which of it is wrong, by the same field paths that the backend uses.
import type {
  Admission,
  AfterTask,
  AfterReboot,
  KeepAwake,
  AfterMain,
  EnvVar,
  Jitter,
  MatchExpression,
  ScriptRuntime,
  StallThen,
  Stdin,
  TaskKind,
  TaskSpec,
} from "../api";
import { decodeUtf8, encodeUtf8 } from "./base64";
import { isNamedForOneTask, randomSuffix } from "../shared/own-lane";
import { joinCommandLine } from "../shared/quoting";
import { parseCommandLine } from "./commandLine";
import { emptyContainer, fromContainer, toContainer, type ContainerForm } from "./container";
import { emptyWasm, fromWasm, toWasm, type WasmForm } from "./wasm";
import { parseSize, sizeText } from "../shared/size";
import { formatDuration, parseDuration } from "../shared/duration";
import { parseStart, writeStart } from "./start-time";

export type Tab = "command" | "script" | "container" | "wasm";
export interface Pair {
  key: string;
  value: string;
}
interface Expression {
  key: string;
  operator: MatchExpression["operator"];
  /** Separated by commas. */
  values: string;
}

export interface Form {
  tab: Tab;
  command: { style: "line" | "list"; line: string; list: string[]; shell: boolean };
  script: {
    runtime: "bash" | "python" | "node" | "custom";
    command: string;
    flag: string;
    body: string;
    args: string;
  };
  /** The base64 as it came and the text it stands for: an unchanged body is sent back unchanged. */
  original: { base64: string; body: string } | null;
  container: ContainerForm;
  wasm: WasmForm;
  env: EnvVar[];
  cwd: string;
  failOnNonZero: boolean;
  /** What becomes of the processes that are left when the main program ends. */
  afterMain: AfterMain;
  timeout: string;
  /** What the program reads; the form has no field for it and keeps what is there. */
  stdin?: Stdin;
  limits: { memory: string; cpu: string; processes: string; openFiles: string; output: string };
  restart: "never" | "onFailure" | "always";
  interval: string;
  maxRetries: string;
  backoff: { jitter: Jitter; first: string; max: string; factor: string };
  /** `given`: a lane of its own that was not named by this form, and is kept. `said`: what the spec says of it; may be nothing. */
  lane: {
    own: boolean;
    slot: string;
    suffix: string;
    admission: Admission;
    given: boolean;
    said: "own" | "shared" | "";
  };
  name: string;
  labels: Pair[];
  matchLabels: Pair[];
  matchExpressions: Expression[];
  /** As people write a time, see start-time.ts. */
  start: string;
  priority: string;
  after: Required<AfterTask>[];
  /** Empty for what suits the task. */
  afterReboot: AfterReboot | "";
  keepAwake: KeepAwake;
  /** Empty for no alarm. */
  silence: { after: string; then: StallThen };
  /** Of the desktop: empty for what the settings say. `hooks` are names with blanks or commas between. */
  notify: { failure: Answer; success: Answer; hooks: string };
  /** The saved job that the task was made from, and its revision; nobody edits them. */
  job: { name: string; revision: string; secrets: readonly string[] };
}

type Answer = "" | "yes" | "no";

export type FieldErrors = Readonly<Record<string, string>>;

export function emptyForm(suffix: string = randomSuffix()): Form {
  return {
    tab: "command",
    command: { style: "line", line: "", list: [""], shell: false },
    script: { runtime: "bash", command: "", flag: "", body: "", args: "" },
    original: null,
    container: emptyContainer(),
    wasm: emptyWasm(),
    env: [],
    cwd: "",
    failOnNonZero: true,
    afterMain: "wait",
    timeout: "",
    limits: { memory: "", cpu: "", processes: "", openFiles: "", output: "" },
    restart: "never",
    interval: "",
    maxRetries: "",
    backoff: { jitter: "full", first: "1s", max: "30s", factor: "2" },
    lane: { own: true, slot: "", suffix, admission: "queue", given: false, said: "own" },
    name: "",
    labels: [],
    matchLabels: [],
    matchExpressions: [],
    start: "",
    priority: "",
    after: [],
    afterReboot: "",
    keepAwake: "never",
    silence: { after: "", then: "notify" },
    notify: { failure: "", success: "", hooks: "" },
    job: { name: "", revision: "", secrets: [] },
  };
}

/** The lane of its own: made from the name, or from the program, and unique by its suffix. At most 64 bytes. */
export function ownLane(form: Form): string {
  if (form.lane.given) return form.lane.slot;
  const base = (form.name.trim() || programName(form))
    .normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .replaceAll(/[^A-Za-z0-9._-]+/g, "-")
    .replaceAll(/^[-.]+|[-.]+$/g, "")
    .slice(0, 64 - form.lane.suffix.length - 1)
    .toLowerCase();
  return `${base || "task"}-${form.lane.suffix}`;
}

/** What the spec has to say of its lane, where that is more than the name tells. */
function saidOfLane({ lane }: Form, slot: string): boolean | undefined {
  const misleads = lane.own !== isNamedForOneTask(slot);
  return misleads || (lane.own ? lane.said !== "" : lane.said === "shared") ? lane.own : undefined;
}

/** A lane of its own is another one from now on: the task is another one. */
export function nameLaneAnew(form: Form): void {
  Object.assign(form.lane, { suffix: randomSuffix(), given: false });
}

function programName(form: Form): string {
  if (form.tab === "container") return form.container.image.split("/").at(-1) ?? "";
  if (form.tab === "wasm") return form.wasm.module.split("/").at(-1) ?? "";
  if (form.tab === "script")
    return form.script.runtime === "custom" ? form.script.command : `${form.script.runtime}-script`;
  return (commandArgs(form).find((arg) => arg !== "") ?? "").split("/").at(-1) ?? "";
}

function commandArgs(form: Form): readonly string[] {
  return form.command.style === "line" ? parseCommandLine(form.command.line).args : form.command.list;
}

// ---- form to spec ----------------------------------------------------------------------------------------------

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
    errors[field] = "Enter a whole number, such as 3";
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

const answered = (answer: Answer): boolean | undefined => (answer === "" ? undefined : answer === "yes");
const answer = (said: boolean | undefined): Answer => (said === undefined ? "" : said ? "yes" : "no");

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

/** Values by commas; one that has a comma or a blank edge itself is written as a JSON list instead. */
function splitValues(text: string): string[] {
  if (text.trim().startsWith("[")) {
    try {
      const parsed: unknown = JSON.parse(text);
      if (Array.isArray(parsed) && parsed.every((item) => typeof item === "string")) return parsed;
    } catch {
      // Not a list after all: a value may begin with a bracket.
    }
  }
  return text === "" ? [] : text.split(",").map((value) => value.trim());
}

function joinValues(values: readonly string[]): string {
  const plain = values.join(", ");
  return JSON.stringify(splitValues(plain)) === JSON.stringify(values) ? plain : JSON.stringify(values);
}

// ---- spec to form ----------------------------------------------------------------------------------------------

export function fromSpec(spec: TaskSpec, suffix: string = randomSuffix()): Form {
  const form = emptyForm(suffix);
  fillKind(form, spec.kind);
  const { restart, backoff, labels, runnerSelector } = spec;
  form.timeout = spec.timeout === undefined ? "" : formatMs(spec.timeout);
  const { memoryBytes, cpuPercent, openFiles, processes, outputBytes } = spec.limits ?? {};
  const text = (value: number | undefined, write: (value: number) => string) =>
    value === undefined ? "" : write(value);
  form.limits = {
    memory: text(memoryBytes, sizeText),
    cpu: text(cpuPercent, String),
    processes: text(processes, String),
    openFiles: text(openFiles, String),
    output: text(outputBytes, sizeText),
  };
  if (restart) form.restart = restart.type;
  if (restart?.type === "always" && restart.intervalMs !== undefined)
    form.interval = formatMs(restart.intervalMs);
  if (backoff)
    form.backoff = {
      jitter: backoff.jitter,
      first: formatMs(backoff.firstMs),
      max: formatMs(backoff.maxMs),
      factor: String(backoff.factor),
    };
  form.maxRetries = spec.maxRetries === undefined ? "" : String(spec.maxRetries);
  if (spec.stdin !== undefined) form.stdin = spec.stdin;
  const { name, ...others } = labels ?? {};
  // A name of blanks is no name to the form; it stays a label like any other.
  if (name !== undefined && name.trim() !== "") form.name = name;
  form.labels = pairs(form.name === "" ? (labels ?? {}) : others);
  form.job = {
    name: spec.job ?? "",
    revision: spec.jobRevision === undefined ? "" : String(spec.jobRevision),
    secrets: spec.secrets ?? [],
  };
  form.start = spec.notBefore === undefined ? "" : writeStart(spec.notBefore);
  form.priority = spec.priority === undefined ? "" : String(spec.priority);
  form.after = (spec.after ?? []).map(({ task, when = "succeeded" }) => ({ task, when }));
  form.afterReboot = spec.afterReboot ?? "";
  form.keepAwake = spec.keepAwake ?? "never";
  if (spec.stall) form.silence = { after: formatMs(spec.stall.silentMs), then: spec.stall.then ?? "notify" };
  form.notify = {
    failure: answer(spec.notify?.onFailure),
    success: answer(spec.notify?.onSuccess),
    hooks: (spec.notify?.hooks ?? []).join(", "),
  };
  form.matchLabels = pairs(runnerSelector?.matchLabels ?? {});
  form.matchExpressions = (runnerSelector?.matchExpressions ?? []).map(({ key, operator, values }) => ({
    key,
    operator,
    values: joinValues(values ?? []),
  }));
  const admission = spec.admission ?? "dropIfRunning";
  form.lane.slot = spec.slot;
  // A lane that was made for this task is recognised by its suffix, which it then keeps.
  const made = /-([a-z0-9]{5})$/.exec(spec.slot)?.[1] ?? suffix;
  const named =
    admission === "dropIfRunning" && spec.slot === ownLane({ ...form, lane: { ...form.lane, suffix: made } });
  form.lane.said = spec.ownLane === undefined ? "" : spec.ownLane ? "own" : "shared";
  form.lane.own = spec.ownLane ?? (named || isNamedForOneTask(spec.slot));
  form.lane.given = form.lane.own && !named;
  if (form.lane.own && named) form.lane.suffix = made;
  else form.lane.admission = admission;
  return form;
}

function fillKind(form: Form, kind: TaskKind): void {
  if ("container" in kind) {
    form.tab = "container";
    form.container = fromContainer(kind.container);
    form.env = (kind.container.env ?? []).map((entry) => ({ ...entry }));
    return;
  }
  if ("wasm" in kind) {
    form.tab = "wasm";
    form.wasm = fromWasm(kind.wasm);
    form.env = (kind.wasm.env ?? []).map((entry) => ({ ...entry }));
    return;
  }
  const { mode, env = [], cwd = "", failOnNonZero = true, afterMain = "wait" } = kind.subprocess;
  Object.assign(form, { env: env.map((entry) => ({ ...entry })), cwd, failOnNonZero, afterMain });
  if ("command" in mode) {
    const words = [mode.command.command, ...(mode.command.args ?? [])];
    form.command = {
      style: "line",
      line: words.join("") === "" ? "" : joinCommandLine(words),
      list: words,
      shell: false,
    };
    return;
  }
  const { runtime, body, args = [] } = mode.script;
  const text = decodeUtf8(body) ?? "";
  const custom = typeof runtime === "string" ? { command: "", flag: "" } : runtime.custom;
  form.tab = "script";
  form.script = {
    runtime: typeof runtime === "string" ? runtime : "custom",
    ...custom,
    body: text,
    args: joinCommandLine(args),
  };
  form.original = { base64: body, body: text };
}

function pairs(entries: Readonly<Record<string, string>>): Pair[] {
  return Object.entries(entries).map(([key, value]) => ({ key, value }));
}

/** Zero and fractions too, which the backend refuses but a file may hold: nothing is rounded away unseen. */
function formatMs(ms: number): string {
  return Number.isSafeInteger(ms) && ms > 0 ? formatDuration(ms) : `${ms}ms`;
}
