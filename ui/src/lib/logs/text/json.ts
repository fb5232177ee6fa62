// Reads a log line that is one JSON object as fields: time, level and message first, the others behind as they came.
import { severityOf, type Severity } from "./severity";

export interface Fields {
  readonly time: string;
  readonly level: string;
  readonly severity: Severity | null;
  readonly message: string;
  readonly rest: readonly (readonly [key: string, value: string])[];
}

const TIME = ["time", "timestamp", "@timestamp", "ts", "datetime"];
const LEVEL = ["level", "lvl", "severity", "levelname", "log.level"];
const MESSAGE = ["msg", "message", "event", "text"];
/** pino and bunyan write levels as numbers. */
const NUMBERS: Record<string, string> = {
  10: "trace",
  20: "debug",
  30: "info",
  40: "warn",
  50: "error",
  60: "fatal",
};

export function jsonFields(text: string): Fields | null {
  const trimmed = text.trim();
  if (!trimmed.startsWith("{") || !trimmed.endsWith("}")) return null;
  let value: unknown;
  try {
    value = JSON.parse(trimmed);
  } catch {
    return null;
  }
  const left = new Map(Object.entries(value as Record<string, unknown>));
  const take = (names: readonly string[]): string => {
    const name = names.find((one) => left.has(one) && typeof left.get(one) !== "object");
    if (name === undefined) return "";
    const found = written(left.get(name));
    left.delete(name);
    return found;
  };
  const time = take(TIME);
  const said = take(LEVEL);
  const level = NUMBERS[said] ?? said;
  const message = take(MESSAGE);
  return {
    time,
    level,
    severity: severityOf(`level=${level.toLowerCase()}`),
    message,
    rest: [...left].map(([key, held]) => [key, written(held)] as const),
  };
}

function written(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

const ENOUGH = 4;

/** Whether to offer fields: most of the lines that are shown are JSON. */
export function mostlyJson(texts: readonly string[]): boolean {
  const told = texts.filter((text) => text.trim() !== "");
  if (told.length < ENOUGH) return false;
  return told.filter((text) => jsonFields(text) !== null).length > told.length * 0.6;
}
