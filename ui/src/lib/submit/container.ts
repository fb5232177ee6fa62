// The container of the form and that of the spec, both ways without loss.
import type { ContainerSpec, EnvVar } from "../api";
import { joinCommandLine } from "../shared/quoting";
import { parseCommandLine } from "./commandLine";
import { filled, type Mount } from "./mount";

export type Pull = NonNullable<ContainerSpec["pull"]>;

export interface ContainerForm {
  image: string;
  command: string;
  args: string;
  volumes: Mount[];
  network: string;
  user: string;
  workdir: string;
  pull: Pull;
}

export function emptyContainer(): ContainerForm {
  return {
    image: "",
    command: "",
    args: "",
    volumes: [],
    network: "",
    user: "",
    workdir: "",
    pull: "missing",
  };
}

export function toContainer(
  form: ContainerForm,
  env: { env?: EnvVar[] },
  errors: Record<string, string>,
): ContainerSpec {
  const words = (text: string, name: "command" | "args"): { command?: string[]; args?: string[] } => {
    const parsed = parseCommandLine(text);
    if (parsed.error) errors[`kind.container.${name}`] = parsed.error.message;
    return parsed.args.length === 0 ? {} : { [name]: [...parsed.args] };
  };
  const given = (name: "network" | "user" | "workdir"): Partial<ContainerSpec> =>
    form[name].trim() === "" ? {} : { [name]: form[name].trim() };
  const volumes = filled(form.volumes, (source, target, rights) => ({ source, target, ...rights }));
  return {
    image: form.image.trim(),
    ...words(form.command, "command"),
    ...words(form.args, "args"),
    ...env,
    ...(volumes.length === 0 ? {} : { volumes }),
    ...given("network"),
    ...given("user"),
    ...given("workdir"),
    // As the backend writes it: the default is left out, which an earlier release understands as well.
    ...(form.pull === "missing" ? {} : { pull: form.pull }),
  };
}

export function fromContainer(spec: ContainerSpec): ContainerForm {
  const { image, command = [], args = [], volumes = [], network = "", user = "", workdir = "" } = spec;
  return {
    image,
    command: joinCommandLine(command),
    args: joinCommandLine(args),
    volumes: volumes.map(({ source, target, readOnly = false }) => ({ source, target, readOnly })),
    network,
    user,
    workdir,
    pull: spec.pull ?? "missing",
  };
}
