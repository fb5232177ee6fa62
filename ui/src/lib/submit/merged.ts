// What two have made of one form: of each field what was changed in it, by whichever of the two did.
import type { Form } from "./form";

interface Merged {
  readonly form: Form;
  /** Fields that both have changed, each otherwise: what was written here stands in them. */
  readonly both: readonly (keyof Form)[];
}

/** `begun` is what both began with, `mine` what was written here, `theirs` what the other has made of it. */
export function merged(begun: Form, mine: Form, theirs: Form): Merged {
  const form = { ...mine };
  const both: (keyof Form)[] = [];
  const take = <K extends keyof Form>(key: K): void => {
    if (isSame(theirs[key], begun[key]) || isSame(theirs[key], mine[key])) return;
    if (isSame(mine[key], begun[key])) form[key] = theirs[key];
    else both.push(key);
  };
  for (const key of Object.keys(begun) as (keyof Form)[]) take(key);
  return { form, both };
}

const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
