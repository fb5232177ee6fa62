// A lane that one task has for itself. Its spec says so; of one that does not, because an earlier version or another client
// wrote it, the name tells. The rules are the model's (crates/model, `own_lane.rs`); tests/corpus/own-lanes.json holds cases for
// both. Rows and lanes say themselves what they are.

/** Over the lanes that one task each has for itself, where they are shown as one. */
export const OWN_LANES = "Tasks in lanes of their own";

const LETTERS = "abcdefghjkmnpqrstvwxyz23456789";
const DIGITS = "23456789";
const NAMED = new RegExp(`-[${LETTERS}]{4}[${DIGITS}]$`);
/** The longest name of a lane. */
const LONGEST = 64;

/** Four letters or digits and a digit: `x7kp2`. */
export function randomSuffix(): string {
  const random = crypto.getRandomValues(new Uint8Array(5));
  return Array.from(random, (byte, i) => {
    const of = i === 4 ? DIGITS : LETTERS;
    return of.charAt(byte % of.length);
  }).join("");
}

/** The name of a lane for one task alone, after what the task or its program is called. Letters lose their accents first. */
export function ownLaneName(word: string, suffix = randomSuffix()): string {
  const name = word
    .normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .replaceAll(/[^A-Za-z0-9._-]+/g, "-")
    .replaceAll(/^[-.]+|[-.]+$/g, "")
    .slice(0, LONGEST - suffix.length - 1)
    .toLowerCase();
  return `${name || "task"}-${suffix}`;
}

/** Whether a lane has the name of one that was made for one task. */
export const isNamedForOneTask = (slot: string): boolean => NAMED.test(slot);

export const hasOwnLane = (spec: { readonly slot: string; readonly ownLane?: boolean }): boolean =>
  spec.ownLane ?? isNamedForOneTask(spec.slot);
