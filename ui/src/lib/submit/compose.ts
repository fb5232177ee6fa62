// A service of a Compose file as a task: pasted where the task is written as YAML. What a task has no counterpart for, and what Compose
// would fill in, is named, so that nothing gets lost or changed unseen. Its volumes are in compose-volumes.ts, its values in
// compose-values.ts.
import type { ContainerSpec, EnvVar, ResourceLimits, RestartPolicy, TaskSpec } from "../api";
import { parseCommandLine } from "./commandLine";
import { isExtension, isFields, numberOf, textOf, Unfit, type Fields, type Path } from "./compose-values";
import { volumesOf } from "./compose-volumes";
import type { Mismatch } from "./shape";

/** Of the file itself: what only names things, and what is looked at with the service. */
const AROUND = new Set(["version", "name", "services", "volumes", "networks"]);
/** Of the service: what says nothing that a task could not do without. */
const IDLE = new Set(["container_name", "stdin_open", "tty", "labels", "logging"]);

/** Whether the document is a Compose file and no task. */
export const isCompose = (value: unknown): value is Fields =>
  isFields(value) && isFields(value.services) && !("kind" in value);

/** Numbers of the file are `Numeral`s. */
export function fromCompose(file: Fields): { readonly spec: TaskSpec } | Mismatch {
  try {
    for (const key of Object.keys(file))
      if (!AROUND.has(key) && !isExtension(key))
        throw new Unfit([key], `A task knows no ${key} of a Compose file`);
    const services = Object.entries(isFields(file.services) ? file.services : {});
    const [first, second] = services;
    if (!first) throw new Unfit(["services"], "There is no service in this Compose file");
    if (second)
      throw new Unfit(
        ["services", second[0]],
        "A task is one service: leave the one that is to run, and make a task of each of the others",
      );
    return { spec: taskOf(first[0], first[1], file) };
  } catch (thrown) {
    if (thrown instanceof Unfit) return { path: thrown.path, message: thrown.message };
    throw thrown;
  }
}

function taskOf(name: string, service: unknown, file: Fields): TaskSpec {
  const at = (...more: Path): Path => ["services", name, ...more];
  if (!isFields(service)) throw new Unfit(at(), "The service must have fields");
  const text = (key: string): string => textOf(service[key], at(key));
  const number = (key: string): string => numberOf(service[key], at(key));
  const words = (key: string): string[] => {
    const value = service[key];
    if (Array.isArray(value)) return value.map((word, i) => textOf(word, at(key, i)));
    const parsed = parseCommandLine(text(key));
    if (parsed.error) throw new Unfit(at(key), parsed.error.message);
    return [...parsed.args];
  };
  const container: ContainerSpec = { image: "" };
  const limits: ResourceLimits = {};
  let restart: Restart = {};
  let [entrypoint, command]: (string[] | undefined)[] = [];
  for (const [key, value] of Object.entries(service)) {
    // What holds nothing is not set.
    if (value === null || isExtension(key)) continue;
    switch (key) {
      case "image":
        container.image = text(key);
        break;
      case "entrypoint":
        entrypoint = words(key);
        break;
      case "command":
        command = words(key);
        break;
      case "environment":
        container.env = variables(value, at(key));
        break;
      case "volumes":
        container.volumes = volumesOf(value, at(key), file);
        break;
      case "network_mode":
        container.network = text(key);
        if (container.network.startsWith("service:"))
          throw new Unfit(at(key), "A task has no other services to share a network with");
        break;
      case "user":
        container.user = text(key);
        break;
      case "working_dir":
        container.workdir = text(key);
        break;
      case "pull_policy": {
        const policy = text(key);
        if (policy === "always" || policy === "never") container.pull = policy;
        else if (policy !== "missing" && policy !== "if_not_present")
          throw new Unfit(at(key), "pull_policy must be always, never or missing");
        break;
      }
      case "init":
        if (value !== true)
          throw new Unfit(at(key), "A task's container always has an init process: remove init");
        break;
      case "mem_limit":
        limits.memoryBytes = bytes(number(key), at(key));
        break;
      case "cpus":
        limits.cpuPercent = percent(number(key), at(key));
        break;
      case "pids_limit":
        limits.processes = processes(number(key), at(key));
        break;
      case "restart":
        restart = restartOf(value === false ? "no" : text(key), at(key));
        break;
      default:
        if (!IDLE.has(key)) throw new Unfit(at(key), `A task has nothing for ${key} of a service; remove it`);
    }
  }
  if (container.image === "") throw new Unfit(at(), "The service needs an image: a task builds none");
  Object.assign(container, program(entrypoint, command, at));
  const set = Object.entries(limits).filter(([, limit]) => limit !== undefined);
  return {
    slot: name.replaceAll(/[^A-Za-z0-9._-]+/g, "-").slice(0, 64),
    kind: { container },
    ...restart,
    ...(set.length > 0 ? { limits: Object.fromEntries(set) } : {}),
    labels: { name },
  };
}

