// The machines of a lane as a person writes them: "here 2, nas 4".

import type { LaneMachine } from "../api/types";
import { joinValues, splitValues } from "../shared/list-text";

export const machinesText = (machines: readonly LaneMachine[]): string =>
  joinValues(machines.map(({ name, places }) => `${name} ${places}`));

/** `undefined` for what cannot be read. A machine without a number has one place. */
export function parseMachines(text: string): LaneMachine[] | undefined {
  const machines: LaneMachine[] = [];
  for (const part of splitValues(text)) {
    if (part === "") continue;
    // A connection may be called anything, also with spaces and commas.
    const written = /^(?<name>.+?)(?:\s*[=:]\s*|\s+)(?<places>\d{1,9})$/.exec(part);
    const name = written?.groups?.name ?? part;
    const places = Number(written?.groups?.places ?? 1);
    if (places < 1) return undefined;
    machines.push({ name, places });
  }
  return machines;
}
