// A line that is a record, as lines of its fields: JSON, and the pairs of logfmt. Values are those of the line's own text, so that no
// number loses its last digits; a text with line feeds in it, such as a stack trace, is several lines.
import { parseTree, type Node } from "jsonc-parser";
import { isObject, type Field } from "./json";

const MAX_LINES = 200;
const PAIR = /(?:^|\s)([A-Za-z_][\w.\-/]*)=("(?:[^"\\]|\\.)*"|[^\s"]*)/g;
/** With fewer pairs a line is no record. */
const MIN_PAIRS = 3;

/** null when the line is none. */
export function recordLines(text: string): string[] | null {
  const lines = isObject(text) ? ofJson(text.trim()) : ofLogfmt(text);
  if (lines === null || lines.length <= MAX_LINES) return lines;
  return [...lines.slice(0, MAX_LINES), `… ${lines.length - MAX_LINES} more`];
}

function ofJson(text: string): string[] | null {
  const root = parseTree(text);
  return root === undefined ? null : membersOf(root, text, "");
}

function membersOf({ type, children = [] }: Node, text: string, indent: string): string[] {
  return children.flatMap((child, i) => {
    const [name, value] = type === "object" ? (child.children ?? []) : [undefined, child];
    if (value === undefined) return [];
    const key = name === undefined ? String(i) : String(name.value);
    if (value.children !== undefined && value.children.length > 0)
      return [`${indent}${key}:`, ...membersOf(value, text, `${indent}  `)];
    const said =
      value.type === "string" ? String(value.value) : text.slice(value.offset, value.offset + value.length);
    return valueLines(indent, key, said);
  });
}

function valueLines(indent: string, key: string, value: string): string[] {
  const [first = "", ...rest] = value.split("\n");
  if (rest.length === 0) return [`${indent}${key}: ${first}`];
  return [`${indent}${key}:`, ...[first, ...rest].map((line) => `${indent}  ${line}`)];
}

function ofLogfmt(text: string): string[] | null {
  return logfmtFields(text)?.flatMap(({ key, value }) => valueLines("", key, value)) ?? null;
}

/** In their order. */
export function logfmtFields(text: string): Field[] | null {
  const pairs = [...text.matchAll(PAIR)];
  if (pairs.length < MIN_PAIRS) return null;
  return pairs.map(([, key = "", value = ""]) => ({ key, value: unquoted(value), plain: true }));
}

function unquoted(value: string): string {
  if (!value.startsWith('"')) return value;
  try {
    return String(JSON.parse(value));
  } catch {
    return value; // Quoted otherwise.
  }
}
