// What the backend in memory puts into rows, and which of them it lists: enough for tests of views. The rules are the model's
// (crates/model, `command_text.rs`, `head.rs`, `matching.rs`); the page asks for what they say and has none of its own.
import { elapsed } from "../shared/format";
import { hasOwnLane } from "../shared/own-lane";
import { isFinished } from "../shared/phase";
import type { ListQuery, SpecHead, TaskRow, TaskSpec } from "./types";

function commandText({ kind }: TaskSpec): string {
  if ("container" in kind) return [kind.container.image, ...(kind.container.command ?? [])].join(" ");
  if ("wasm" in kind) return [kind.wasm.module, ...(kind.wasm.args ?? [])].join(" ");
  const { mode } = kind.subprocess;
  if ("command" in mode) return [mode.command.command, ...(mode.command.args ?? [])].join(" ");
  return atob(mode.script.body).split("\n")[0] ?? "";
}

export function fakeHead(spec: TaskSpec): SpecHead {
  const command = commandText(spec);
  return {
    slot: spec.slot,
    ownLane: hasOwnLane(spec),
    name: spec.labels?.name?.trim() || command,
    command,
    labels: spec.labels,
    priority: spec.priority || undefined,
    job: spec.job,
  };
}

export function fakeMatch(row: TaskRow, query: ListQuery): boolean {
  const { spec, status, metadata } = row.task;
  const text = `${spec.name}\n${spec.command}`.toLowerCase();
  const took = isFinished(status.phase) ? elapsed(row, () => 0) : undefined;
  const { slots, jobs, labels, texts, exitCodes, names, ...out } = query.without ?? {};
  const inName = (word: string) => spec.name.toLowerCase().includes(word.trim().toLowerCase());
  const leftOut =
    slots?.includes(spec.slot) ||
    (spec.job != null && jobs?.includes(spec.job)) ||
    (status.exitCode != null && exitCodes?.includes(status.exitCode)) ||
    labels?.some(([key, value]) => spec.labels?.[key] === value) ||
    texts?.some((word) => text.includes(word.toLowerCase())) ||
    names?.some(inName) ||
    metadata.createdAt >= (out.sinceMs ?? Infinity) ||
    (took !== undefined && (took >= (out.tookAtLeastMs ?? Infinity) || took <= (out.tookAtMostMs ?? -1)));
  return (
    !leftOut &&
    (query.job == null || spec.job === query.job) &&
    (query.tookAtLeastMs == null || (took !== undefined && took >= query.tookAtLeastMs)) &&
    (query.tookAtMostMs == null || (took !== undefined && took <= query.tookAtMostMs)) &&
    inName(query.name ?? "") &&
    (!query.phases?.length || query.phases.includes(status.phase)) &&
    (query.slot === undefined || spec.slot === query.slot) &&
    (query.exitCode === undefined || status.exitCode === query.exitCode) &&
    (query.sinceMs === undefined || metadata.createdAt >= query.sinceMs) &&
    Object.entries(query.labels ?? {}).every(([key, value]) => spec.labels?.[key] === value) &&
    text.includes(query.text?.trim().toLowerCase() ?? "")
  );
}
