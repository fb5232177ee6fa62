// A line that is a record, as lines of its fields: JSON, also behind something else, and the pairs of logfmt. Values are those of the
// line's own text, so that no number loses its last digits; a text with line feeds in it, such as a stack trace, is several lines.
// What a field is, a search for fields says too (crates/logstore/src/search/record.rs); cases in tests/corpus/record-fields.json.
import type { Node } from "jsonc-parser";
import { fieldsIn, objectIn, treeOf, wellFormed, type Field } from "./json";

const MAX_LINES = 200;
const KEY = String.raw`[\p{Alphabetic}_@][\p{Alphabetic}\p{N}\p{M}_.\-/@]*`;
/** A value without quotes goes on to a blank, or to a sign that the next pair follows. */
const PAIR = new RegExp(
  String.raw`(?<=^|[\s,;|[({])(${KEY})=("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|(?:(?![,;|]${KEY}=)\S)*)`,
  "gsu",
);
const OPENING: Readonly<Record<string, string>> = { ")": "(", "]": "[", "}": "{" };
/** With fewer pairs a line is no record. */
const MIN_PAIRS = 3;

/** null when the line is none. */
export function recordLines(text: string): string[] | null {
  const found = objectIn(text);
  const lines = found === null ? ofLogfmt(text) : ofJson(found.before, found.object);
  if (lines === null || lines.length <= MAX_LINES) return lines;
  return [...lines.slice(0, MAX_LINES), `… ${lines.length - MAX_LINES} more`];
}

function ofJson(before: string, object: string): string[] | null {
  const root = treeOf(object);
  return root === undefined ? null : [...linesOf(pairsIn(before)), ...membersOf(root, object, "")];
}

function membersOf({ type, children = [] }: Node, text: string, indent: string): string[] {
  return children.flatMap((child, i) => {
    const [name, value] = type === "object" ? (child.children ?? []) : [undefined, child];
    if (value === undefined) return [];
    const key = name === undefined ? String(i) : wellFormed(String(name.value));
    if (value.children !== undefined && value.children.length > 0)
      return [`${indent}${key}:`, ...membersOf(value, text, `${indent}  `)];
    const said =
      value.type === "string"
        ? wellFormed(String(value.value))
        : text.slice(value.offset, value.offset + value.length);
    return valueLines(indent, key, said);
  });
}

function valueLines(indent: string, key: string, value: string): string[] {
  const [first = "", ...rest] = value.split("\n");
  if (rest.length === 0) return [`${indent}${key}: ${first}`];
  return [`${indent}${key}:`, ...[first, ...rest].map((line) => `${indent}  ${line}`)];
}

function ofLogfmt(text: string): string[] | null {
  const pairs = pairsIn(text);
  return pairs.length < MIN_PAIRS ? null : linesOf(pairs);
}

const linesOf = (pairs: readonly Field[]): string[] =>
  pairs.flatMap(({ key, value }) => valueLines("", key, value));

/** The fields of a record in their order; null when the line is none. */
export function recordOf(text: string): readonly Field[] | null {
  const found = objectIn(text);
  if (found) return [...pairsIn(found.before), ...(fieldsIn(found.object) ?? [])];
  const pairs = pairsIn(text);
  return pairs.length < MIN_PAIRS ? null : pairs;
}

function pairsIn(text: string): Field[] {
  return [...text.matchAll(PAIR)].map(([, key = "", value = ""]) => ({
    key,
    value: said(value),
    plain: true,
  }));
}

/** A value as it is meant. */
function said(value: string): string {
  if (/^'.*'$/s.test(value)) return value.slice(1, -1).replaceAll("\\'", "'");
  if (!/^".*"$/s.test(value)) return withoutEnd(value);
  try {
    return wellFormed(String(JSON.parse(value)));
  } catch {
    return value.slice(1, -1); // Quoted otherwise than in JSON.
  }
}

/** Without the signs that end a pair, and brackets around it. */
function withoutEnd(value: string): string {
  const last = value.at(-1) ?? "";
  const opening = OPENING[last];
  const ends = opening === undefined ? /^[,;|:]$/.test(last) : !value.includes(opening);
  return ends ? withoutEnd(value.slice(0, -1)) : value;
}
