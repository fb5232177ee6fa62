// What begins a command, and what of the directories on disk begins as written.
import type { Backend } from "../api";
import type { Offer } from "../shared/completion.svelte";

/** A name of a program; what has a slash is a path, and names itself. */
const NAME = String.raw`[\w.+-]+`;
const FIRST = new RegExp(`^\\s*(${NAME})$`);
/** Where a shell takes a word for a program: at the beginning, and after what ends another command. */
const IN_SHELL = new RegExp(`(?:^|[\\n;|&(!{]|\\b(?:then|do|else|sudo|exec|time|env))\\s*(${NAME})$`);

/** The name of a program that is being written where the text ends. */
export const programBefore = (text: string, shell: boolean): string | null =>
  (shell ? IN_SHELL : FIRST).exec(text)?.[1] ?? null;

export async function offerProgram(
  backend: Pick<Backend, "completeProgram">,
  text: string,
  caret: number,
): Promise<Offer | null> {
  const prefix = programBefore(text.slice(0, caret), false);
  // In the middle of a word nothing is begun.
  if (prefix === null || /^[\w.+-]/.test(text.slice(caret))) return null;
  const programs = await backend.completeProgram({ prefix });
  return { from: caret - prefix.length, to: caret, options: programs.map((value) => ({ value })) };
}

/** Directories of the latest tasks, and those on disk whose paths begin so. `~` stands for `home`. */
export async function offerDirectory(
  backend: Pick<Backend, "completeDirectory">,
  text: string,
  recent: readonly string[],
  home: string | undefined,
): Promise<Offer> {
  const at = { from: 0, to: text.length };
  const base = home?.replace(/\/$/, "");
  const tilde = base !== undefined && text.startsWith("~/");
  const prefix = tilde ? base + text.slice(1) : text;
  const shown = (path: string): string => (tilde ? `~${path.slice(base.length)}` : path);
  const known = recent.filter((path) => path.startsWith(prefix)).map(shown);
  const latest = known.map((value) => ({ value, info: "lately" }));
  if (!prefix.startsWith("/")) return { ...at, options: latest };
  const found = (await backend.completeDirectory({ prefix })).map(shown);
  // One that is written out is none to go on with.
  const others = found.filter((path) => !known.includes(path) && path !== text);
  return { ...at, options: [...latest, ...others.map((path) => ({ value: `${path}/`, more: true }))] };
}
