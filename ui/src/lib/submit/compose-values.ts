// Values of a Compose file: texts and numbers as they are written, and what Compose would fill in.
import type { Mismatch } from "./shape";

export type Path = Mismatch["path"];
export type Fields = Readonly<Record<string, unknown>>;

/** Carries the first thing that a task cannot hold. */
export class Unfit extends Error {
  constructor(
    readonly path: Path,
    message: string,
  ) {
    super(message);
  }
}

/** A number as it is written: a double holds not all of them, and Compose makes text of many. */
export class Numeral {
  constructor(readonly source: string) {}
}

export const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Numeral);

/** What other programs keep in the file, and anchors. */
export const isExtension = (key: string): boolean => key.startsWith("x-");

/** The numbers that are the same text in every notation. */
const SURE = /^(?:-?(?:0|[1-9]\d{0,17})|-?(?:0|[1-9]\d{0,4})\.\d{0,3}[1-9])$/;

/** Of a field that is read as a number. */
export const numberOf = (value: unknown, path: Path): string =>
  value instanceof Numeral ? value.source : textOf(value, path);

export function textOf(value: unknown, path: Path): string {
  if (value instanceof Numeral) {
    if (SURE.test(value.source)) return value.source;
    throw new Unfit(path, `Write "${value.source}" in quotes: Compose may read this number as another text`);
  }
  if (typeof value === "boolean") return String(value);
  if (typeof value !== "string") throw new Unfit(path, "This must be text");
  return plain(value, path);
}

function plain(value: string, path: Path): string {
  const [found] = value.replaceAll("$$", " ").match(/\$(?:\{[^}]*\}?|[A-Za-z_]\w*)?/) ?? [];
  if (found === "$") throw new Unfit(path, "Compose takes $ for a variable: write $$ for a dollar sign");
  if (found !== undefined)
    throw new Unfit(path, `${found} is filled in by Compose: write what it stands for`);
  return value.replaceAll("$$", () => "$");
}
