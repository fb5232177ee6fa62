// What the backend in memory puts into rows, and which of them it lists: enough for tests of views. The rules are the model's
// (crates/model, `command_text.rs`, `head.rs`, `matching.rs`); the page asks for what they say and has none of its own.
import { hasOwnLane } from "../shared/own-lane";
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
  };
}

export function fakeMatch({ task: { spec, status, metadata } }: TaskRow, query: ListQuery): boolean {
  const text = `${spec.name}\n${spec.command}`.toLowerCase();
  return (
    (!query.phases?.length || query.phases.includes(status.phase)) &&
    (query.slot === undefined || spec.slot === query.slot) &&
    (query.exitCode === undefined || status.exitCode === query.exitCode) &&
    (query.sinceMs === undefined || metadata.createdAt >= query.sinceMs) &&
    Object.entries(query.labels ?? {}).every(([key, value]) => spec.labels?.[key] === value) &&
    text.includes(query.text?.trim().toLowerCase() ?? "")
  );
}