/** An empty list of a task stands for what the image has; of Compose, for nothing. */
function program(
  entrypoint: string[] | undefined,
  command: string[] | undefined,
  at: (key: string) => Path,
): Pick<ContainerSpec, "command" | "args"> {
  if (entrypoint && entrypoint.length > 0)
    return { command: entrypoint, ...(command?.length ? { args: command } : {}) };
  if (entrypoint) {
    const [first, ...rest] = command ?? [];
    if (first === undefined)
      throw new Unfit(at("entrypoint"), "Without an entry point the service needs a command");
    return { command: [first], ...(rest.length > 0 ? { args: rest } : {}) };
  }
  if (command?.length === 0)
    throw new Unfit(at("command"), "An empty command would be the image's own: remove it, or write one");
  return command ? { args: command } : {};
}

function variables(value: unknown, path: Path): EnvVar[] {
  const valueless = (key: string) => `${key} has no value: a task takes none from the environment of Compose`;
  // Of a name that is there twice, the last value counts.
  const found = new Map<string, string>();
  if (Array.isArray(value))
    value.forEach((entry, i) => {
      const [key = "", ...rest] = textOf(entry, [...path, i]).split("=");
      if (rest.length === 0) throw new Unfit([...path, i], valueless(key));
      found.set(key, rest.join("="));
    });
  else if (isFields(value))
    for (const [key, given] of Object.entries(value)) {
      if (given === null) throw new Unfit([...path, key], valueless(key));
      found.set(key, textOf(given, [...path, key]));
    }
  else throw new Unfit(path, "environment must be a list, or names with values");
  return [...found].map(([key, value]) => ({ key, value }));
}

/** All units count in steps of 1024; 0 is no limit. */
function bytes(text: string, path: Path): number | undefined {
  const [, number, unit = ""] = /^(\d+(?:\.\d+)?) ?([kmgtp]?)i?b?$/i.exec(text) ?? [];
  const size = Math.round(Number(number) * 1024 ** " kmgtp".indexOf(unit.toLowerCase() || " "));
  if (!Number.isSafeInteger(size)) throw new Unfit(path, "mem_limit must be as in 512m");
  return size === 0 ? undefined : size;
}

function percent(text: string, path: Path): number | undefined {
  const cpus = /^\d*\.?\d+$/.test(text) ? Number(text) : NaN;
  const whole = Math.round(cpus * 100);
  if (Number.isNaN(cpus) || (cpus > 0 && whole === 0))
    throw new Unfit(path, "cpus must be a number of processors, 0.01 at least");
  return whole === 0 ? undefined : whole;
}

function processes(text: string, path: Path): number | undefined {
  if (text === "0" || text === "-1") return undefined;
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new Unfit(path, "pids_limit must be a whole number");
  return Number(text);
}

type Restart = Pick<TaskSpec, "maxRetries"> & { restart?: RestartPolicy };

function restartOf(text: string, path: Path): Restart {
  if (text === "no" || text === "") return {};
  if (text === "always" || text === "unless-stopped") return { restart: { type: "always" } };
  const [, times] = /^on-failure(?::(\d{1,15}))?$/.exec(text) ?? [];
  if (!text.startsWith("on-failure") || (times === undefined && text !== "on-failure"))
    throw new Unfit(path, "restart must be no, always, on-failure, on-failure:3 or unless-stopped");
  // Without a number, and with 0, there is no end of it.
  return { restart: { type: "onFailure" }, ...(Number(times ?? 0) > 0 ? { maxRetries: Number(times) } : {}) };
}
