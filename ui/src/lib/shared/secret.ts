// Which environment values are treated as secret: those whose names look so. A guess by name, on the safe side.
import type { EnvVar, TaskSpec } from "../api/types";

const SECRET = /KEY|TOKEN|SECRET|PASS|CREDENTIAL|PRIVATE/i;
export const looksSecret = (name: string): boolean => SECRET.test(name);

/** A copy of the spec whose secret-looking values are empty; `hidden` says how many there were. */
export function withoutSecrets(spec: TaskSpec): { spec: TaskSpec; hidden: number } {
  let hidden = 0;
  const clean = <T extends { env?: EnvVar[] }>(task: T): T => {
    if (task.env === undefined) return task;
    const env = task.env.map((entry) => {
      if (!looksSecret(entry.key)) return entry;
      hidden++;
      return { ...entry, value: "" };
    });
    return { ...task, env };
  };
  const { kind } = spec;
  const safe: TaskSpec =
    "subprocess" in kind
      ? { ...spec, kind: { subprocess: clean(kind.subprocess) } }
      : "container" in kind
        ? { ...spec, kind: { container: clean(kind.container) } }
        : { ...spec, kind: { wasm: clean(kind.wasm) } };
  return { spec: safe, hidden };
}
