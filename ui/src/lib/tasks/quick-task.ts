// A task from one line of shell, for the first run: a lane of its own, named after it, so that it starts at once.
// The full form is in ../submit.
import type { TaskSpec } from "../api/types";
import { ownLaneName } from "../shared/own-lane";
import { encodeUtf8 } from "../submit/base64";

/** The line runs in bash as a script, so that pipes, loops and quotes mean what they mean in a terminal. */
export function shellSpec(line: string, name?: string, more: Partial<TaskSpec> = {}): TaskSpec {
  const body = encodeUtf8(line.trim());
  return {
    slot: ownLaneName(name ?? line.trim().split(/\s+/)[0] ?? ""),
    kind: { subprocess: { mode: { script: { runtime: "bash", body, args: [] } }, env: [] } },
    ownLane: true,
    labels: { name: name ?? line.trim().slice(0, 80) },
    ...more,
  };
}
