// Puts an error that names a field of the spec beside the field of the form that a person would look at.
import type { FieldError } from "../api/types";

/** Prefixes of the spec's paths, to the path whose field in the form shows the error. The longest prefix wins. */
const SHOWN_AT: Readonly<Record<string, string>> = {
  "kind.subprocess.mode.command": "kind.subprocess.mode.command.command",
  "kind.subprocess.mode.script": "kind.subprocess.mode.script.body",
  "kind.subprocess.mode.script.runtime": "kind.subprocess.mode.script.runtime.custom.command",
  "kind.subprocess.mode.script.runtime.custom.flag": "kind.subprocess.mode.script.runtime.custom.flag",
  "kind.subprocess.mode.script.args": "kind.subprocess.mode.script.args",
  "kind.subprocess.env": "kind.subprocess.env",
  "kind.container.env": "kind.subprocess.env",
  "kind.wasm.env": "kind.subprocess.env",
  "kind.subprocess.cwd": "kind.subprocess.cwd",
  "kind.subprocess.afterMain": "kind.subprocess.afterMain",
  "kind.container": "kind.container.image",
  "kind.container.command": "kind.container.command",
  "kind.container.args": "kind.container.args",
  "kind.container.volumes": "kind.container.volumes",
  "kind.container.network": "kind.container.network",
  "kind.container.user": "kind.container.user",
  "kind.container.workdir": "kind.container.workdir",
  "kind.container.pull": "kind.container.pull",
  "kind.wasm": "kind.wasm.module",
  "kind.wasm.args": "kind.wasm.args",
  "kind.wasm.dirs": "kind.wasm.dirs",
  kind: "kind",
  slot: "slot",
  admission: "slot",
  timeout: "timeout",
  restart: "restart.intervalMs",
  "restart.intervalMs": "restart.intervalMs",
  maxRetries: "maxRetries",
  backoff: "backoff.firstMs",
  "backoff.maxMs": "backoff.maxMs",
  "backoff.factor": "backoff.factor",
  labels: "labels",
  limits: "limits.memoryBytes",
  "limits.memoryBytes": "limits.memoryBytes",
  "limits.cpuPercent": "limits.cpuPercent",
  "limits.openFiles": "limits.openFiles",
  "limits.processes": "limits.processes",
  "limits.outputBytes": "limits.outputBytes",
  cluster: "cluster",
  "cluster.partition": "cluster.partition",
  "cluster.account": "cluster.account",
  "cluster.qos": "cluster.qos",
  "cluster.constraint": "cluster.constraint",
  "cluster.cpus": "cluster.cpus",
  "cluster.gpus": "cluster.gpus",
  "cluster.timeMinutes": "cluster.timeMinutes",
  runnerSelector: "runnerSelector",
  notBefore: "notBefore",
  priority: "priority",
  after: "after",
  afterReboot: "afterReboot",
  keepAwake: "keepAwake",
  stall: "stall.silentMs",
  "stall.silentMs": "stall.silentMs",
  notify: "notify.hooks",
  "notify.hooks": "notify.hooks",
};

export type Section =
  "environment" | "limits" | "cluster" | "restart" | "lane" | "when" | "told" | "labels" | "runner";

const SECTIONS: readonly (readonly [RegExp, Section])[] = [
  [/^kind\.subprocess\.env/, "environment"],
  [/^(timeout$|limits|kind\.subprocess\.afterMain)/, "limits"],
  [/^cluster/, "cluster"],
  [/^(restart|backoff|maxRetries)/, "restart"],
  [/^slot$/, "lane"],
  [/^(notBefore|priority|after|keepAwake)/, "when"],
  [/^(stall|notify)/, "told"],
  [/^labels(?!\.name$)/, "labels"],
  [/^runnerSelector/, "runner"],
];

/** Where an error of this field is shown; null when no field of the form stands for it. `shell` is a line run by a shell. */
export function placeError(field: string, shell = false): string | null {
  if (shell && field.startsWith("kind.subprocess.mode.script")) return "kind.subprocess.mode.command.command";
  let best: string | null = null;
  for (const prefix of Object.keys(SHOWN_AT)) {
    const matches =
      field === prefix || (field.startsWith(prefix) && /^[.[]/.test(field.slice(prefix.length)));
    if (matches && prefix.length > (best?.length ?? -1)) best = prefix;
  }
  return best === null ? null : (SHOWN_AT[best] ?? null);
}

/**
 * What is wrong, by the field that shows it. Of several things in one field each is said; a row of a table is named by its number.
 * `rest` is what no field stands for.
 */
export function byField(
  problems: readonly FieldError[],
  shell = false,
): { found: Record<string, string>; rest: FieldError[] } {
  const found: Record<string, string> = {};
  const rest: FieldError[] = [];
  for (const problem of problems) {
    const at = placeError(problem.field, shell);
    if (at === null) {
      rest.push(problem);
      continue;
    }
    const row = /\.(?:env|matchExpressions|volumes|dirs)\[(\d+)\]/.exec(problem.field)?.[1];
    const said = (row === undefined ? "" : `Row ${Number(row) + 1}: `) + sentence(problem.message);
    // Of one value the first rule says enough.
    if (found[at] === undefined) found[at] = said;
    else if (row !== undefined) found[at] += `. ${said}`;
  }
  return { found, rest };
}

/** The section to open so that the field can be seen; null for the fields that always are. */
export function sectionOf(shownAt: string): Section | null {
  return SECTIONS.find(([pattern]) => pattern.test(shownAt))?.[1] ?? null;
}

/** The element's id for a field, so that labels, errors and focus meet. */
export function fieldId(shownAt: string): string {
  return `field-${shownAt.replaceAll(/[^A-Za-z0-9]+/g, "-")}`;
}

/** The backend's fragment as a sentence to read: "must be greater than 0 ms" begins with a capital. Names stay as they are. */
export function sentence(message: string): string {
  return /^[a-z]+(?=[\s,;!?]|$)/.test(message) ? message.charAt(0).toUpperCase() + message.slice(1) : message;
}
