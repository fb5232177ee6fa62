// A task from one line of shell, for the first run: a lane of its own, named after it, so that it starts at once.
// The full form is in ../submit.
import type { TaskSpec } from "../api/types";
import { randomSuffix } from "../shared/own-lane";

/** A lane's name made of free text: only what the model's rules allow, and never twice the same. */
function ownLane(name: string, suffix = randomSuffix()): string {
  const base = name
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[-.]+|[-.]+$/g, "")
    .slice(0, 40);
  return base ? `${base}-${suffix}` : `task-${suffix}`;
}

/** The line runs in bash as a script, so that pipes, loops and quotes mean what they mean in a terminal. */
export function shellSpec(line: string, name?: string, more: Partial<TaskSpec> = {}): TaskSpec {
  const body = btoa(String.fromCharCode(...new TextEncoder().encode(line.trim())));
  return {
    slot: ownLane(name ?? line.trim().split(/\s+/)[0] ?? ""),
    kind: { subprocess: { mode: { script: { runtime: "bash", body, args: [] } }, env: [] } },
    ownLane: true,
    labels: { name: name ?? line.trim().slice(0, 80) },
    ...more,
  };
}
