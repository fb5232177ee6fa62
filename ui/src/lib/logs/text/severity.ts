// Recognises how serious a line says it is: for the mark in the gutter and for "next error". Words alone do not count: "0 errors"
// and "error.log" are no errors; a level has to stand where programs put one.
//
// The pattern for errors is also given to the backend's search, so it keeps to what both regex dialects share.

export type Severity = "error" | "warning";

const EDGE = String.raw`(?:^|[\s\[(|<"=:])`;
const END = String.raw`(?:$|[\s\])|>":!,])`;
const LEVEL_KEY = String.raw`(?:level|lvl|severity|levelname)"?\s*[=:]\s*"?`;

/** One expression for JavaScript and for the Rust crate `regex`; case counts. */
export const ERROR_PATTERN = [
  `${EDGE}(?:ERROR|FATAL|CRITICAL|SEVERE|PANIC|EMERG|ALERT)${END}`,
  String.raw`(?:^|\s)(?:[\w.]+\.)?(?:[A-Z]\w*)?(?:error|Error|ERROR|fatal|Fatal|panic|Exception)(?:\[\w+\])?:(?:\s|$)`,
  String.raw`[\[<(](?:error|err|fatal|crit)[\])>]`,
  `${LEVEL_KEY}(?:error|err|fatal|critical|panic|ERROR|FATAL|CRITICAL)`,
  String.raw`^Traceback \(most recent call last\)`,
  `npm ERR!`,
  String.raw`panicked at `,
].join("|");

const WARNING_PATTERN = [
  `${EDGE}(?:WARN|WARNING)${END}`,
  String.raw`(?:^|\s)(?:[A-Z]\w*)?(?:warning|Warning|warn)(?:\[\w+\])?:(?:\s|$)`,
  String.raw`[\[<(](?:warning|warn)[\])>]`,
  `${LEVEL_KEY}(?:warning|warn|WARN)`,
].join("|");

const ERROR = new RegExp(ERROR_PATTERN);
const WARNING = new RegExp(WARNING_PATTERN);
/** Levels stand at the beginning of a line; what follows is what the line is about. */
const HEAD = 240;

export function severityOf(plain: string): Severity | null {
  const head = plain.length > HEAD ? plain.slice(0, HEAD) : plain;
  if (ERROR.test(head)) return "error";
  return WARNING.test(head) ? "warning" : null;
}

const ENOUGH = 8;

/** Whether marks tell anything here: where nearly every line would have one, they are left out. */
export function marksFit(rows: readonly (Severity | null)[]): boolean {
  const marked = rows.filter((one) => one !== null).length;
  return rows.length < ENOUGH || marked <= rows.length * 0.7;
}
