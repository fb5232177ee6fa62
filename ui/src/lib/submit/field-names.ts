// What the parts of the form are called in a sentence.
import type { Form } from "./form";

const NAMES: Readonly<Record<keyof Form, string>> = {
  tab: "what it runs",
  command: "the command",
  script: "the script",
  original: "the script",
  container: "the container",
  wasm: "the module",
  env: "the environment",
  cwd: "the directory",
  failOnNonZero: "which exit codes are failures",
  afterMain: "what the program leaves behind",
  timeout: "the timeout",
  stdin: "the input",
  limits: "the limits",
  cluster: "what it asks of the cluster",
  restart: "restarts",
  interval: "the interval",
  maxRetries: "retries",
  backoff: "the backoff",
  lane: "the lane",
  name: "the name",
  labels: "the labels",
  matchLabels: "where it may run",
  matchExpressions: "where it may run",
  start: "the start",
  priority: "the priority",
  after: "what it waits for",
  afterReboot: "what a reboot does",
  keepAwake: "keeping awake",
  silence: "the alarm of silence",
  notify: "who is told",
  job: "the job",
};

/** "the priority", "the lane and the priority", "the name, the lane and the priority". */
export function fieldNames(fields: readonly (keyof Form)[]): string {
  const names = [...new Set(fields.map((field) => NAMES[field]))];
  const last = names.pop() ?? "";
  return names.length === 0 ? last : `${names.join(", ")} and ${last}`;
}
