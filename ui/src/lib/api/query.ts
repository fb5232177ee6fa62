// Does a row belong to a query? The backend's own rule, said again here because changes arrive one row at a time
// and the page has to decide whether each belongs into the list that it shows.
import type { ListQuery, SpecHead, TaskRow, TaskSpec } from "./types";

/** The command as a person would type it, for lists and for matching. */
export function commandLine(spec: TaskSpec): string {
  const { kind } = spec;
  if ("container" in kind)
    return [kind.container.image, ...(kind.container.command ?? []), ...(kind.container.args ?? [])].join(
      " ",
    );
  if ("wasm" in kind) return [kind.wasm.module, ...(kind.wasm.args ?? [])].join(" ");
  const { mode } = kind.subprocess;
  if ("command" in mode) return [mode.command.command, ...(mode.command.args ?? [])].map(quoted).join(" ");
  const { runtime } = mode.script;
  const name = typeof runtime === "string" ? runtime : runtime.custom.command;
  return `${name} script`;
}

function quoted(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
}

/** The label `name`, else the command. */
export function taskName(spec: TaskSpec): string {
  return spec.labels?.name?.trim() || commandLine(spec);
}

/** What a row says of a spec. */
export const headOf = (spec: TaskSpec): SpecHead => ({
  slot: spec.slot,
  name: taskName(spec),
  command: commandLine(spec),
  labels: spec.labels,
});

/** `listed`: the row is in the list of this query already. Of one whose spec is cut the page cannot tell, and what is asked for
 *  of its spec never changes. */
export function matchesQuery(row: TaskRow, query: ListQuery, listed = false): boolean {
  const { spec, status, metadata } = row.task;
  if (query.phases?.length && !query.phases.includes(status.phase)) return false;
  if (query.slot !== undefined && spec.slot !== query.slot) return false;
  if (query.exitCode !== undefined && status.exitCode !== query.exitCode) return false;
  if (query.sinceMs !== undefined && metadata.createdAt < query.sinceMs) return false;
  const unseen = listed && spec.cut === true;
  for (const [key, value] of Object.entries(query.labels ?? {}))
    if (spec.labels?.[key] !== value && !(unseen && spec.labels?.[key] === undefined)) return false;
  if (query.text && !unseen) {
    const haystack = `${spec.name}\n${spec.command}`.toLowerCase();
    if (!haystack.includes(query.text.toLowerCase())) return false;
  }
  return true;
}
