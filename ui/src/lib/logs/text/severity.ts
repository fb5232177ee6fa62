// When rows are marked as errors and warnings. Which rows are is told with them: the rules are in crates/rows, and searches go by the
// same.
import type { Severity } from "../../api";

const ENOUGH = 8;

/** Whether marks tell anything here: where nearly every line would have one, they are left out. */
export function marksFit(rows: readonly (Severity | undefined)[]): boolean {
  const marked = rows.filter((one) => one !== undefined).length;
  return rows.length < ENOUGH || marked <= rows.length * 0.7;
}
