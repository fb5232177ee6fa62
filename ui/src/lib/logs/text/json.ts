// Reads a log line that is one JSON object as fields: time, level and message first, the others behind as they came. Values are those
// of the line's own text: a number is never read as one, so none loses its last digits.
import { parseTree, type Node } from "jsonc-parser";

export interface Fields {
  readonly time: string;
  readonly level: string;
  readonly message: string;
  readonly rest: readonly (readonly [key: string, value: string])[];
}

export const TIME: readonly string[] = ["time", "timestamp", "@timestamp", "ts", "datetime"];
export const LEVEL: readonly string[] = ["level", "lvl", "severity", "levelname", "log.level"];
export const MESSAGE: readonly string[] = ["msg", "message", "event", "text"];
/** pino and bunyan write levels as numbers. */
const NUMBERS: ReadonlyMap<string, string> = new Map([
  ["10", "trace"],
  ["20", "debug"],
  ["30", "info"],
  ["40", "warn"],
  ["50", "error"],
  ["60", "fatal"],
]);

export interface Field {
  readonly key: string;
  readonly value: string;
  /** Not an object or an array. */
  readonly plain: boolean;
}

export function jsonFields(text: string): Fields | null {
  const left = fieldsIn(text);
  if (left === null) return null;
  const take = (names: readonly string[]): string => {
    for (const name of names) {
      const at = left.findIndex(({ key, plain }) => plain && key === name);
      if (at >= 0) return left.splice(at, 1)[0]?.value ?? "";
    }
    return "";
  };
  const time = take(TIME);
  const level = levelName(take(LEVEL));
  const message = take(MESSAGE);
  return {
    time,
    level,
    message,
    rest: left.map(({ key, value }) => [key, value] as const),
  };
}

/** A level as people call it. */
export const levelName = (said: string): string => NUMBERS.get(said) ?? said;

/** Deeper ones are not read as records, and neither are they by a search for fields. */
const MAX_DEPTH = 127;

function tooDeep(json: string): boolean {
  let depth = 0;
  for (const [sign] of json.matchAll(/"(?:[^"\\]|\\.)*"|[[{\]}]/g)) {
    if (sign === "[" || sign === "{") depth += 1;
    else if (sign === "]" || sign === "}") depth -= 1;
    if (depth > MAX_DEPTH) return true;
  }
  return false;
}

/** It is one JSON object and nothing else. */
export function isObject(text: string): boolean {
  const trimmed = text.trim();
  if (!trimmed.startsWith("{") || !trimmed.endsWith("}") || tooDeep(trimmed)) return false;
  try {
    JSON.parse(trimmed);
    return true;
  } catch {
    return false;
  }
}

/** In their order, also those that are there twice. */
export function fieldsIn(text: string): Field[] | null {
  if (!isObject(text)) return null;
  const trimmed = text.trim();
  const root = parseTree(trimmed);
  if (root?.type !== "object") return null;
  return (root.children ?? []).flatMap(({ children: [key, value] = [] }): Field[] =>
    key && value
      ? [{ key: String(key.value), value: written(trimmed, value), plain: value.children === undefined }]
      : [],
  );
}

function written(text: string, { type, value, offset, length }: Node): string {
  return type === "string" ? String(value) : text.slice(offset, offset + length);
}

const ENOUGH = 4;

/** Whether to offer fields: most of the lines that are shown are JSON. */
export function mostlyJson(texts: readonly string[]): boolean {
  const told = texts.filter((text) => text.trim() !== "");
  if (told.length < ENOUGH) return false;
  return told.filter(isObject).length > told.length * 0.6;
}
