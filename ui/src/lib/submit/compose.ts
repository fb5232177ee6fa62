// A service of a Compose file as a task: pasted where the task is written as YAML. What a task has no counterpart for is named, so that
// nothing gets lost unseen.
import type { ContainerSpec, EnvVar, ResourceLimits, RestartPolicy, TaskSpec } from "../api";
import { parseSize } from "../shared/size";
import { parseCommandLine } from "./commandLine";
import type { Mismatch } from "./shape";

type Path = Mismatch["path"];
type Fields = Readonly<Record<string, unknown>>;

/** Carries the first thing that a task cannot hold. */
class Unfit extends Error {
  constructor(
    readonly path: Path,
    message: string,
  ) {
    super(message);
  }
}

/** Of the file itself: what only names things, and what is looked at with the service. */
const AROUND = new Set(["version", "name", "services", "volumes", "networks"]);
/** Of the service: what says nothing that a task could not do without. */
const IDLE = new Set(["container_name", "hostname", "stdin_open", "tty", "init", "labels", "logging"]);

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Whether the document is a Compose file and no task. */
export const isCompose = (value: unknown): value is Fields =>
  isFields(value) && isFields(value.services) && !("kind" in value);

export function fromCompose(file: Fields): { readonly spec: TaskSpec } | Mismatch {
  try {
    for (const key of Object.keys(file))
      if (!AROUND.has(key)) throw new Unfit([key], `A task knows no ${key} of a Compose file`);
    const services = Object.entries(isFields(file.services) ? file.services : {});
    const [first, second] = services;
    if (!first) throw new Unfit(["services"], "There is no service in this Compose file");
    if (second)
      throw new Unfit(
        ["services", second[0]],
        "A task is one service: leave the one that is to run, and make a task of each of the others",
      );
    return { spec: taskOf(first[0], first[1]) };
  } catch (thrown) {
    if (thrown instanceof Unfit) return { path: thrown.path, message: thrown.message };
    throw thrown;
  }
}

function taskOf(name: string, service: unknown): TaskSpec {
  const at = (...more: Path): Path => ["services", name, ...more];
  if (!isFields(service)) throw new Unfit(at(), "The service must have fields");
  const text = (key: string): string | undefined => {
    const value = service[key];
    if (value === undefined || value === null) return undefined;
    if (typeof value !== "string" && typeof value !== "number")
      throw new Unfit(at(key), `${key} must be text`);
    return plain(String(value), at(key));
  };
  const words = (key: string): string[] | undefined => {
    const value = service[key];
    if (value === undefined || value === null) return undefined;
    if (Array.isArray(value)) return value.map((word, i) => plain(String(word), at(key, i)));
    const parsed = parseCommandLine(plain(String(value), at(key)));
    if (parsed.error) throw new Unfit(at(key), parsed.error.message);
    return [...parsed.args];
  };
  const container: ContainerSpec = { image: text("image") ?? "" };
  const limits: ResourceLimits = {};
  let restart: { restart?: RestartPolicy; maxRetries?: number } = {};
  if (container.image === "") throw new Unfit(at(), "The service needs an image: a task builds none");
  for (const key of Object.keys(service)) {
    const value = asText(service[key]);
    switch (key) {
      case "image":
        break;
      case "entrypoint":
        container.command = words(key) ?? [];
        break;
      case "command":
        container.args = words(key) ?? [];
        break;
      case "environment":
        container.env = variables(service[key], at(key));
        break;
      case "volumes":
        container.volumes = volumes(service[key], at(key));
        break;
      case "network_mode":
        container.network = text(key) ?? "";
        break;
      case "user":
        container.user = text(key) ?? "";
        break;
      case "working_dir":
        container.workdir = text(key) ?? "";
        break;
      case "pull_policy":
        if (value === "always" || value === "never") container.pull = value;
        else if (value !== "missing" && value !== "if_not_present")
          throw new Unfit(at(key), "pull_policy must be always, never or missing");
        break;
      case "mem_limit":
        limits.memoryBytes = bytes(value, at(key));
        break;
      case "cpus":
        limits.cpuPercent = Math.round(Number(value) * 100);
        break;
      case "pids_limit":
        limits.processes = Number(value);
        break;
      case "restart":
        restart = restartOf(value, at(key));
        break;
      default:
        if (!IDLE.has(key)) throw new Unfit(at(key), `A task has nothing for ${key} of a service; remove it`);
    }
  }
  return {
    slot: name.replaceAll(/[^A-Za-z0-9._-]+/g, "-").slice(0, 64),
    kind: { container },
    ...restart,
    ...(Object.keys(limits).length > 0 ? { limits } : {}),
    labels: { name },
  };
}

