// The unfinished form, kept in localStorage until it is submitted or discarded, so that closing loses nothing.
// One draft for a new task, one for the spec that was opened last for a change.
import type { TaskSpec } from "../api";
import { emptyForm, type Form } from "./spec";

const NEW = "solti.submit.draft";
const CHANGE = "solti.submit.change";

interface Kept {
  readonly of: string;
  readonly form: Form;
}

export function loadDraft(initial?: TaskSpec): Form | null {
  try {
    const kept = JSON.parse(localStorage.getItem(initial ? CHANGE : NEW) ?? "null") as Kept | null;
    if (kept === null || kept.of !== mark(initial) || !sameShape(emptyForm(""), kept.form)) return null;
    return kept.form;
  } catch {
    return null; // From an older version, or not ours.
  }
}

export function saveDraft(form: Form, initial?: TaskSpec): void {
  try {
    localStorage.setItem(initial ? CHANGE : NEW, JSON.stringify({ of: mark(initial), form } satisfies Kept));
  } catch {
    // Storage full: the form itself still holds everything.
  }
}

export function dropDraft(initial?: TaskSpec): void {
  localStorage.removeItem(initial ? CHANGE : NEW);
}

function mark(initial?: TaskSpec): string {
  return initial ? JSON.stringify(initial) : "";
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
