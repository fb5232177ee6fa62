// The spec as text to edit: what JSON (json.ts) and YAML (yaml.ts) have in common for the form.
import type { TaskSpec } from "../api";
import { json } from "./json";

/** A text that is not a spec, and the line to look at. */
export interface TextProblem {
  readonly message: string;
  /** Counted from 1. */
  readonly line: number;
  /** Where in the text it begins: a letter of it, from 0. */
  readonly at: number;
}
export type TextResult = { readonly spec: TaskSpec } | TextProblem;

export interface TextFormat {
  write(spec: TaskSpec): string;
  /** The spec in the text, or why there is none: never a part of it. */
  read(text: string): TextResult;
}

export type TextView = "json" | "yaml";
export const TEXT_VIEWS: Readonly<Record<TextView, string>> = { json: "JSON", yaml: "YAML" };

/** YAML is loaded when it is first shown: its library is larger than the whole form. */
export async function textFormat(view: TextView): Promise<TextFormat> {
  return view === "json" ? json : (await import("./yaml")).yaml;
}
