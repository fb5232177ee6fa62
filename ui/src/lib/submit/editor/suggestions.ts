// What may be written at a place of a task's text: names of fields, and words where only some are taken.
import type { Language } from "./language";
import { placeInJson, placeInYaml, type Place } from "./place";
import { keysAt, wordsAt, type Key } from "./schema";

interface Suggestion {
  readonly label: string;
  /** What is put in its place. */
  readonly insert: string;
  readonly info: string | undefined;
}
export interface Suggestions {
  /** What stands from here is replaced. */
  readonly from: number;
  /** Whether something is written already, if only a quotation mark. */
  readonly begun: boolean;
  readonly options: readonly Suggestion[];
}

export function suggestions(language: Language, text: string, at: number): Suggestions | null {
  const json = language === "json";
  const place = json ? placeInJson(text, at) : language === "yaml" ? placeInYaml(text, at) : null;
  if (place === null) return null;
  const options = place.kind === "key" ? keys(place, json) : words(place, json);
  if (options.length === 0) return null;
  return { from: place.from, begun: place.quoted || place.from < at || place.kind === "value", options };
}

function keys({ path, taken, indent, quoted }: Place, json: boolean): Suggestion[] {
  const free = keysAt(path).filter(({ name }) => !taken.includes(name));
  return free.map((key) => ({
    label: key.name,
    insert: json ? (quoted ? key.name : `"${key.name}": `) : inYaml(key, indent),
    info: key.info,
  }));
}

/** What has fields or items of its own goes on on the next line. */
function inYaml({ name, holds }: Key, indent: number): string {
  const deeper = `\n${" ".repeat(indent + 2)}`;
  if (holds === "object") return `${name}:${deeper}`;
  return holds === "array" ? `${name}:${deeper}- ` : `${name}: `;
}

const words = ({ path, quoted }: Place, json: boolean): Suggestion[] =>
  wordsAt(path).map(({ value, info }) => ({
    label: String(value),
    insert: json && !quoted ? JSON.stringify(value) : String(value),
    info,
  }));
