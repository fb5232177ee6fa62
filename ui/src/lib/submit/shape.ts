// The shape of a TaskSpec: which fields there are and what each may hold, to check what comes as text. What it says about values
// (ranges, names) is the backend's to judge, this only makes sure that the form can hold all of it.

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
    "ownLane?": "boolean",
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
            "afterMain?": { words: ["wait", "end"] },
          },
        },
        container: {
          fields: {
            image: "string",
            "command?": STRINGS,
            "args?": STRINGS,
            "env?": ENV,
            "volumes?": { list: { fields: { source: "string", target: "string", "readOnly?": "boolean" } } },
            "network?": "string",
            "user?": "string",
            "workdir?": "string",
            "pull?": { words: ["missing", "always", "never"] },
          },
        },
        wasm: {
          fields: {
            module: "string",
            "args?": STRINGS,
            "env?": ENV,
            "dirs?": { list: { fields: { host: "string", guest: "string", "readOnly?": "boolean" } } },
          },
        },
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
    "stdin?": { words: ["none", "open"], oneOf: { text: "string", file: "string" } },
    "limits?": {
      fields: {
        "memoryBytes?": "number",
        "cpuPercent?": "number",
        "openFiles?": "number",
        "processes?": "number",
        "outputBytes?": "number",
      },
    },
    "cluster?": {
      fields: {
        "partition?": "string",
        "account?": "string",
        "qos?": "string",
        "cpus?": "number",
        "gpus?": "number",
        "timeMinutes?": "number",
        "constraint?": "string",
      },
    },
    "notBefore?": "number",
    "priority?": "number",
    "after?": {
      list: {
        fields: { task: "string", "when?": { words: ["succeeded", "ended", "failed", "started"] } },
      },
    },
    "afterReboot?": { words: ["start", "hold", "end"] },
    "keepAwake?": { words: ["never", "onMains", "always"] },
    "secrets?": STRINGS,
    "stall?": { fields: { silentMs: "number", "then?": { words: ["notify", "stop", "restart"] } } },
    "notify?": {
      fields: { "onFailure?": "boolean", "onSuccess?": "boolean", "hooks?": STRINGS },
    },
    "job?": "string",
    "jobRevision?": "number",
  },
};

type Path = readonly (string | number)[];
export interface Mismatch {
  readonly path: Path;
  readonly message: string;
}

/** The first thing in `value` that a spec cannot have; null when it is one. */
export function specMismatch(value: unknown): Mismatch | null {
  return firstMismatch(value, SPEC, []);
}

function firstMismatch(value: unknown, shape: Shape, path: Path): Mismatch | null {
  const here = path.length === 0 ? "The spec" : pathText(path);
  if (typeof shape === "string") {
    const fits = typeof value === shape && (shape !== "number" || Number.isFinite(value));
    return fits ? null : { path, message: `${here} must be a ${shape}` };
  }
  if ("words" in shape && shape.words && typeof value === "string") {
    return shape.words.includes(value)
      ? null
      : { path, message: `${here} must be one of ${shape.words.join(", ")}` };
  }
  if ("list" in shape) {
    if (!Array.isArray(value)) return { path, message: `${here} must be a list` };
    return firstOf(value.map((item, i) => firstMismatch(item, shape.list, [...path, i])));
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
  const at = (key: string): Path => [...path, key];
  if ("map" in shape) return firstOf(entries.map(([key, item]) => firstMismatch(item, shape.map, at(key))));
  if ("oneOf" in shape) {
    const names = Object.keys(shape.oneOf);
    const [entry] = entries;
    const chosen = entry && own(shape.oneOf, entry[0]);
    if (entries.length !== 1 || !entry || !chosen)
      return { path, message: `${here} must have exactly one of ${names.join(", ")}` };
    return firstMismatch(entry[1], chosen, at(entry[0]));
  }
  if (!("fields" in shape)) return { path, message: `${here} is not a word` };
  for (const [key, item] of entries) {
    const field = own(shape.fields, key) ?? own(shape.fields, `${key}?`);
    if (field === undefined) return { path: at(key), message: `Unknown field ${pathText(at(key))}` };
    const wrong = firstMismatch(item, field, at(key));
    if (wrong) return wrong;
  }
  const lacking = Object.keys(shape.fields).find((key) => !key.endsWith("?") && !Object.hasOwn(value, key));
  return lacking === undefined ? null : { path, message: `${pathText(at(lacking))} is missing` };
}

/** A field of this name, and not what every object has. */
const own = (fields: Readonly<Record<string, Shape>>, key: string): Shape | undefined =>
  Object.hasOwn(fields, key) ? fields[key] : undefined;

function firstOf(results: readonly (Mismatch | null)[]): Mismatch | null {
  return results.find((result) => result !== null) ?? null;
}

/** As in the backend's errors: `kind.subprocess.env[0].key`. */
function pathText(path: Path): string {
  return path.reduce<string>(
    (text, step) => (typeof step === "number" ? `${text}[${step}]` : text === "" ? step : `${text}.${step}`),
    "",
  );
}
