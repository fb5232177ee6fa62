// What is secret: values of environment variables by their names, parts of any text by their form. The rules are those of
// `crates/model/src/secret.rs`, which says what each list means; the same cases hold for both.
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

export function looksSecret(name: string): boolean {
  let rest = words(name);
  if (RULES.harmlessNames.includes(rest.slice(1, -1))) return false;
  for (const phrase of RULES.harmlessPhrases) rest = rest.replaceAll(`_${phrase}_`, "_");
  if (RULES.phrases.some((phrase) => rest.includes(`_${phrase}_`))) return true;
  const all = rest.split("_").filter((word) => word !== "");
  return (
    RULES.lastWords.includes(all.at(-1) ?? "") ||
    all.some((word) => RULES.words.includes(word) || RULES.endings.some((ending) => word.endsWith(ending)))
  );
}

const VALUES = RULES.values.map(
  (rule) => new RegExp(rule.pattern, "ignoreCase" in rule && rule.ignoreCase ? "gi" : "g"),
);

/** Where the secrets of a text are, in order: each from its first character to before its end. */
function secretsIn(text: string): [from: number, to: number][] {
  const found: [number, number][] = [];
  for (const value of VALUES) {
    for (const match of text.matchAll(value)) {
      const [, before = "", secret = ""] = match;
      const from = match.index + before.length;
      if (!secret.includes(MASK)) found.push([from, from + secret.length]);
    }
  }
  found.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const joined: [number, number][] = [];
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

const PLACEHOLDER = new RegExp(RULES.placeholder);

/** Has a variable a value that must not be shown or kept as it is? */
export function holdsSecret({ key, value }: EnvVar): boolean {
  if (RULES.harmlessValues.includes(value.toLowerCase()) || PLACEHOLDER.test(value)) return false;
  return looksSecret(key) || isMasked(value) || secretsIn(value).length > 0;
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
