// Where in a task a letter of its text is: in the value of which field, or in the name of one. Texts that are being written are
// seldom whole, so this reads only what stands around.
import { findNodeAtLocation, getLocation, parseTree } from "jsonc-parser";
import type { Path } from "./schema";

export interface Place {
  /** Of the object that the name is in, or of the value. */
  readonly path: Path;
  readonly kind: "key" | "value";
  /** The names that the object has already. */
  readonly taken: readonly string[];
  /** Where what is being written begins. */
  readonly from: number;
  /** Spaces before the line's text; names of deeper ones get two more. */
  readonly indent: number;
  /** Whether it stands in quotation marks, which then stay as they are. */
  readonly quoted: boolean;
}

export function placeInJson(text: string, at: number): Place {
  const { path, isAtPropertyKey, previousNode } = getLocation(text, at);
  const written = /[\w-]*$/.exec(text.slice(0, at))?.[0].length ?? 0;
  const from = at - written;
  // A quotation mark that ends what is before it is none that begins this.
  const ended = previousNode !== undefined && previousNode.offset + previousNode.length === from;
  const quoted = text[from - 1] === '"' && !ended;
  const indent = /^ */.exec(text.slice(text.lastIndexOf("\n", at - 1) + 1))?.[0].length ?? 0;
  const rest = { from, indent, quoted };
  if (!isAtPropertyKey) return { ...rest, path, kind: "value", taken: [] };
  const object = path.slice(0, -1);
  const tree = parseTree(text);
  const node = tree && findNodeAtLocation(tree, [...object]);
  const taken = (node?.children ?? []).flatMap(({ children }) => {
    const name: unknown = children?.[0]?.value;
    return typeof name === "string" && name !== path.at(-1) ? [name] : [];
  });
  return { ...rest, path: object, kind: "key", taken };
}

const LINE = /^( *)((?:- +)*)(?:([\w.-]+|"[^"]*"|'[^']*'):(?= |$))?(.*)$/;
const name = (written: string): string => written.replace(/^["']|["']$/g, "");

/** In the block style that people write; null inside text over several lines, in a comment and in the flow style. */
export function placeInYaml(text: string, at: number): Place | null {
  const start = text.lastIndexOf("\n", at - 1) + 1;
  const [, space = "", dashes = "", key, rest = ""] = LINE.exec(text.slice(start, at)) ?? [];
  const above = text.slice(0, start).split("\n").slice(0, -1);
  const indent = space.length + dashes.length;
  if (inBlockText(above, space.length)) return null;
  const written = /^[\w-]*$/.exec(rest.trimStart());
  if (written === null || (key !== undefined && rest === "")) return null;
  const object = ancestors(above, space.length, indent, dashes !== "");
  const place = { from: at - written[0].length, indent, quoted: false };
  if (key !== undefined) return { ...place, path: [...object, name(key)], kind: "value", taken: [] };
  const below = text.slice(at).split("\n").slice(1);
  return { ...place, path: object, kind: "key", taken: siblings(above, below, indent, dashes !== "") };
}

/** Whether the last of these lines belong to a text that a `|` or `>` has begun, and a line so far in does as well. */
function inBlockText(above: readonly string[], indent: number): boolean {
  let limit = indent;
  for (const line of above.toReversed()) {
    if (line.trim() === "") continue;
    const [, space = "", , , rest = ""] = LINE.exec(line) ?? [];
    if (space.length >= limit) continue;
    if (/^ [|>][+-]?\d?\s*$/.test(rest)) return true;
    limit = space.length;
  }
  return false;
}

/** The fields and lists that a line is in, the outermost first. */
function ancestors(above: readonly string[], space: number, indent: number, item: boolean): Path {
  const path: (string | number)[] = [];
  // What the field or item belongs to is looked for, from here up.
  let of = "field" as "field" | "item";
  let column = indent;
  const begins = (space: number): void => {
    path.unshift(0);
    of = "item";
    column = space;
  };
  if (item) begins(space);
  for (const line of above.toReversed()) {
    if (line.trim() === "" || line.trimStart().startsWith("#")) continue;
    const [, before = "", dashes = "", key] = LINE.exec(line) ?? [];
    const at = before.length + dashes.length;
    if (of === "field" && dashes !== "" && at === column) {
      begins(before.length); // Another field of the same item, which begins here.
      continue;
    }
    // A list may stand as far in as the name that it belongs to.
    if (key === undefined || (of === "item" ? at > column : at >= column)) continue;
    path.unshift(name(key));
    of = "field";
    column = at;
    if (dashes !== "") begins(before.length);
  }
  return path;
}

/** The names beside a line of this indent. */
function siblings(
  above: readonly string[],
  below: readonly string[],
  indent: number,
  item: boolean,
): string[] {
  const found: string[] = [];
  const look = (lines: readonly string[], up: boolean): void => {
    for (const line of lines) {
      if (line.trim() === "") continue;
      const [, space = "", dashes = "", key] = LINE.exec(line) ?? [];
      const at = space.length + dashes.length;
      if (at < indent || (dashes !== "" && at === indent && !up)) return;
      if (at === indent && key !== undefined) found.push(name(key));
      if (dashes !== "" && at === indent) return;
    }
  };
  if (!item) look(above.toReversed(), true);
  look(below, false);
  return found;
}
