// What helps after a failure: the buttons of its box, the likeliest first.
import type { TaskRow, TaskSpec } from "../../api/types";
import { span } from "../../shared/format";
import type { Workspace } from "../workspace.svelte";

export interface Remedy {
  label: string;
  act: () => void;
}

const isScript = (spec: TaskSpec | undefined) =>
  spec !== undefined && "subprocess" in spec.kind && "script" in spec.kind.subprocess.mode;

export function remedies(w: Workspace, row: TaskRow, spec: TaskSpec | undefined): Remedy[] {
  const { phase, error = "" } = row.task.status;
  const rerun: Remedy = { label: "Rerun", act: () => w.taskCommands.rerun([row]) };
  const edit: Remedy = { label: "Edit and rerun", act: () => w.form.editCurrent() };
  if (
    /^(program not found|program is a directory|not executable|bad interpreter|exec format error)/.test(error)
  ) {
    const field = isScript(spec)
      ? "kind.subprocess.mode.script.runtime"
      : "kind.subprocess.mode.command.command";
    return [{ label: "Edit command", act: () => w.form.editCurrent(field) }, rerun];
  }
  if (/^working directory|^the working directory/.test(error))
    return [
      { label: "Choose another directory", act: () => w.form.editCurrent("kind.subprocess.cwd") },
      rerun,
    ];
  const limit = spec?.timeout;
  if (phase === "timeout" && limit !== undefined)
    return [
      {
        label: `Rerun with ${span(2 * limit)}`,
        act: () => w.form.editCurrent("timeout", (before) => ({ ...before, timeout: 2 * limit })),
      },
      rerun,
      edit,
    ];
  return [rerun, edit];
}
