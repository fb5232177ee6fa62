// The language of the filter bar: `state:failed lane:etl label:team=data label:nightly since:1d exit:137` and free text.
// `label:nightly` is short for `label:name=nightly`.
// Pure: text in, tokens and a ListQuery out. A token that makes no sense is reported, never silently dropped.
import type { ListQuery, Phase } from "../api/types";
import { GROUPS, PHASES } from "../shared/phase";

export interface Problem {
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

/** Splits on spaces; double quotes keep spaces together, also inside a token (`label:team="web ui"`). */
export function words(text: string): string[] {
  return [...text.matchAll(/(?:[^\s"]|"[^"]*"?)+/g)].map((match) => match[0]);
}
const unquote = (word: string) => word.replaceAll('"', "");

export function parseFilter(text: string): Filter {
  const filter: Filter = { phases: [], labels: {}, text: "", problems: [] };
  const free: string[] = [];
  for (const word of words(text)) {
    const match = /^(state|lane|label|since|exit):(.*)$/i.exec(word);
    if (!match) {
      free.push(unquote(word));
      continue;
    }
    const name = (match[1] ?? "").toLowerCase();
    const value = unquote(match[2] ?? "");
    const problem = value === "" ? `${name}: what?` : apply(filter, name, value);
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
    case "label": {
      const equals = value.indexOf("=");
      // A bare `label:nightly` asks for the task of that name: the label `name` is what a task is called.
      const key = equals < 0 ? "name" : value.slice(0, equals);
      const wanted = value.slice(equals + 1);
      if (key === "") return "a label as key=value";
      if (filter.labels[key] !== undefined && filter.labels[key] !== wanted)
        return `only one value of ${key} at a time`;
      filter.labels[key] = wanted;
      return undefined;
    }
    case "since": {
      const span = /^(\d+(?:\.\d+)?)([smhdw])$/i.exec(value);
      if (!span) return "a time like 30m, 12h, 1d";
      filter.since = Number(span[1]) * (UNITS[(span[2] ?? "").toLowerCase()] ?? 0);
      return undefined;
    }
    default: {
      const code = Number(value);
      if (!Number.isInteger(code)) return "an exit code is a whole number";
      filter.exit = code;
      return undefined;
    }
  }
}

export function toQuery(filter: Filter, now: number): ListQuery {
  const query: ListQuery = {};
  if (filter.phases.length) query.phases = filter.phases;
  if (filter.lane !== undefined) query.slot = filter.lane;
  if (Object.keys(filter.labels).length) query.labels = filter.labels;
  if (filter.since !== undefined) query.sinceMs = now - filter.since;
  if (filter.exit !== undefined) query.exitCode = filter.exit;
  if (filter.text) query.text = filter.text;
  return query;
}

const quoteIfNeeded = (value: string) => (/\s/.test(value) ? `"${value}"` : value);
export const stateToken = (key: string) => `state:${key}`;
export const laneToken = (slot: string) => `lane:${slot}`;
export const labelToken = (key: string, value: string) =>
  key === "name" && !value.includes("=")
    ? `label:${quoteIfNeeded(value)}`
    : `label:${quoteIfNeeded(key)}=${quoteIfNeeded(value)}`;

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
