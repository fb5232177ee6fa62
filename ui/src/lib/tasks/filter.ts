// The language of the filter bar: `state:failed lane:etl job:import label:team=data label:nightly name:import since:1d took>5m
// exit:137 sort:name` and free text; a `-` before a word or a token leaves out what it says; `sort:-name` is
// the other way round. `label:nightly` is short for `label:name=nightly`.
// Pure: text in, tokens and a ListQuery out. A token that makes no sense is reported, never silently dropped.
import type { LeftOut, ListQuery, Phase } from "../api/types";
import { parseDuration } from "../shared/duration";
import { isNewestFirst, NEWEST_FIRST, SORTS, type Order } from "../shared/order";
import { GROUPS, PHASES } from "../shared/phase";

interface Problem {
  token: string;
  message: string;
}
/** How long the last attempt took, in milliseconds. */
interface Took {
  atLeast?: number;
  atMost?: number;
}
/** What is true of none of the tasks. */
interface Without {
  phases: Phase[];
  lists: Required<Pick<LeftOut, "slots" | "jobs" | "labels" | "texts" | "exitCodes" | "names">>;
  /** As in [[Filter]]. */
  since?: number;
  took: Took;
}
export interface Filter {
  phases: Phase[];
  lane?: string;
  labels: Record<string, string>;
  /** How far back, in milliseconds before now. */
  since?: number;
  exit?: number;
  job?: string;
  /** Somewhere in the name. */
  name?: string;
  took: Took;
  /** Absent for the newest first. */
  order?: Order;
  without: Without;
  text: string;
  problems: Problem[];
}

const SPANS = "a time like 30m, 12h, 1d";

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
  const lists = { slots: [], jobs: [], labels: [], texts: [], exitCodes: [], names: [] };
  const without = { phases: [], lists, took: {} };
  const filter: Filter = { phases: [], labels, took: {}, without, text: "", problems: [] };
  const free: string[] = [];
  for (const word of words(text)) {
    const token = readToken(word);
    if (token === undefined) {
      const out = leftOutText(word);
      if (out !== undefined) filter.without.lists.texts.push(out);
      else if (unquote(word)) free.push(unquote(word));
      continue;
    }
    const { kind, raw, not } = token;
    const value = unquote(raw);
    const problem =
      raw === "" || (value === "" && kind !== "label")
        ? `${kind} needs a value`
        : not
          ? leaveOut(filter, kind, raw, value)
          : kind === "label"
            ? applyLabel(filter.labels, raw)
            : apply(filter, kind, value);
    if (problem) filter.problems.push({ token: word, message: problem });
  }
  filter.text = free.join(" ");
  return filter;
}

const KINDS = ["state", "lane", "job", "label", "name", "since", "exit", "sort"] as const;
type Kind = (typeof KINDS)[number] | "took>" | "took<";
interface Token {
  readonly kind: Kind;
  /** As it is written, quotes and all. */
  readonly raw: string;
  /** What it says is left out. */
  readonly not: boolean;
}

/** A word as a token; nothing for one that is looked for as text. */
export function readToken(word: string): Token | undefined {
  const [, minus, kind, raw] =
    /^(-?)(?:(state|lane|job|label|name|since|exit|sort):)(.*)$/is.exec(word) ?? [];
  if (kind !== undefined) return { kind: kind.toLowerCase() as Kind, raw: raw ?? "", not: minus === "-" };
  const [, not, than, length] = /^(-?)took:?([<>])=?(.*)$/is.exec(word) ?? [];
  return than === undefined
    ? undefined
    : { kind: than === ">" ? "took>" : "took<", raw: length ?? "", not: not === "-" };
}

/** Of `-word`; an option (`--all`) and a number are looked for as they are, and so is what is quoted with its dash. */
function leftOutText(word: string): string | undefined {
  return /^-[^-\d\s]/.test(word) ? unquote(word.slice(1)) || undefined : undefined;
}

/** Leaves out what one token says; returns what is wrong with it, if anything. */
function leaveOut(filter: Filter, kind: Kind, raw: string, value: string): string | undefined {
  const { without } = filter;
  const { lists } = without;
  // Read as if it were meant the other way.
  const meant: Filter = parseFilter(`${kind}${kind.startsWith("took") ? "" : ":"}${raw}`);
  const [problem] = meant.problems;
  if (problem) return problem.message;
  switch (kind) {
    case "state": {
      const left = PHASES.filter((phase) => ![...without.phases, ...meant.phases].includes(phase));
      if (!left.some((phase) => filter.phases.length === 0 || filter.phases.includes(phase)))
        return "then no state is left";
      without.phases.push(...meant.phases);
      return undefined;
    }
    case "lane":
      return void lists.slots.push(value);
    case "job":
      return void lists.jobs.push(value);
    case "label":
      return void lists.labels.push(...Object.entries(meant.labels));
    case "exit":
      return void lists.exitCodes.push(meant.exit ?? 0);
    case "name":
      return void lists.names.push(value);
    // Of two the wider one: what either says is left out.
    case "since":
      without.since = Math.max(without.since ?? 0, meant.since ?? 0);
      return undefined;
    case "took>":
      without.took.atLeast = Math.min(without.took.atLeast ?? Infinity, meant.took.atLeast ?? Infinity);
      return undefined;
    case "took<":
      without.took.atMost = Math.max(without.took.atMost ?? 0, meant.took.atMost ?? 0);
      return undefined;
    case "sort":
      return `the other way round is sort:-${value}`;
  }
}

