// From a spec to the form that stands for it.
import type { TaskKind, TaskSpec } from "../api";
import { formatDuration } from "../shared/duration";
import { isNamedForOneTask, randomSuffix } from "../shared/own-lane";
import { joinCommandLine } from "../shared/quoting";
import { sizeText } from "../shared/size";
import { decodeUtf8 } from "./base64";
import { fromContainer } from "./container";
import { joinValues } from "../shared/list-text";
import { emptyForm, ownLane, type Answer, type Form, type Pair } from "./form";
import { writeStart } from "./start-time";
import { fromCluster } from "./cluster";
import { fromWasm } from "./wasm";

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
  form.cluster = fromCluster(spec.cluster);
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

const answer = (said: boolean | undefined): Answer => (said === undefined ? "" : said ? "yes" : "no");
