// The spec as JSON text, and back. What a spec may hold is shape.ts's.
import type { TaskSpec } from "../api";
import { withBody, withText } from "./script-text";
import { specMismatch, type Mismatch } from "./shape";
import type { TextFormat, TextProblem, TextResult } from "./text";

export const json: TextFormat = { write: specToJson, read: specFromJson };

export function specToJson(spec: TaskSpec): string {
  return `${JSON.stringify(withText(spec), null, 2)}\n`;
}

export function specFromJson(text: string): TextResult {
  let value: unknown;
  try {
    value = withBody(JSON.parse(text));
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return located(text, syntaxErrorAt(text), `This is not JSON: ${message}`);
  }
  const wrong = specMismatch(value);
  if (wrong === null) return { spec: value as TaskSpec };
  return located(text, placeOfKey(text, wrong.path), wrong.message);
}

const TOKEN =
  /[ \t\r\n]*("(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|[{}[\],:])/y;

/** Where the text stops being JSON. Engines word their errors differently and some never say, so this reads it once more. */
function syntaxErrorAt(text: string): number {
  const open: ("{" | "[")[] = [];
  // What may come next: a value, a key, a colon, or a comma or the end of what is open.
  let want: "value" | "valueOrEnd" | "key" | "keyOrEnd" | "colon" | "next" = "value";
  let at = 0;
  for (;;) {
    const start = at + (/^[ \t\r\n]*/.exec(text.slice(at, at + 10_000))?.[0].length ?? 0);
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(text)?.[1];
    if (token === undefined) return start;
    at = TOKEN.lastIndex;
    const closes = token === (open.at(-1) === "{" ? "}" : "]") && open.length > 0;
    if (closes && (want === "next" || want === "valueOrEnd" || want === "keyOrEnd")) {
      open.pop();
      want = "next";
    } else if (want === "value" || want === "valueOrEnd") {
      if ("}],:".includes(token)) return start;
      if (token === "{" || token === "[") open.push(token);
      want = token === "{" ? "keyOrEnd" : token === "[" ? "valueOrEnd" : "next";
    } else if (want === "key" || want === "keyOrEnd") {
      if (!token.startsWith('"')) return start;
      want = "colon";
    } else if (want === "colon") {
      if (token !== ":") return start;
      want = "value";
    } else {
      if (token !== "," || open.length === 0) return start;
      want = open.at(-1) === "{" ? "key" : "value";
    }
  }
}

const located = (text: string, at: number, message: string): TextProblem => ({
  message,
  line: text.slice(0, at).split("\n").length,
  at,
});

/** Where a path's last key is, found by walking its keys in order: exact for text laid out as people do. */
function placeOfKey(text: string, path: Mismatch["path"]): number {
  let at = 0;
  let from = 0;
  for (const key of path.filter((step) => typeof step === "string")) {
    const found = text.indexOf(JSON.stringify(key), from);
    if (found === -1) break;
    at = found;
    from = found + 1;
  }
  return at;
}
