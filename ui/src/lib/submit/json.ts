// The spec as JSON text, and back. A text that is not a spec is refused with the line that is wrong; what it says about values
// (ranges, names) is the backend's to judge, this only makes sure that the form can hold all of it.
import type { TaskSpec } from "../api";

export type JsonResult =
  { readonly spec: TaskSpec } | { readonly message: string; readonly line: number | null };

export function specToJson(spec: TaskSpec): string {
  return `${JSON.stringify(spec, null, 2)}\n`;
}

export function specFromJson(text: string): JsonResult {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return { message: `This is not JSON: ${message}`, line: lineAt(text, syntaxErrorAt(text)) };
  }
  const wrong = firstMismatch(value, SPEC, "");
  if (wrong === null) return { spec: value as TaskSpec };
  return { message: wrong.message, line: lineOfKey(text, wrong.path) };
}

// What each place may hold: a type name, a list of one shape, exact words, named fields ("?" marks optional ones), or alternatives.
type Shape =
  | "string"
  | "number"
  | "boolean"
  | { readonly list: Shape }
  | { readonly map: Shape }
  | { readonly words: readonly string[] }
  | { readonly fields: Readonly<Record<string, Shape>> }
  | { readonly oneOf: Readonly<Record<string, Shape>>; readonly words?: readonly string[] };

const ENV: Shape = { list: { fields: { key: "string", value: "string" } } };
const STRINGS: Shape = { list: "string" };
const SPEC: Shape = {
  fields: {
    slot: "string",
    kind: {
      oneOf: {
        subprocess: {
          fields: {
            mode: {
              oneOf: {
                command: { fields: { command: "string", "args?": STRINGS } },
                script: {
                  fields: {
                    runtime: {
                      words: ["bash", "python", "node"],
                      oneOf: { custom: { fields: { command: "string", flag: "string" } } },
                    },
                    body: "string",
                    "args?": STRINGS,
                  },
                },
              },
            },
            "env?": ENV,
            "cwd?": "string",
            "failOnNonZero?": "boolean",
          },
        },
        container: { fields: { image: "string", "command?": STRINGS, "args?": STRINGS, "env?": ENV } },
        wasm: { fields: { module: "string", "args?": STRINGS, "env?": ENV } },
      },
    },
    "timeout?": "number",
    "restart?": { fields: { type: { words: ["never", "onFailure", "always"] }, "intervalMs?": "number" } },
    "backoff?": {
      fields: {
        jitter: { words: ["none", "full", "equal", "decorrelated"] },
        firstMs: "number",
        maxMs: "number",
        factor: "number",
      },
    },
    "admission?": { words: ["dropIfRunning", "replace", "queue"] },
    "maxRetries?": "number",
    "runnerSelector?": {
      fields: {
        "matchLabels?": { map: "string" },
        "matchExpressions?": {
          list: {
            fields: {
              key: "string",
              operator: { words: ["In", "NotIn", "Exists", "DoesNotExist"] },
              "values?": STRINGS,
            },
          },
        },
      },
    },
    "labels?": { map: "string" },
    "limits?": {
      fields: {
        "memoryBytes?": "number",
        "cpuPercent?": "number",
        "openFiles?": "number",
        "processes?": "number",
        "outputBytes?": "number",
      },
    },
  },
};

interface Mismatch {
  readonly path: string;
  readonly message: string;
}

function firstMismatch(value: unknown, shape: Shape, path: string): Mismatch | null {
  const here = path === "" ? "The spec" : path;
  if (typeof shape === "string") {
    return typeof value === shape ? null : { path, message: `${here} must be a ${shape}` };
  }
  if ("words" in shape && shape.words && typeof value === "string") {
    return shape.words.includes(value)
      ? null
      : { path, message: `${here} must be one of ${shape.words.join(", ")}` };
  }
  if ("list" in shape) {
    if (!Array.isArray(value)) return { path, message: `${here} must be a list` };
    return firstOf(value.map((item, i) => firstMismatch(item, shape.list, `${path}[${i}]`)));
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    const words = "words" in shape && shape.words ? ` or one of ${shape.words.join(", ")}` : "";
    return {
      path,
      message:
        "fields" in shape || "oneOf" in shape || "map" in shape
          ? `${here} must be an object${words}`
          : `${here} must be${words.slice(3)}`,
    };
  }
  const entries = Object.entries(value as Record<string, unknown>);
  const at = (key: string): string => (path === "" ? key : `${path}.${key}`);
  if ("map" in shape) return firstOf(entries.map(([key, item]) => firstMismatch(item, shape.map, at(key))));
  if ("oneOf" in shape) {
    const names = Object.keys(shape.oneOf);
    const [entry] = entries;
    const chosen = entry && shape.oneOf[entry[0]];
    if (entries.length !== 1 || !entry || !chosen)
      return { path, message: `${here} must have exactly one of ${names.join(", ")}` };
    return firstMismatch(entry[1], chosen, at(entry[0]));
  }
  if (!("fields" in shape)) return { path, message: `${here} is not a word` };
  for (const [key, item] of entries) {
    const field = shape.fields[key] ?? shape.fields[`${key}?`];
    if (field === undefined) return { path: at(key), message: `Unknown field ${at(key)}` };
    const wrong = firstMismatch(item, field, at(key));
    if (wrong) return wrong;
  }
  const lacking = Object.keys(shape.fields).find((key) => !key.endsWith("?") && !(key in value));
  return lacking === undefined ? null : { path, message: `${at(lacking)} is missing` };
}

function firstOf(results: readonly (Mismatch | null)[]): Mismatch | null {
  return results.find((result) => result !== null) ?? null;
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

function lineAt(text: string, position: number): number {
  return text.slice(0, position).split("\n").length;
}

/** The line of a path's last key, found by walking its keys in order: exact for text laid out as people do. */
function lineOfKey(text: string, path: string): number | null {
  let from = 0;
  for (const key of path.split(/[.[\]]+/).filter((part) => part !== "" && !/^\d+$/.test(part))) {
    const found = text.indexOf(JSON.stringify(key), from);
    if (found === -1) break;
    from = found + 1;
  }
  return path === "" ? 1 : lineAt(text, from);
}
