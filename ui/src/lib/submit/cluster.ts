// What the form says of a Slurm cluster, and what the spec does, both ways without loss. A task that has any of it, be it empty, is for one.
import type { BatchCluster, ClusterPreview, ClusterRequest, RunnerInfo, TaskSpec } from "../api";
import { onDay } from "../shared/format";

export interface ClusterForm {
  on: boolean;
  partition: string;
  account: string;
  qos: string;
  cpus: string;
  gpus: string;
  /** Minutes. */
  time: string;
  constraint: string;
}

export const emptyCluster = (): ClusterForm => ({
  on: false,
  partition: "",
  account: "",
  qos: "",
  cpus: "",
  gpus: "",
  time: "",
  constraint: "",
});

const TEXTS = ["partition", "account", "qos", "constraint"] as const;
const NUMBERS = { cpus: "cpus", gpus: "gpus", timeMinutes: "time" } as const;

export function toCluster(
  form: ClusterForm,
  whole: (text: string, field: string) => number | undefined,
): ClusterRequest | undefined {
  if (!form.on) return undefined;
  const request: ClusterRequest = {};
  for (const key of TEXTS) if (form[key].trim() !== "") request[key] = form[key].trim();
  for (const [key, name] of Object.entries(NUMBERS) as [keyof typeof NUMBERS, "cpus" | "gpus" | "time"][]) {
    const value = whole(form[name], `cluster.${key}`);
    if (value !== undefined) request[key] = value;
  }
  return request;
}

export function fromCluster(request: ClusterRequest | undefined): ClusterForm {
  if (request === undefined) return emptyCluster();
  const { partition = "", account = "", qos = "", constraint = "", cpus, gpus, timeMinutes } = request;
  const text = (value: number | undefined) => (value === undefined ? "" : String(value));
  return {
    on: true,
    partition,
    account,
    qos,
    constraint,
    cpus: text(cpus),
    gpus: text(gpus),
    time: text(timeMinutes),
  };
}

/** The cluster that tasks of this machine can be handed to, if there is one. */
export const clusterOf = (runners: readonly RunnerInfo[]): BatchCluster | undefined =>
  runners.find(({ cluster }) => cluster !== undefined)?.cluster;

const many = (typed: string, one: string) => `${typed} ${one}${typed === "1" ? "" : "s"}`;

/** In the header of its section. */
export function clusterSummary(form: ClusterForm): string {
  if (!form.on) return "";
  const parts = [
    form.partition.trim() && `partition ${form.partition.trim()}`,
    form.cpus.trim() && many(form.cpus.trim(), "processor"),
    form.gpus.trim() && many(form.gpus.trim(), "GPU"),
    form.time.trim() && `${form.time.trim()} min`,
  ].filter(Boolean);
  return parts.length === 0 ? "cluster defaults" : parts.join(", ");
}

/** What a partition is like, in a few words. */
export function partitionWords({
  nodes,
  timeLimitMinutes,
  gpus,
  up,
  hidden,
}: BatchCluster["partitions"][number]): string {
  return [
    nodes === 1 ? "1 node" : `${nodes} nodes`,
    timeLimitMinutes !== undefined && `${timeLimitMinutes} min at most`,
    gpus,
    !up && "down",
    hidden && "hidden",
  ]
    .filter(Boolean)
    .join(", ");
}

/** What is asked about when the cluster is asked when it would start a task: what decides that, and nothing else of the task. */
export const askedAbout = ({ cluster, limits, timeout, runnerSelector }: TaskSpec): TaskSpec => ({
  slot: "preview",
  kind: { subprocess: { mode: { command: { command: "true" } } } },
  ...(cluster && { cluster }),
  ...(limits && { limits }),
  ...(timeout !== undefined && { timeout }),
  ...(runnerSelector && { runnerSelector }),
});

/** Two clocks, and the asking itself, make a start that is near one at once. */
const AT_ONCE_MS = 60_000;

/** As in "Would start today at 14:10 on n3." */
export function outlookWords(preview: ClusterPreview, now: number): string {
  if (preview.outlook === "waits") return `Would wait: ${preview.why}.`;
  const { at, node } = preview;
  if (at - now < AT_ONCE_MS) return `Would start at once on ${node}.`;
  return `Would start ${onDay(at, now)} on ${node}.`;
}
