// What helps after a failure: the buttons of its box, the likeliest first.
import type { TaskRow, TaskSpec } from "../../api/types";
import { span } from "../../shared/format";
import type { Workspace } from "../workspace.svelte";

export interface Remedy {
  label: string;
  act: () => void;
}

/** The field of the form that says which program is run, or in which directory, for the kind of task; a module has neither. */
function fieldsOf({ kind }: TaskSpec): { program?: string; directory?: string } {
  if ("subprocess" in kind) {
    const program = "script" in kind.subprocess.mode ? "script.runtime" : "command.command";
    return { program: `kind.subprocess.mode.${program}`, directory: "kind.subprocess.cwd" };
  }
  if ("container" in kind) return { program: "kind.container.command", directory: "kind.container.workdir" };
  return {};
}

const PROGRAM =
  /^(program (not found|is a directory)|not executable|bad interpreter|exec format error|the program (is not )?in the image)/;
const DIRECTORY = /^(no permission to enter )?(the )?working directory\b/;

/** What the engine says of a failed start, with the field that it is about. tests/corpus/ends.json holds cases. */
export function atFault(error: string, spec: TaskSpec): { label: string; field: string } | undefined {
  const { program, directory } = fieldsOf(spec);
  if (program !== undefined && PROGRAM.test(error)) return { label: "Edit command", field: program };
  if (directory !== undefined && DIRECTORY.test(error))
    return { label: "Choose another directory", field: directory };
  return undefined;
}

export function remedies(w: Workspace, row: TaskRow, spec: TaskSpec | undefined): Remedy[] {
  const { phase, error = "" } = row.task.status;
  const rerun: Remedy = { label: "Rerun", act: () => w.taskCommands.rerun([row]) };
  const edit: Remedy = { label: "Edit and rerun", act: () => w.form.editCurrent() };
  const fault = spec && atFault(error, spec);
  if (fault) return [{ label: fault.label, act: () => w.form.editCurrent(fault.field) }, rerun];
  const limit = spec?.timeout;
  if (phase === "timeout" && limit !== undefined)
    return [
      {
        label: `Rerun with ${span(2 * limit)}`,
        // In the form, where all else can be changed as well.
        act: () => w.form.editCurrent("timeout", (before) => ({ ...before, timeout: 2 * limit })),
      },
      rerun,
    ];
  return [rerun, edit];
}
