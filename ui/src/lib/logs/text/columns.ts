// Fields of records, JSON or logfmt, as columns. A field is named as the record has it, one within another by a path (`err.code`);
// `time`, `level` and `message` mean whatever the record calls these. Pure.
import { indexOfNamed, LEVEL, levelName, MESSAGE, partsIn, sameName, TIME, type Field } from "./json";
import { recordOf } from "./record";

export interface Column {
  readonly field: string;
  /** In characters. */
  readonly width: number;
}

export const COMMON = ["time", "level", "message"] as const;
/** What a column of this field is as wide as until somebody drags it. */
export const usualWidth = (field: string): number =>
  field === "time" ? 25 : field === "level" ? 8 : field === "message" ? 60 : 16;
export const MIN_WIDTH = 3;
export const MAX_WIDTH = 400;
/** More are too many to be read. */
export const MAX_COLUMNS = 24;

const NAMES: Readonly<Record<(typeof COMMON)[number], readonly string[]>> = {
  time: TIME,
  level: LEVEL,
  message: MESSAGE,
};
const isCommon = (field: string): field is (typeof COMMON)[number] => Object.hasOwn(NAMES, field);

/** What the record says in each of these fields, nothing where it has no such; null when the line is no record. */
export function cellsOf(text: string, fields: readonly string[]): readonly string[] | null {
  const record = recordOf(text);
  return record && fields.map((field) => valueOf(record, field));
}

/** The fields of a record: the common ones by what they mean, the others as they are called. */
export function namesIn(text: string): readonly string[] {
  const record = recordOf(text);
  if (record === null) return [];
  const common = COMMON.flatMap((name) =>
    fieldOf(record, name) ? [[name, fieldOf(record, name)] as const] : [],
  );
  const taken = new Set(common.map(([, field]) => field));
  const rest = record.filter((field) => !taken.has(field)).map(({ key }) => key);
  return [...new Set([...common.map(([name]) => name), ...rest])];
}

/** More are too many for a menu. */
const MAX_CONDITIONS = 6;
const MAX_VALUE = 40;

/** What a record says in its fields, each as what a search for fields takes: `level=error`. No times and messages. */
export function conditionsIn(text: string): readonly string[] {
  const told = (recordOf(text) ?? []).filter(
    ({ key, value, plain }) =>
      plain &&
      ![...TIME, ...MESSAGE].some((name) => sameName(name, key)) &&
      /^[^\s=!"]+$/.test(key) &&
      sayable(value),
  );
  return told
    .map(({ key, value }) => `${key}=${/\s/.test(value) ? `"${value}"` : value}`)
    .slice(0, MAX_CONDITIONS);
}

const sayable = (value: string): boolean =>
  value !== "" && value.length <= MAX_VALUE && !/["\\\r\n]/.test(value);

function valueOf(record: readonly Field[], field: string): string {
  const found = fieldOf(record, field);
  if (found) return field === "level" ? levelName(found.value) : found.value;
  return valueAt(record, field) ?? "";
}

/** By its path. */
function valueAt(record: readonly Field[], path: string): string | undefined {
  const found = named(record, path);
  if (found) return found.value;
  for (let at = path.indexOf("."); at >= 0; at = path.indexOf(".", at + 1)) {
    const outer = named(record, path.slice(0, at));
    const inner = outer && !outer.plain ? partsIn(outer.value) : null;
    const value = inner && valueAt(inner, path.slice(at + 1));
    if (value !== null && value !== undefined) return value;
  }
  return undefined;
}

const named = (record: readonly Field[], name: string): Field | undefined =>
  record.find(({ key }) => key === name) ?? record.find(({ key }) => sameName(key, name));

function fieldOf(record: readonly Field[], field: string): Field | undefined {
  return isCommon(field) ? record[indexOfNamed(record, NAMES[field])] : named(record, field);
}