const asText = (value: unknown): string => (value === null || value === undefined ? "" : String(value));

/** Compose fills in what only it knows. */
function plain(value: string, path: Path): string {
  const filled = value.replaceAll("$$", "\u0000");
  const variable = /\$(?:\{[^}]*\}|[A-Za-z_]\w*)/.exec(filled)?.[0];
  if (variable !== undefined)
    throw new Unfit(path, `${variable} is filled in by Compose: write what it stands for`);
  return filled.replaceAll("\u0000", "$");
}

function variables(value: unknown, path: Path): EnvVar[] {
  const valueless = (key: string) => `${key} has no value: a task takes none from the environment of Compose`;
  if (Array.isArray(value))
    return value.map((entry, i) => {
      const [key = "", ...rest] = asText(entry).split("=");
      if (rest.length === 0) throw new Unfit([...path, i], valueless(key));
      return { key, value: plain(rest.join("="), [...path, i]) };
    });
  if (!isFields(value)) return [];
  return Object.entries(value).map(([key, given]) => {
    if (given === null) throw new Unfit([...path, key], valueless(key));
    return { key, value: plain(asText(given), [...path, key]) };
  });
}

function volumes(value: unknown, path: Path): NonNullable<ContainerSpec["volumes"]> {
  if (!Array.isArray(value)) return [];
  return value.map((entry, i) => {
    const at = [...path, i];
    const long = isFields(entry);
    const [source = "", target = "", mode = ""] = long
      ? [asText(entry.source), asText(entry.target), entry.read_only === true ? "ro" : ""]
      : plain(asText(entry), at).split(":");
    if (target === "") throw new Unfit(at, "A volume needs a source and a target");
    if (/^[.~]/.test(source)) throw new Unfit(at, "A task needs the whole path of a volume");
    const modes = mode.split(",").filter((word) => word !== "" && word !== "rw");
    if (modes.some((word) => word !== "ro"))
      throw new Unfit(at, `A task has nothing for ${mode} of a volume; remove it`);
    return { source, target, ...(modes.includes("ro") ? { readOnly: true } : {}) };
  });
}

/** `512m` and `1.5g` count in steps of 1024. */
function bytes(value: string, path: Path): number {
  const unit = /^([\d.]+)\s*([bkmg])b?$/i.exec(value);
  const size = unit
    ? Math.round(Number(unit[1]) * 1024 ** "bkmg".indexOf((unit[2] ?? "b").toLowerCase()))
    : parseSize(value);
  if (size === undefined || !Number.isFinite(size)) throw new Unfit(path, "mem_limit must be as in 512m");
  return size;
}

function restartOf(value: string, path: Path): { restart?: RestartPolicy; maxRetries?: number } {
  const [word, times] = value.split(":");
  if (word === "no" || value === "false" || value === "") return {};
  if (word === "always" || word === "unless-stopped") return { restart: { type: "always" } };
  if (word !== "on-failure")
    throw new Unfit(path, "restart must be no, always, on-failure or unless-stopped");
  return {
    restart: { type: "onFailure" },
    ...(times === undefined ? {} : { maxRetries: Number(times) }),
  };
}
