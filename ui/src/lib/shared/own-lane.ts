// A lane that one task has for itself. It is named after the task, with an end that is never given twice and that tells it
// from a lane that people share; the command line (crates/cli) names them by the same rule.

const LETTERS = "abcdefghjkmnpqrstvwxyz23456789";
const DIGITS = "23456789";
const OWN = /-[a-hjkmnp-tv-z2-9]{4}[2-9]$/;

/** Four letters or digits and a digit: `x7kp2`. */
export function randomSuffix(): string {
  const random = crypto.getRandomValues(new Uint8Array(5));
  return Array.from(random, (byte, i) => {
    const of = i === 4 ? DIGITS : LETTERS;
    return of.charAt(byte % of.length);
  }).join("");
}

/** Whether a lane is one task's own, so that nobody needs to be told its name. */
export const isOwnLane = (slot: string): boolean => OWN.test(slot);
