// What is secret: values by their names, of variables and wherever a name and a value are written in a text, and parts of any text by
// their form. The rules are those of `crates/model/src/secret.rs`, which says what each list means; the same cases hold for both.
import type { EnvVar, TaskSpec } from "../api/types";
import { RULES } from "./secret-rules";

export const MASK: string = RULES.mask;

/** The words of a name in capitals between underscores, also around them. Digits at a word's end are left out. */
function words(name: string): string {
  const parts = name
    .replaceAll(/([a-z])([A-Z])/g, "$1_$2")
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.toUpperCase().replace(/[0-9]+$/, ""));
  return `_${parts.filter((word) => word !== "").join("_")}_`;
}

function isSecret(name: string): boolean {
  let rest = name;
  if (RULES.harmlessNames.includes(rest.slice(1, -1))) return false;
  for (const phrase of RULES.harmlessPhrases) rest = rest.replaceAll(`_${phrase}_`, "_");
  if (RULES.phrases.some((phrase) => rest.includes(`_${phrase}_`))) return true;
  const all = rest.split("_").filter((word) => word !== "");
  return (
    RULES.lastWords.includes(all.at(-1) ?? "") ||
    all.some((word) => RULES.words.includes(word) || RULES.endings.some((ending) => word.endsWith(ending)))
  );
}

export const looksSecret = (name: string): boolean => isSecret(words(name));

const PLACEHOLDER = new RegExp(RULES.placeholder);
const HARMLESS_WRITTEN = new RegExp(RULES.harmlessWrittenValue);

/** Is a value masked for a name with these words? */
function hides(name: string, value: string): boolean {
  if (RULES.harmlessValues.includes(value.toLowerCase()) || PLACEHOLDER.test(value) || isMasked(value))
    return false;
  if (!/^[0-9]*$/.test(value)) return isSecret(name);
  return isSecret(RULES.counted.reduce((rest, counted) => rest.replaceAll(`_${counted}_`, "_"), name));
}

/** The same of a name that is written in a text. */
function hidesWritten(name: string, value: string): boolean {
  const all = words(name);
  const bare = all.slice(1, -1);
  const last = bare.split("_").at(-1) ?? "";
  const saysNothing =
    /[a-z]/.test(name) && (RULES.harmlessWritten.includes(bare) || RULES.harmlessLastWords.includes(last));
  return !saysNothing && !HARMLESS_WRITTEN.test(value) && hides(all, value);
}

type Span = [from: number, to: number];

const VALUES = [...RULES.values, ...RULES.commandLines].map(
  (rule) => new RegExp(rule.pattern, "ignoreCase" in rule && rule.ignoreCase ? "gi" : "g"),
);
const SETTING = new RegExp(RULES.setting);
const SCHEME = new RegExp(RULES.scheme, "i");
const UNQUOTED = new RegExp(RULES.unquoted);
const REST_OF_LINE = new RegExp(RULES.restOfLine);
/** So many letters before a name tell whether it is one. */
const LOOK_BACK = 1000;
/** The longer ones first. */
const QUOTES = ['\\"', "\\'", '"', "'"];

/** The values that are written behind a name that hides them. */
function writtenIn(text: string): Span[] {
  const found: Span[] = [];
  const assignment = new RegExp(RULES.assignment, "g");
  for (let match = assignment.exec(text); match; match = assignment.exec(text)) {
    const [all, name = "", closing = "", sign = ""] = match;
    if (!looksSecret(name)) continue;
    const at = match.index + all.length;
    const before = text.slice(Math.max(match.index - LOOK_BACK, 0), match.index);
    const value = valueAt(text, at, before, name, closing, sign);
    if (value && hidesWritten(name, text.slice(...value))) {
      found.push(value);
      assignment.lastIndex = value[1];
    }
  }
  return found;
}

