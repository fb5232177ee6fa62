// What the headers of the collapsed sections say: how they differ from the default, in a few words. And the waits between
// attempts that the backoff comes to, for its timeline.
import { plural, span } from "../shared/format";
import { parseDuration } from "../shared/duration";
import { clusterSummary } from "./cluster";
import type { Section } from "./errors";
import type { Form } from "./form";

export function summaries(form: Form): Record<Section, string> {
  const env = form.env.filter((entry) => entry.key !== "").length;
  const labels = form.labels.filter((label) => label.key !== "").length;
  const rules = form.matchLabels.length + form.matchExpressions.length;
  return {
    environment: env === 0 ? "" : plural(env, "variable"),
    limits: [
      form.timeout && `stops after ${words(form.timeout)}`,
      form.limits.memory && `${form.limits.memory.trim()} memory`,
      form.limits.cpu && `${form.limits.cpu.trim()} % processor`,
      form.limits.processes && plural(Number(form.limits.processes), "process", "processes"),
      form.limits.openFiles && plural(Number(form.limits.openFiles), "open file"),
      form.limits.output && `${form.limits.output.trim()} output`,
      form.failOnNonZero ? "" : "any exit code succeeds",
      form.afterMain === "end" ? "ends what the program leaves behind" : "",
    ]
      .filter(Boolean)
      .join(", "),
    cluster: clusterSummary(form.cluster),
    restart: restartSummary(form),
    lane: form.lane.own ? "" : [form.lane.slot || "no lane chosen", BUSY[form.lane.admission]].join(", "),
    when: [
      form.start.trim(),
      form.priority.trim() !== "" && form.priority.trim() !== "0" ? `priority ${form.priority.trim()}` : "",
      form.after.length > 0 ? `after ${plural(form.after.length, "task")}` : "",
      form.afterReboot === "" ? "" : REBOOT[form.afterReboot],
      form.keepAwake === "never" ? "" : AWAKE[form.keepAwake],
    ]
      .filter(Boolean)
      .join(", "),
    told: [
      form.silence.after.trim() &&
        `${SILENCE[form.silence.then]} after ${words(form.silence.after)} without output`,
      form.notify.failure && `${form.notify.failure === "yes" ? "notifies" : "does not notify"} of a failure`,
      form.notify.success && `${form.notify.success === "yes" ? "notifies" : "does not notify"} of success`,
      form.notify.hooks.trim() && `calls ${form.notify.hooks.trim()}`,
    ]
      .filter(Boolean)
      .join(", "),
    labels: labels > 0 ? plural(labels, "label") : "",
    runner: rules === 0 ? "" : plural(rules, "rule"),
  };
}

const REBOOT = {
  start: "goes on after a reboot",
  hold: "held after a reboot",
  end: "ends with a reboot",
} as const;
const AWAKE = { onMains: "keeps the computer awake on mains", always: "keeps the computer awake" } as const;
const SILENCE = { notify: "notifies", stop: "stops", restart: "starts again" } as const;
const BUSY = {
  dropIfRunning: "refuse if busy",
  replace: "replace what runs",
  queue: "wait in line",
} as const;

function restartSummary(form: Form): string {
  if (form.restart === "never") return "";
  const parts: string[] = [form.restart === "onFailure" ? "on failure" : "always"];
  if (form.restart === "always" && form.interval) parts.push(`every ${words(form.interval)}`);
  if (form.maxRetries) parts.push(`${form.maxRetries}×`);
  parts.push(`${words(form.backoff.first)}–${words(form.backoff.max)}`);
  return parts.join(", ");
}

function words(duration: string): string {
  const ms = parseDuration(duration);
  return ms === null ? duration : span(ms);
}

export interface Wait {
  /** The shortest and the longest the wait may be, in milliseconds. */
  readonly low: number;
  readonly high: number;
}

/** The waits before each of the next attempts while all of them fail; null while a value is not a number. */
export function waits(form: Form, limit = 6): Wait[] | null {
  const first = parseDuration(form.backoff.first);
  const max = parseDuration(form.backoff.max);
  const factor = Number(form.backoff.factor);
  if (first === null || max === null || first <= 0 || max < first || !(factor >= 1)) return null;
  const retries = form.maxRetries === "" ? limit : Math.min(limit, Number(form.maxRetries));
  const out: Wait[] = [];
  let previous = first;
  for (let n = 0; n < retries; n += 1) {
    const base = Math.min(first * factor ** n, max);
    const spread: Record<Form["backoff"]["jitter"], Wait> = {
      none: { low: base, high: base },
      full: { low: 0, high: base },
      equal: { low: base / 2, high: base },
      decorrelated: { low: first, high: Math.min(3 * previous, max) },
    };
    const wait = spread[form.backoff.jitter];
    previous = wait.high;
    out.push(wait);
  }
  return out;
}
