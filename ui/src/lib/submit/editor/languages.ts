// Which language a text is in, and its grammar, each loaded when it is needed.
import { StreamLanguage, type StreamParser } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import type { Language } from "./language";

const stream = (parser: StreamParser<unknown>): Extension => StreamLanguage.define(parser);

const GRAMMARS: Readonly<Record<Exclude<Language, "plain">, () => Promise<Extension>>> = {
  shell: async () => stream((await import("@codemirror/legacy-modes/mode/shell")).shell),
  python: async () => (await import("@codemirror/lang-python")).python(),
  javascript: async () => (await import("@codemirror/lang-javascript")).javascript(),
  ruby: async () => stream((await import("@codemirror/legacy-modes/mode/ruby")).ruby),
  perl: async () => stream((await import("@codemirror/legacy-modes/mode/perl")).perl),
  json: async () => (await import("@codemirror/lang-json")).json(),
  yaml: async () => (await import("@codemirror/lang-yaml")).yaml(),
};

export const grammar = (language: Language): Promise<Extension> =>
  language === "plain" ? Promise.resolve([]) : GRAMMARS[language]();

export const indentOf = (language: Language): string => (language === "python" ? "    " : "  ");
