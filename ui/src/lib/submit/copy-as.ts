// A task written so that it can be submitted elsewhere: readable, as the API's JSON, as a shell command around it, or as the
// command line that says the same. Secrets are left out of all; where a command line names a variable, its value is that of the shell.
import type { ContainerSpec, EnvVar, SubprocessSpec, TaskSpec, WasmSpec } from "../api";
import { joinCommandLine, quoteArg } from "../shared/quoting";
import { hasOwnLane } from "../shared/own-lane";
import { holdsSecret, withoutSecrets } from "../shared/secret";
import { decodeUtf8 } from "./base64";
import { formatDuration } from "../shared/duration";
import { textFormat } from "./text";

export type Form = "yaml" | "json" | "run" | "cli" | "curl";
export const FORMS: readonly (readonly [Form, string])[] = [
  ["yaml", "YAML"],
  ["json", "JSON"],
  ["run", "solti run"],
  ["cli", "solti submit"],
  ["curl", "curl"],
];

/** Without its secrets. `dataDir` is where the app's socket is; Settings, API has to have it on. */
export async function written(whole: TaskSpec, form: Form, dataDir: string): Promise<string> {
  const { spec } = withoutSecrets(whole);
  switch (form) {
    case "yaml":
      return (await textFormat("yaml")).write(spec);
    case "run":
      return runLine(whole);
    case "json":
      return JSON.stringify(spec, null, 2);
    case "cli":
      return here("solti submit -", spec);
    case "curl": {
      const socket = quoteArg(`${dataDir}/api/solti.sock`);
      const to = "-H 'Content-Type: application/json' http://solti/api/v1/tasks";
      return here(`curl --unix-socket ${socket} ${to} --data-binary @-`, { spec });
    }
  }
}

/** No line of indented JSON is the end mark: a line is a brace, or begins with blanks. */
function here(command: string, document: unknown): string {
  return `${command} <<'SOLTI'\n${JSON.stringify(document, null, 2)}\nSOLTI\n`;
}

const INTERPRETERS = { bash: ["bash", "-c"], python: ["python3", "-c"], node: ["node", "-e"] } as const;

/** The script of a task as text; nothing for one without, or one that is no text. */
export function scriptText({ kind }: TaskSpec): string | undefined {
  if (!("subprocess" in kind) || !("script" in kind.subprocess.mode)) return undefined;
  return decodeUtf8(kind.subprocess.mode.script.body) ?? undefined;
}

function program({ kind }: TaskSpec): readonly string[] | undefined {
  // `solti run` has a word for one program of a container, and gives the rest to that.
  if ("container" in kind)
    return [...(kind.container.command ?? []).slice(1), ...(kind.container.args ?? [])];
  if ("wasm" in kind) return kind.wasm.args ?? [];
  const { mode } = kind.subprocess;
  if ("command" in mode) return [mode.command.command, ...(mode.command.args ?? [])];
  const { runtime, body, args = [] } = mode.script;
  const text = decodeUtf8(body);
  if (text === null) return undefined;
  const [command, flag] =
    typeof runtime === "string" ? INTERPRETERS[runtime] : [runtime.custom.command, runtime.custom.flag];
  // What follows the text of a shell is its name first.
  return [command, flag, text, ...(args.length > 0 && runtime === "bash" ? ["bash"] : []), ...args];
}

const variable = (entry: EnvVar): string => (holdsSecret(entry) ? entry.key : `${entry.key}=${entry.value}`);

/** What a task sees elsewhere of the machine. */
const mount = (source: string, target: string, readOnly = false): string =>
  `${source}:${target}${readOnly ? ":ro" : ""}`;

