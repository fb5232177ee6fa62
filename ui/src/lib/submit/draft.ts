// The unfinished form, kept in localStorage until it is submitted or discarded, so that closing loses nothing.
// One draft for a new task, one for the spec that was opened last for a change. Values of variables that look secret are
// left out: localStorage is a plain file. The task as a text may hold secrets that only a reader of it could find: it is kept
// while the page is there.
import type { EnvVar, TaskSpec } from "../api";
import { holdsSecret, isMasked, withoutSecrets } from "../shared/secret";
import { emptyForm, type Form } from "./spec";
import type { TextView } from "./text";

const NEW = "solti.submit.draft";
const CHANGE = "solti.submit.change";

interface Kept {
  readonly of: string;
  readonly form: Form;
  /** Names of the variables whose values were left out. */
  readonly withheld: readonly string[];
}
export interface Draft extends Pick<Kept, "form" | "withheld"> {
  /** The task as the text that was being written. */
  readonly text: WrittenText | undefined;
}

/** As there is one draft of each kind, there is one text. */
const texts = new Map<string, WrittenText & Pick<Kept, "of">>();

export interface WrittenText {
  readonly view: TextView;
  readonly text: string;
}

export function loadDraft(initial?: TaskSpec): Draft | null {
  try {
    const kept = JSON.parse(localStorage.getItem(slotOf(initial)) ?? "null") as Kept | null;
    if (kept === null || kept.of !== mark(initial) || !sameShape(emptyForm(""), kept.form)) return null;
    const text = texts.get(slotOf(initial));
    return {
      form: kept.form,
      withheld: kept.withheld ?? [],
      text: text?.of === kept.of ? text : undefined,
    };
  } catch {
    return null; // From an older version, or not ours.
  }
}

/** `missing`: variables whose values an earlier draft left out. */
export function saveDraft(
  form: Form,
  initial?: TaskSpec,
  missing: readonly string[] = [],
  text?: WrittenText,
): void {
  // What the app has hidden is no secret here, and stays what it stands for.
  const secret = (entry: EnvVar): boolean => !isMasked(entry.value) && holdsSecret(entry);
  const kept: Kept = {
    of: mark(initial),
    form: { ...form, env: form.env.map((entry) => (secret(entry) ? { ...entry, value: "" } : entry)) },
    withheld: form.env.filter((entry) => secret(entry) || missing.includes(entry.key)).map(({ key }) => key),
  };
  if (text) texts.set(slotOf(initial), { ...text, of: kept.of });
  else texts.delete(slotOf(initial));
  try {
    localStorage.setItem(slotOf(initial), JSON.stringify(kept));
  } catch {
    // Storage full: the form itself still holds everything.
  }
}

export function dropDraft(initial?: TaskSpec): void {
  texts.delete(slotOf(initial));
  localStorage.removeItem(slotOf(initial));
}

const slotOf = (initial?: TaskSpec): string => (initial ? CHANGE : NEW);

function mark(initial?: TaskSpec): string {
  return initial ? JSON.stringify(withoutSecrets(initial).spec) : "";
}

/** Has a draft every field of today's form, with the same types? */
function sameShape(model: unknown, draft: unknown): boolean {
  if (model === null) return draft === null || typeof draft === "object";
  if (Array.isArray(model)) return Array.isArray(draft);
  if (typeof model !== "object") return typeof draft === typeof model;
  if (typeof draft !== "object" || draft === null) return false;
  return Object.entries(model).every(([key, value]) =>
    sameShape(value, (draft as Record<string, unknown>)[key]),
  );
}
