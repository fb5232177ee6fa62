// The language of the filter bar: `state:failed lane:etl label:team=data label:nightly since:1d exit:137` and free text.
// `label:nightly` is short for `label:name=nightly`.
// Pure: text in, tokens and a ListQuery out. A token that makes no sense is reported, never silently dropped.
import type { ListQuery, Phase } from "../api/types";
import { GROUPS, PHASES } from "../shared/phase";

interface Problem {
  token: string;
  message: string;
}
export interface Filter {
  phases: Phase[];
  lane?: string;
  labels: Record<string, string>;
  /** How far back, in milliseconds before now. */
  since?: number;
  exit?: number;
  text: string;
  problems: Problem[];
}

const UNITS: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

const STATES = new Map<string, readonly Phase[]>([
  ...GROUPS.filter((group) => group.key !== "all").map((group): [string, readonly Phase[]] => [
    group.key,
    group.phases,
  ]),
  ...PHASES.filter((phase) => phase !== "failed").map((phase): [string, readonly Phase[]] => [
    phase,
    [phase],
  ]),
]);
export const STATE_NAMES = [...STATES.keys()];

/** Splits on spaces; double quotes keep spaces together, also inside a token (`label:team="web ui"`); two are one of them. */
export function words(text: string): string[] {
  return [...text.matchAll(/(?:[^\s"]|"(?:[^"]|"")*"?)+/g)].map((match) => match[0]);
}
const unquote = (word: string) =>
  word.replace(/"((?:[^"]|"")*)"?/g, (_, inner: string) => inner.replaceAll('""', '"'));
const quote = (value: string) => `"${value.replaceAll('"', '""')}"`;

export function parseFilter(text: string): Filter {
  // Without a prototype: a label may be called `constructor`.
  const labels = Object.create(null) as Record<string, string>;
  const filter: Filter = { phases: [], labels, text: "", problems: [] };
  const free: string[] = [];
  for (const word of words(text)) {
    const match = /^(state|lane|label|since|exit):(.*)$/is.exec(word);
    if (!match) {
      const said = unquote(word);
      if (said) free.push(said);
      continue;
    }
    const name = (match[1] ?? "").toLowerCase();
    const raw = match[2] ?? "";
    const value = unquote(raw);
    const problem =
      raw === "" || (value === "" && name !== "label")
        ? `${name}: needs a value`
        : name === "label"
          ? applyLabel(filter.labels, raw)
          : apply(filter, name, value);
    if (problem) filter.problems.push({ token: word, message: problem });
  }
  filter.text = free.join(" ");
  return filter;
}

/** Adds one token; returns what is wrong with it, if anything. */
function apply(filter: Filter, name: string, value: string): string | undefined {
  switch (name) {
    case "state":
      for (const state of value.toLowerCase().split(",")) {
        const phases = STATES.get(state);
        if (!phases) return `no state "${state}"; one of ${STATE_NAMES.join(", ")}`;
        for (const phase of phases) if (!filter.phases.includes(phase)) filter.phases.push(phase);
      }
      return undefined;
    case "lane":
      if (filter.lane !== undefined && filter.lane !== value) return "only one lane at a time";
      filter.lane = value;
      return undefined;
    case "since": {
      const span = /^(\d+(?:\.\d+)?)([smhdw])$/i.exec(value);
      if (!span) return "a time like 30m, 12h, 1d";
      filter.since = Number(span[1]) * (UNITS[(span[2] ?? "").toLowerCase()] ?? 0);
      return undefined;
    }
    default: {
      const code = /^-?\d+$/.test(value) ? Number(value) : NaN;
      if (code !== (code | 0)) return "an exit code is a whole number";
      filter.exit = code | 0;
      return undefined;
    }
  }
}

/** `key=value`, or a bare name: the label `name` is what a task is called. */
function applyLabel(labels: Record<string, string>, raw: string): string | undefined {
  // What is quoted is part of the key or the value, so that either may hold a `=`; a quote round both is forgiven.
  const apart = /^((?:[^"=]|"(?:[^"]|"")*"?)*)=(.*)$/s.exec(raw)?.slice(1).map(unquote);
  const [key = "name", wanted = unquote(raw)] = apart ?? /^([^=]*)=(.*)$/s.exec(unquote(raw))?.slice(1) ?? [];
  if (key.trim() === "") return "a label as key=value";
  if (labels[key] !== undefined && labels[key] !== wanted) return `only one value of ${key} at a time`;
  labels[key] = wanted;
  return undefined;
}

export function toQuery(filter: Filter, now: number): ListQuery {
  const query: ListQuery = {};
  if (filter.phases.length) query.phases = filter.phases;
  if (filter.lane !== undefined) query.slot = filter.lane;
  if (Object.keys(filter.labels).length) query.labels = filter.labels;
  // Whole milliseconds, and not before time began: the backend takes nothing else.
  if (filter.since !== undefined) query.sinceMs = Math.max(0, Math.round(now - filter.since));
  if (filter.exit !== undefined) query.exitCode = filter.exit;
  if (filter.text) query.text = filter.text;
  return query;
}

const quoteIfNeeded = (value: string) => (value === "" || /[\s"]/.test(value) ? quote(value) : value);
export const stateToken = (key: string) => `state:${key}`;
export const laneToken = (slot: string) => `lane:${quoteIfNeeded(slot)}`;
export const labelToken = (key: string, value: string) =>
  key === "name" && !value.includes("=")
    ? `label:${quoteIfNeeded(value)}`
    : `label:${key.includes("=") ? quote(key) : quoteIfNeeded(key)}=${quoteIfNeeded(value)}`;

export const hasToken = (text: string, token: string): boolean => words(text).includes(token);

/** Puts a token in, replacing others of its kind (one state, one lane); a second time takes it out. */
export function toggleToken(text: string, token: string): string {
  const list = words(text);
  if (list.includes(token)) return list.filter((word) => word !== token).join(" ");
  const kind = token.slice(0, token.indexOf(":") + 1);
  const kept = kind === "label:" ? list : list.filter((word) => !word.toLowerCase().startsWith(kind));
  return [...kept, token].join(" ");
}

export const withoutKind = (text: string, kind: string): string =>
  words(text)
    .filter((word) => !word.toLowerCase().startsWith(`${kind}:`))
    .join(" ");
