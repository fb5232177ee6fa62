// What the backend in memory refuses of a spec: the rules whose refusal the page shows beside a field.
import { BOUNDS } from "./bindings";
import { ApiError } from "./errors";
import type { FieldError, TaskSpec } from "./types";

export function checkSpec(spec: TaskSpec): void {
  const wrong: FieldError[] = [];
  const refuse = (field: string, message: string) => wrong.push({ field, message });
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(spec.slot))
    refuse("slot", "a lane's name has 1 to 64 letters, digits, dots, dashes or underscores");
  if (
    "subprocess" in spec.kind &&
    "command" in spec.kind.subprocess.mode &&
    spec.kind.subprocess.mode.command.command.trim() === ""
  ) {
    refuse("kind.subprocess.mode.command.command", "the command is empty");
  }
  const within = (field: string, value: number | undefined, least: number, most: number) => {
    if (value !== undefined && !(value >= least && value <= most))
      refuse(field, `must be from ${least} to ${most}`);
  };
  within("timeout", spec.timeout, 1, BOUNDS.MAX_DURATION_MS);
  if (spec.restart?.type === "always")
    within("restart.intervalMs", spec.restart.intervalMs, 0, BOUNDS.MAX_DURATION_MS);
  within("backoff.firstMs", spec.backoff?.firstMs, 1, BOUNDS.MAX_DURATION_MS);
  within("backoff.maxMs", spec.backoff?.maxMs, 1, BOUNDS.MAX_DURATION_MS);
  if (spec.backoff && spec.backoff.maxMs < spec.backoff.firstMs)
    refuse("backoff.maxMs", "the longest wait is shorter than the first");
  within("backoff.factor", spec.backoff?.factor, 1, BOUNDS.MAX_BACKOFF_FACTOR);
  within("maxRetries", spec.maxRetries, 1, BOUNDS.MAX_RETRIES);
  throwAll(wrong);
}

export function throwAll(problems: readonly FieldError[]): void {
  const [first, ...others] = problems;
  if (first) throw new ApiError({ error: "InvalidRequest", ...first, ...(others.length > 0 && { others }) });
}