/** The task as `solti run`; what that has no word for is named in a comment. */
function runLine(spec: TaskSpec): string {
  const argv = program(spec);
  if (argv === undefined) return "# solti run has no words for the text of this script: use solti submit.\n";
  const subprocess: Partial<SubprocessSpec> = "subprocess" in spec.kind ? spec.kind.subprocess : {};
  const container: Partial<ContainerSpec> = "container" in spec.kind ? spec.kind.container : {};
  const wasm: Partial<WasmSpec> = "wasm" in spec.kind ? spec.kind.wasm : {};
  const { name, ...labels } = spec.labels ?? {};
  const words: string[] = [];
  const say = (flag: string, value: string) => words.push(`${flag} ${quoteArg(value)}`);
  if (name !== undefined) say("--name", name);
  if (container.image !== undefined) say("--image", container.image);
  if (container.command?.[0] !== undefined) say("--entrypoint", container.command[0]);
  for (const { source, target, readOnly } of container.volumes ?? [])
    say("--volume", mount(source, target, readOnly));
  if (container.network !== undefined) say("--network", container.network);
  if (container.user !== undefined) say("--user", container.user);
  if (container.workdir !== undefined) say("--workdir", container.workdir);
  if (container.pull !== undefined && container.pull !== "missing") say("--pull", container.pull);
  if (wasm.module !== undefined) say("--wasm", wasm.module);
  for (const { host, guest, readOnly } of wasm.dirs ?? []) say("--dir", mount(host, guest, readOnly));
  if (spec.cluster !== undefined) {
    const { partition, account, qos, cpus, gpus, timeMinutes, constraint } = spec.cluster;
    words.push("--slurm");
    for (const [flag, value] of Object.entries({ partition, account, qos, cpus, gpus, constraint }))
      if (value !== undefined) say(`--${flag}`, String(value));
    if (timeMinutes !== undefined) say("--time", `${timeMinutes}m`);
  }
  if (subprocess.cwd !== undefined) say("-C", subprocess.cwd);
  for (const entry of subprocess.env ?? container.env ?? wasm.env ?? []) say("--env", variable(entry));
  if (spec.timeout !== undefined) say("--timeout", formatDuration(spec.timeout));
  if (!hasOwnLane(spec)) {
    say("--lane", spec.slot);
    if (spec.admission !== "queue") say("--when-busy", spec.admission === "replace" ? "replace" : "refuse");
  }
  if (subprocess.afterMain === "end") say("--after-main", "end");
  if (spec.restart?.type === "always") {
    words.push("--restart always");
    if (spec.restart.intervalMs) say("--interval", formatDuration(spec.restart.intervalMs));
  }
  if (spec.restart?.type === "onFailure" && spec.maxRetries === undefined) words.push("--restart on-failure");
  if (spec.restart && spec.restart.type !== "never" && spec.maxRetries !== undefined)
    say("--retries", String(spec.maxRetries));
  if (spec.notBefore !== undefined) say("--at", new Date(spec.notBefore).toISOString());
  if (spec.priority) say("--priority", String(spec.priority));
  for (const { task, when = "succeeded" } of spec.after ?? []) say("--after", `${task}:${when}`);
  if (spec.afterReboot) say("--after-reboot", spec.afterReboot);
  if (spec.keepAwake && spec.keepAwake !== "never")
    words.push(`--keep-awake=${spec.keepAwake === "onMains" ? "on-mains" : "always"}`);
  if (spec.stall) say("--silence", `${formatDuration(spec.stall.silentMs)}:${spec.stall.then ?? "notify"}`);
  for (const hook of spec.notify?.hooks ?? []) say("--hook", hook);
  for (const [key, value] of Object.entries(labels)) say("--label", `${key}=${value}`);
  const left = [
    spec.limits && "limits",
    spec.runnerSelector && "runner selector",
    (spec.notify?.onFailure != null || spec.notify?.onSuccess != null) && "what the desktop is told",
    subprocess.failOnNonZero === false && "any exit code succeeds",
  ].filter(Boolean);
  const given = argv.length > 0 ? [`-- ${joinCommandLine(argv)}`] : [];
  const line = ["solti run", ...words, ...given].join(" ");
  return left.length > 0
    ? `# Left out, as solti run has no word for it: ${left.join(", ")}.\n${line}\n`
    : `${line}\n`;
}
