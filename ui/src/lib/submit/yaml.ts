// The spec as YAML 1.2 text, and back: the same fields as in JSON. A Compose file of one service is read as well (compose.ts). What a spec may hold is shape.ts's.
import { isAlias, isMap, isSeq, LineCounter, parseDocument, stringify, visit } from "yaml";
import type { Document, Pair, Scalar, YAMLMap } from "yaml";
import type { TaskSpec } from "../api";
import { fromCompose, isCompose } from "./compose";
import { Numeral, type Fields } from "./compose-values";
import { withBody, withText } from "./script-text";
import { specMismatch, type Mismatch } from "./shape";
import type { TextFormat, TextProblem, TextResult } from "./text";

export const yaml: TextFormat = { write: specToYaml, read: specFromYaml };

export function specToYaml(spec: TaskSpec): string {
  // Lines are not folded; words that YAML 1.1 takes for something else (yes, off) are quoted, for programs that still read it.
  return stringify(withText(spec), { lineWidth: 0, compat: "yaml-1.1", aliasDuplicateObjects: false });
}

export function specFromYaml(text: string): TextResult {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true });
  const located = (at: number, message: string): TextProblem => ({
    message,
    line: Math.max(1, lines.linePos(at).line),
    at,
  });
  // A warning is of something that would be read as something else than was meant, such as an unknown tag.
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem) return located(problem.pos[0], `This is not YAML: ${problem.message}`);
  let value: unknown;
  try {
    value = withBody(document.toJS());
  } catch (thrown) {
    // An alias of nothing, or aliases that would multiply without end.
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return located(0, `This is not YAML: ${message}`);
  }
  const composed = isCompose(value) ? fromCompose(withNumerals(document)) : undefined;
  if (composed && "spec" in composed) return composed;
  const wrong = composed ?? specMismatch(value);
  if (wrong === null) return { spec: value as TaskSpec };
  return located(offsetOf(document, wrong.path), wrong.message);
}

/** The document with its numbers as they are written. */
function withNumerals(document: Document.Parsed): Fields {
  visit(document, {
    Scalar(key, node) {
      if (key !== "key" && typeof node.value === "number")
        node.value = new Numeral(node.source ?? String(node.value));
    },
  });
  return document.toJS() as Fields;
}

type Name = Pick<Scalar.Parsed, "value" | "source" | "range">;

/** Also one that is merged into the map from elsewhere. */
function pairOf(
  document: Document.Parsed,
  map: YAMLMap<Name>,
  name: string | number,
): Pair<Name> | undefined {
  const own = map.items.find(({ key }) => String(key.value) === name);
  if (own) return own;
  const merged = map.items.filter(({ key }) => key.source === "<<").map(({ value }) => value);
  for (const one of merged.flatMap((value) => (isSeq(value) ? value.items : [value]))) {
    const from = isAlias(one) ? one.resolve(document) : one;
    const pair = isMap<Name>(from) ? pairOf(document, from, name) : undefined;
    if (pair) return pair;
  }
  return undefined;
}

/** Where the last step of a path that is in the text begins: a field at its name, an item at its value. */
function offsetOf(document: Document.Parsed, path: Mismatch["path"]): number {
  let node: unknown = document.contents;
  let offset = document.contents?.range[0] ?? 0;
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap<Name>(node)) {
      const pair = pairOf(document, node, step);
      if (!pair) break;
      offset = pair.key.range[0];
      node = pair.value;
    } else if (isSeq<{ range: [number, number, number] }>(node) && typeof step === "number") {
      const item = node.items[step];
      if (!item) break;
      offset = item.range[0];
      node = item;
    } else break;
  }
  return offset;
}
