// What a spec says, fact by fact, in the words of a list: what it runs and where, what ends it, what it may use.
import type { ResourceLimits, TaskKind, TaskSpec } from "../api/types";
import { bytes, count, plural, span } from "../shared/format";
import { joinCommandLine } from "../shared/quoting";
import { withoutMarks } from "../shared/secret";
import { scriptText } from "./copy-as";

export interface Fact {
  readonly name: string;
  readonly value: string;
  /** Behind the value, dimmed. */
  readonly more?: string;
  readonly testid?: string;
}

/** Its words as they would be typed, or the text of its script; nothing where that is no text. As `command_text.rs` of the model. */
export function runsText(spec: TaskSpec): string | undefined {
  const { kind } = spec;
  const typed = (...words: string[]) => joinCommandLine(words.map(withoutMarks));
  if ("container" in kind) {
    const { image, command = [], args = [] } = kind.container;
    return typed(image, ...command, ...args);
  }
  if ("wasm" in kind) return typed(kind.wasm.module, ...(kind.wasm.args ?? []));
  const { mode } = kind.subprocess;
  if ("command" in mode) return typed(mode.command.command, ...(mode.command.args ?? []));
  return scriptText(spec)?.replace(/\n+$/, "");
}

/** What runs it, where it is a script. */
export function interpreter({ kind }: TaskSpec): string {
  if (!("subprocess" in kind) || !("script" in kind.subprocess.mode)) return "";
  const { runtime } = kind.subprocess.mode.script;
  return typeof runtime === "string" ? runtime : runtime.custom.command;
}

export function kindFacts(kind: TaskKind): Fact[] {
  const facts: Fact[] = [];
  const say = (name: string, value: string | undefined, more: Partial<Fact> = {}) => {
    if (value) facts.push({ name, value, ...more });
  };
  if ("subprocess" in kind) say("Directory", kind.subprocess.cwd);
  if ("container" in kind) {
    const { image, volumes = [], network, user, workdir } = kind.container;
    say("Image", image, { testid: "image" });
    for (const { source, target, readOnly } of volumes)
      say("Volume", `${source} at ${target}`, { more: readOnly ? "read only" : undefined });
    say("Network", network);
    say("User", user);
    say("Directory in the container", workdir);
  }
  if ("wasm" in kind) {
    say("Module", kind.wasm.module, { testid: "module" });
    for (const { host, guest, readOnly } of kind.wasm.dirs ?? [])
      say("Folder", `${host} as ${guest}`, { more: readOnly ? "read only" : undefined });
  }
  return facts;
}

export const ADMISSION = {
  dropIfRunning: "refuse when busy",
  replace: "replace what runs",
  queue: "wait in line",
} as const;

export function restartWords(spec: TaskSpec): string {
  const policy = spec.restart ?? { type: "never" };
  if (policy.type === "never") return "never";
  const tries = spec.maxRetries ? `, up to ${plural(spec.maxRetries, "retry", "retries")}` : "";
  if (policy.type === "onFailure") return `on failure${tries}`;
  return `always${policy.intervalMs ? `, ${span(policy.intervalMs)} after a success` : ""}${tries}`;
}

/** `2 GB memory · 150 % processor · 64 open files`; empty without limits. */
export function limitWords(limits: ResourceLimits | undefined): string {
  if (!limits) return "";
  const { memoryBytes, cpuPercent, processes, openFiles, outputBytes } = limits;
  return [
    memoryBytes !== undefined && `${bytes(memoryBytes)} memory`,
    cpuPercent !== undefined && `${count(cpuPercent)} % processor`,
    processes !== undefined && plural(processes, "process", "processes"),
    openFiles !== undefined && plural(openFiles, "open file"),
    outputBytes !== undefined && `${bytes(outputBytes)} output`,
  ]
    .filter(Boolean)
    .join(" · ");
}
