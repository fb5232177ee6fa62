// Reads a log line that is one JSON object as fields: time, level and message first, the others behind as they came. Values are those
// of the line's own text: a number is never read as one, so none loses its last digits.
import { parseTree, type Node } from "jsonc-parser";

export interface Fields {
  readonly time: string;
  readonly level: string;
  readonly message: string;
  readonly rest: readonly (readonly [key: string, value: string])[];
}

/** Of several that a record has, the first is taken. */
export const TIME: readonly string[] = ["time", "timestamp", "@timestamp", "ts", "datetime", "@t"];
export const LEVEL: readonly string[] = [
  "level",
  "lvl",
  "severity",
  "levelname",
  "log.level",
  "loglevel",
  "log_level",
  "@l",
];
export const MESSAGE: readonly string[] = ["msg", "message", "event", "text", "@m", "@mt"];
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

const plain = (name: string): string => name.normalize().replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/** Whether two names are one field's: the case of ASCII is not looked at, nor how a letter and its mark are written. */
export const sameName = (one: string, other: string): boolean => plain(one) === plain(other);

/** A half of a pair of surrogates is no character: one is put in its place, that a search for it finds. */
export const wellFormed = (text: string): string => text.replace(/\p{Surrogate}/gu, "\ufffd");

/** Where the first of the fields is that is called like one of these, the first of them first. */
export function indexOfNamed(fields: readonly Field[], names: readonly string[]): number {
  for (const name of names) {
    const at = fields.findIndex(({ key, plain }) => plain && sameName(key, name));
    if (at >= 0) return at;
  }
  return -1;
}

export function jsonFields(text: string): Fields | null {
  const left = fieldsIn(text);
  if (left === null) return null;
  const take = (names: readonly string[]): string => {
    const at = indexOfNamed(left, names);
    return at < 0 ? "" : (left.splice(at, 1)[0]?.value ?? "");
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

/** What Python writes for numbers that are none, JSON has no words for: numbers of the same length are put in their place. */
function withoutWords(json: string): string {
  if (!/NaN|Infinity/.test(json)) return json;
  return json.replace(/"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g, (word) =>
    word.startsWith('"') ? word : "1".padEnd(word.length, "0"),
  );
}

/** Its values stand in it where they do in the text. */
export const treeOf = (json: string): Node | undefined => parseTree(withoutWords(json));

/** It is one JSON object and nothing else. */
const isObject = (text: string): boolean => isWhole(text, "{", "}");

function isWhole(text: string, open: string, close: string): boolean {
  const trimmed = text.trim();
  if (!trimmed.startsWith(open) || !trimmed.endsWith(close) || tooDeep(trimmed)) return false;
  try {
    JSON.parse(withoutWords(trimmed));
    return true;
  } catch {
    return false;
  }
}

/** The object that a row ends with, and what is put before it: a time, the name of a service. */
export function objectIn(text: string): { readonly before: string; readonly object: string } | null {
  const row = text.trim();
  const at = isObject(row) ? 0 : row.search(/\{\s*"/);
  const object = row.slice(Math.max(at, 0));
  return at < 0 || !isObject(object) ? null : { before: row.slice(0, at), object };
}

/** In their order, also those that are there twice. */
export function fieldsIn(text: string): Field[] | null {
  return isObject(text) ? partsOf(text.trim()) : null;
}

/** The same, also of an array, whose fields are called by their places. */
export function partsIn(text: string): Field[] | null {
  return fieldsIn(text) ?? (isWhole(text, "[", "]") ? partsOf(text.trim()) : null);
}

function partsOf(json: string): Field[] | null {
  const root = treeOf(json);
  if (root === undefined) return null;
  return (root.children ?? []).flatMap((child, i): Field[] => {
    const [key, value] = root.type === "object" ? (child.children ?? []) : [undefined, child];
    if (value === undefined) return [];
    const name = key === undefined ? String(i) : wellFormed(String(key.value));
    return [{ key: name, value: written(json, value), plain: value.children === undefined }];
  });
}

function written(text: string, { type, value, offset, length }: Node): string {
  return type === "string" ? wellFormed(String(value)) : text.slice(offset, offset + length);
}

const ENOUGH = 4;

/** Whether to offer fields: most of the lines that are shown are JSON. */
export function mostlyJson(texts: readonly string[]): boolean {
  const told = texts.filter((text) => text.trim() !== "");
  if (told.length < ENOUGH) return false;
  return told.filter(isObject).length > told.length * 0.6;
}
