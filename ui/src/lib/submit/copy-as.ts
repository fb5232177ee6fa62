// A task written so that it can be submitted elsewhere: as the API's JSON, or as a shell command around it. Both commands carry
// the whole spec in a quoted here-document, in which the shell changes nothing. Secrets are taken out by the caller.
import type { TaskSpec } from "../../api/types";
import { quoteArg } from "../../shared/quoting";

export type Form = "json" | "cli" | "curl";
export const FORMS: readonly (readonly [Form, string])[] = [
  ["json", "JSON"],
  ["cli", "Command line"],
  ["curl", "curl"],
];

/** `dataDir` is where the app's socket is; Settings, API has to have it on. */
export function written(spec: TaskSpec, form: Form, dataDir: string): string {
  switch (form) {
    case "json":
      return JSON.stringify(spec, null, 2);
    case "cli":
      return here("solti submit -", spec);
    case "curl": {
      const socket = quoteArg(`${dataDir}/api/solti.sock`);
      const to = "-H 'Content-Type: application/json' http://solti/api/v1/tasks";
      return here(`curl --unix-socket ${socket} ${to} --data-binary @-`, { spec });
    }
  }
}

/** No line of indented JSON is the end mark: a line is a brace, or begins with blanks. */
function here(command: string, document: unknown): string {
  return `${command} <<'SOLTI'\n${JSON.stringify(document, null, 2)}\nSOLTI\n`;
}
