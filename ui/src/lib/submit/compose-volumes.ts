// The volumes of a service of a Compose file, in its short and its long form.
import type { ContainerSpec } from "../api";
import { isExtension, isFields, textOf, Unfit, type Fields, type Path } from "./compose-values";

type Volume = NonNullable<ContainerSpec["volumes"]>[number];

export function volumesOf(value: unknown, path: Path, file: Fields): Volume[] {
  if (!Array.isArray(value)) throw new Unfit(path, "volumes must be a list");
  return value.map((entry, i) => {
    const at = [...path, i];
    const volume = isFields(entry) ? fromLong(entry, at) : fromShort(textOf(entry, at), at);
    if (/^[.~]/.test(volume.source)) throw new Unfit(at, "A task needs the whole path of a volume");
    return volume.source.startsWith("/") ? volume : { ...volume, source: nameOf(volume.source, file) };
  });
}

function fromShort(text: string, at: Path): Volume {
  const [source = "", target = "", mode = "", ...more] = text.split(":");
  if (source === "" || target === "") throw new Unfit(at, "A volume needs a source and a target");
  const modes = mode.split(",").filter((word) => word !== "" && word !== "rw");
  if (modes.some((word) => word !== "ro") || more.length > 0)
    throw new Unfit(at, `A task has nothing for ${[mode, ...more].join(":")} of a volume; remove it`);
  return { source, target, ...(modes.includes("ro") ? { readOnly: true } : {}) };
}

/** What says of a long form what is so anyway. A folder that is not there is never made: its task says so. */
const USUAL: Readonly<Record<string, (value: unknown) => boolean>> = {
  "bind.create_host_path": (value) => typeof value === "boolean",
  "volume.nocopy": (value) => value === false,
  "volume.labels": () => true,
};

function fromLong(entry: Fields, at: Path): Volume {
  const volume: Volume = { source: "", target: "" };
  let type = "";
  for (const [key, value] of Object.entries(entry)) {
    const here = [...at, key];
    if (value === null || isExtension(key)) continue;
    if (key === "source" || key === "target") volume[key] = textOf(value, here);
    else if (key === "read_only") {
      if (typeof value !== "boolean") throw new Unfit(here, "read_only must be true or false");
      if (value) volume.readOnly = true;
    } else if (key === "type") {
      type = textOf(value, here);
      if (type !== "bind" && type !== "volume")
        throw new Unfit(here, `A task has nothing for a volume of type ${type}`);
    } else if (isFields(value) && (key === "bind" || key === "volume")) {
      for (const [inner, given] of Object.entries(value))
        if (!isExtension(inner) && !USUAL[`${key}.${inner}`]?.(given))
          throw new Unfit([...here, inner], `A task has nothing for ${inner} of a volume; remove it`);
    } else throw new Unfit(here, `A task has nothing for ${key} of a volume; remove it`);
  }
  if (volume.source === "" || volume.target === "")
    throw new Unfit(at, "A volume needs a source and a target");
  if (type === "") throw new Unfit(at, "A volume needs a type: bind or volume");
  if (type === "bind" && !volume.source.startsWith("/"))
    throw new Unfit(at, "A task needs the whole path of a volume");
  if (type === "volume" && volume.source.startsWith("/"))
    throw new Unfit(at, "A volume of type volume has a name, and no path");
  return volume;
}

/** As the engine knows it: Compose puts the name of its project before one that is its own, where the file has one. */
function nameOf(key: string, file: Fields): string {
  const at = ["volumes", key];
  const set = isFields(file.volumes) && Object.hasOwn(file.volumes, key) ? file.volumes[key] : undefined;
  const fields = set === null || set === undefined ? {} : set;
  if (!isFields(fields)) throw new Unfit(at, "The volume must have fields");
  let name: string | undefined;
  let external = false;
  for (const [field, value] of Object.entries(fields)) {
    const here = [...at, field];
    if (value === null || field === "labels" || isExtension(field)) continue;
    if (field === "name") name = textOf(value, here);
    else if (field === "external" && typeof value === "boolean") external = value;
    else if (field !== "driver" || textOf(value, here) !== "local")
      throw new Unfit(here, `A task has nothing for ${field} of a volume; remove it`);
  }
  if (name !== undefined || external || file.name === undefined || file.name === null) return name ?? key;
  return `${textOf(file.name, ["name"])}_${key}`;
}