/** The value that begins at `at`, behind a name and a sign, if that is what they mean there. */
function valueAt(
  text: string,
  at: number,
  before: string,
  name: string,
  closing: string,
  sign: string,
): Span | undefined {
  const [rest, kind] = [text.slice(at), sign.trim()];
  if (kind === "") {
    const isName = name.startsWith("-") || SETTING.test(before + name + closing + sign);
    if (!isName || /^[-|&;><)]/.test(rest)) return undefined;
  }
  const within = QUOTES.find((quote) => before.endsWith(quote));
  const opening = QUOTES.find((quote) => rest.startsWith(quote));
  if (opening !== undefined) {
    // The end of the text in which the name stands: there is no value.
    if (closing === "" && within === opening) return undefined;
    const from = at + opening.length;
    const to = from + quotedLength(text.slice(from), opening);
    const start = behindScheme(text, from);
    return start < to ? [start, to] : undefined;
  }
  const start = behindScheme(text, at);
  const upToEnd = (rule: RegExp): Span | undefined => {
    const value = rule.exec(text.slice(start))?.[1];
    return value === undefined ? undefined : [start, start + value.length];
  };
  if (kind !== ":") {
    // `NAME= program` sets it to nothing.
    const isEmpty = sign.length > 1 && sign.startsWith("=");
    return isEmpty || /^[=~>:]/.test(rest) ? undefined : upToEnd(UNQUOTED);
  }
  if (/^[{[|>&*!:/\\]/.test(rest)) return undefined;
  if (closing !== "") return upToEnd(UNQUOTED);
  const indented = before.replace(/[ \t-]+$/, "");
  const beginsItem = before.includes("{") && /[,{]$/.test(indented);
  if (sign.endsWith(":")) {
    // Else it is a host and its port, or a place of another kind.
    const begins = beginsItem || /(?:^|[\s"'=(])\/?$/.test(before);
    return begins && !/^[0-9]+(?![\p{L}\p{N}])/u.test(rest) ? upToEnd(UNQUOTED) : undefined;
  }
  const beginsLine = indented === "" || /[\n\r"'=]$/.test(indented);
  const value = beginsItem || beginsLine ? upToEnd(REST_OF_LINE) : undefined;
  if (!value || within === undefined) return value;
  const quote = text.slice(...value).indexOf(within);
  if (quote === 0) return undefined;
  return quote < 0 ? value : [value[0], value[0] + quote];
}

/** Up to the quote that closes it, or all. */
function quotedLength(text: string, quote: string): number {
  for (let end = text.indexOf(quote); end >= 0; end = text.indexOf(quote, end + quote.length))
    if (text[end - 1] !== "\\") return end;
  return text.length;
}

const behindScheme = (text: string, at: number): number =>
  at + (SCHEME.exec(text.slice(at))?.[0].length ?? 0);

/** Where the secrets of a text are, in order: each from its first character to before its end. */
function secretsIn(text: string): Span[] {
  const found = writtenIn(text);
  for (const value of VALUES) {
    for (const match of text.matchAll(value)) {
      const [, before = "", secret = ""] = match;
      const from = match.index + before.length;
      if (!isMasked(secret)) found.push([from, from + secret.length]);
    }
  }
  found.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const joined: Span[] = [];
  for (const [from, to] of found) {
    const last = joined.at(-1);
    if (last && from < last[1]) last[1] = Math.max(last[1], to);
    else joined.push([from, to]);
  }
  return joined;
}

/** Any text as it may be shown: passwords in URLs, private keys and tokens of well-known forms are masked. */
export function maskedText(text: string): string {
  let [shown, at] = ["", 0];
  for (const [from, to] of secretsIn(text)) {
    shown += text.slice(at, from) + MASK;
    at = to;
  }
  return shown + text.slice(at);
}

/** Is this a value that the app has hidden already? It stands for the value of the task that it was read from. */
export const isMasked = (value: string): boolean => value.includes(MASK);

/** A mask says whose secret it stands for (crates/model, `masks.rs`), which is for who gives it back, and not to be read. */
const MARK = new RegExp(`(${MASK})\\([\\w-]+/[\\w.-]+\\)`, "g");

/** A text with masks as a person reads it. */
export const withoutMarks = (text: string): string => text.replaceAll(MARK, "$1");

/** Has a variable a value that must not be shown or kept as it is? */
export function holdsSecret({ key, value }: EnvVar): boolean {
  return hides(words(key), value) || isMasked(value) || secretsIn(value).length > 0;
}

/** A copy of the spec whose secret values are empty; `hidden` says how many there were. */
export function withoutSecrets(spec: TaskSpec): { spec: TaskSpec; hidden: number } {
  let hidden = 0;
  const clean = <T extends { env?: EnvVar[] }>(task: T): T => {
    if (task.env === undefined) return task;
    const env = task.env.map((entry) => {
      if (!holdsSecret(entry)) return entry;
      hidden++;
      return { ...entry, value: "" };
    });
    return { ...task, env };
  };
  const { kind } = spec;
  const safe: TaskSpec =
    "subprocess" in kind
      ? { ...spec, kind: { subprocess: clean(kind.subprocess) } }
      : "container" in kind
        ? { ...spec, kind: { container: clean(kind.container) } }
        : { ...spec, kind: { wasm: clean(kind.wasm) } };
  return { spec: safe, hidden };
}