/** Adds one token; returns what is wrong with it, if anything. */
function apply(filter: Filter, kind: Exclude<Kind, "label">, value: string): string | undefined {
  switch (kind) {
    case "state": {
      const named = value.toLowerCase().split(",");
      const unknown = named.find((state) => !STATES.has(state));
      if (unknown !== undefined) return `no state "${unknown}"; one of ${STATE_NAMES.join(", ")}`;
      const phases = named.flatMap((state) => STATES.get(state) ?? []);
      const { without } = filter;
      if (without.phases.length > 0 && phases.every((phase) => without.phases.includes(phase)))
        return "then no state is left";
      for (const phase of phases) if (!filter.phases.includes(phase)) filter.phases.push(phase);
      return undefined;
    }
    case "job":
      if (!/^[A-Za-z0-9._-]{1,64}$/.test(value)) return "no job can have this name";
      if (filter.job !== undefined && filter.job !== value) return "only one job at a time";
      filter.job = value;
      return undefined;
    case "name":
      if (filter.name !== undefined && filter.name !== value) return "only one name at a time";
      if (value.trim() === "") return "name: needs a value";
      filter.name = value;
      return undefined;
    case "took>":
    case "took<": {
      const length = parseDuration(value);
      if (length === null) return SPANS;
      if (kind === "took>") filter.took.atLeast = length;
      else filter.took.atMost = length;
      return undefined;
    }
    case "lane":
      if (filter.lane !== undefined && filter.lane !== value) return "only one lane at a time";
      filter.lane = value;
      return undefined;
    case "since": {
      const back = parseDuration(value);
      if (back === null) return SPANS;
      filter.since = back;
      return undefined;
    }
    case "sort": {
      const by = SORTS.find((sort) => sort === value.replace(/^-/, "").toLowerCase());
      if (by === undefined) return `no order "${value}"; one of ${SORTS.join(", ")}`;
      filter.order = { by, reverse: value.startsWith("-") };
      return undefined;
    }
    case "exit": {
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
  const { took, without } = filter;
  if (without.phases.length)
    query.phases = (filter.phases.length ? filter.phases : PHASES).filter(
      (phase) => !without.phases.includes(phase),
    );
  else if (filter.phases.length) query.phases = filter.phases;
  if (filter.lane !== undefined) query.slot = filter.lane;
  if (Object.keys(filter.labels).length) query.labels = filter.labels;
  // Whole milliseconds, and not before time began: the backend takes nothing else.
  const ago = (span: number) => Math.max(0, Math.round(now - span));
  if (filter.since !== undefined) query.sinceMs = ago(filter.since);
  if (filter.exit !== undefined) query.exitCode = filter.exit;
  if (filter.job !== undefined) query.job = filter.job;
  if (filter.name !== undefined) query.name = filter.name;
  if (took.atLeast !== undefined) query.tookAtLeastMs = took.atLeast;
  if (took.atMost !== undefined) query.tookAtMostMs = took.atMost;
  const out: LeftOut = Object.fromEntries(
    Object.entries(without.lists).filter(([, list]) => list.length > 0),
  );
  if (without.since !== undefined) out.sinceMs = ago(without.since);
  if (without.took.atLeast !== undefined) out.tookAtLeastMs = without.took.atLeast;
  if (without.took.atMost !== undefined) out.tookAtMostMs = without.took.atMost;
  if (Object.keys(out).length > 0) query.without = out;
  if (filter.text) query.text = filter.text;
  const { order } = filter;
  if (order && !isNewestFirst(order)) {
    query.sort = order.by;
    if (order.reverse) query.reverse = true;
  }
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
export const toggleToken = (text: string, token: string): string =>
  hasToken(text, token)
    ? words(text)
        .filter((word) => word !== token)
        .join(" ")
    : withToken(words(text), token).join(" ");

/** Among tokens of which each says one thing; there may be several labels, and several that are left out. */
export function withToken(list: readonly string[], token: string): string[] {
  const read = readToken(token);
  const several = read === undefined || read.not || read.kind === "label";
  const replaced = (word: string): boolean => {
    const other = readToken(word);
    return other !== undefined && !other.not && other.kind === read?.kind;
  };
  return [...list.filter((word) => word !== token && (several || !replaced(word))), token];
}

/** The tokens of a filter, each once, and the rest as it is written. */
export function apart(text: string): { tokens: string[]; rest: string } {
  const all = words(text);
  return {
    tokens: [...new Set(all.filter((word) => readToken(word) !== undefined))],
    rest: all.filter((word) => readToken(word) === undefined).join(" "),
  };
}

/** The filter in this order. */
export const withOrder = (text: string, order: Order = NEWEST_FIRST): string => {
  const rest = withoutKind(text, "sort");
  return isNewestFirst(order) ? rest : `${rest} sort:${order.reverse ? "-" : ""}${order.by}`.trim();
};

/** The same token, of what is not so; an order the other way round. */
export const turned = (token: string): string =>
  readToken(token)?.kind === "sort"
    ? token.replace(/^(-?sort:)(-?)/i, (_, sort: string, minus: string) => sort + (minus ? "" : "-"))
    : token.startsWith("-")
      ? token.slice(1)
      : `-${token}`;
/** One of these tokens turned where it stands, in the place of others that it cannot be beside. */
export function withTurned(list: readonly string[], token: string): string[] {
  const other = turned(token);
  const stay = new Set(withToken(list, other));
  return list.flatMap((word) => (word === token ? [other] : word !== other && stay.has(word) ? [word] : []));
}
export const withoutKind = (text: string, kind: string): string =>
  words(text)
    .filter((word) => !word.toLowerCase().startsWith(`${kind}:`))
    .join(" ");
