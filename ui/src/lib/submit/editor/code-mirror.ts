// The editor itself, over CodeMirror 6. The selection and the caret are the engine's own, so that forced colours, the primary selection
// and screen readers find them. Loaded when it is needed (load.ts).
import {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
  type CompletionSource,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentLess, indentMore } from "@codemirror/commands";
import { bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { linter } from "@codemirror/lint";
import { search, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState, type Extension } from "@codemirror/state";
import {
  EditorView,
  highlightSpecialChars,
  keymap,
  lineNumbers,
  placeholder,
  type Command,
} from "@codemirror/view";
import { programBefore } from "../programs";
import { colors } from "./colors";
import type { Language } from "./language";
import { grammar, indentOf } from "./languages";
import { suggestions } from "./suggestions";

/** What is wrong in a text: from the first letter of it to the end of its line. */
export interface Mistake {
  readonly message: string;
  /** A letter of the text, from 0. */
  readonly at: number;
}

export interface Options {
  readonly parent: HTMLElement;
  readonly value: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly language: Language;
  /** A line that grows, rather than a text with numbered lines: it is wrapped, and Tab leaves it. */
  readonly line: boolean;
  readonly readonly: boolean;
  readonly placeholder?: string;
  /** Whether it is a task, whose names and words are suggested. */
  readonly task: boolean;
  /** Programs whose names begin so, where the text is a command line. */
  readonly programs?: (prefix: string) => Promise<readonly string[]>;
  readonly check?: (text: string) => Mistake | null;
  readonly onchange: (value: string) => void;
  readonly onblur: () => void;
  /** Whether the next Tab leaves the text instead of indenting it. */
  readonly onleaving: (leaving: boolean) => void;
}

export interface Editor {
  /** Puts another text there, which can be undone; the one that is there already is left alone. */
  setValue(value: string): void;
  setLanguage(language: Language): void;
  setAttributes(attributes: Readonly<Record<string, string>>): void;
  select(from: number, to: number): void;
  focus(): void;
  destroy(): void;
}

/** How long a pause in typing is before the text is looked at. */
const CHECK_AFTER_MS = 400;

/** An indent at the caret, or of all lines that are selected: a selection is never replaced. */
const indent: Command = (view) => {
  const { state } = view;
  if (state.selection.ranges.some((range) => !range.empty)) return indentMore(view);
  const unit = state.facet(indentUnit);
  const { head } = state.selection.main;
  const missing = unit.length - ((head - state.doc.lineAt(head).from) % unit.length);
  view.dispatch(state.replaceSelection(" ".repeat(missing)), { scrollIntoView: true, userEvent: "input" });
  return true;
};

/** Ctrl+Enter belongs to the form, and Escape, with Tab after it, leaves the text. */
const keys = defaultKeymap.filter(({ key }) => !["Mod-Enter", "Ctrl-m", "Escape"].includes(key ?? ""));

export function createEditor(options: Options): Editor {
  const { line, readonly } = options;
  const language = new Compartment();
  const attributes = new Compartment();
  let known = options.value;
  let leaving = false;
  function leave(view: EditorView, now: boolean): boolean {
    if (leaving === now) return false;
    leaving = now;
    view.setTabFocusMode(now);
    options.onleaving(now);
    return true;
  }
  const indents = !line && !readonly;
  const extensions: Extension = [
    // What the keymaps before it leave alone: an open list or a search closes first.
    keymap.of([
      ...closeBracketsKeymap,
      ...completionKeymap,
      ...searchKeymap,
      ...historyKeymap,
      ...keys,
      ...(indents
        ? [
            { key: "Tab", run: indent, shift: indentLess },
            { key: "Escape", run: (view: EditorView) => leave(view, true) },
          ]
        : []),
    ]),
    EditorView.domEventHandlers({
      keydown: (event, view) => {
        const more = ["Escape", "Tab", "Shift", "Control", "Alt", "Meta"].includes(event.key);
        if (leaving && !more) leave(view, false);
        return false;
      },
      blur: (_, view) => {
        leave(view, false);
        options.onblur();
      },
    }),
    history(),
    search({ top: true }),
    WORDS,
    highlightSpecialChars(),
    syntaxHighlighting(colors),
    bracketMatching(),
    line ? [] : lineNumbers(),
    line || readonly ? EditorView.lineWrapping : [],
    readonly ? EditorState.readOnly.of(true) : [closeBrackets(), indentOnInput()],
    options.task && !readonly ? suggesting([ofTask(options.language)], true) : [],
    options.programs ? suggesting([ofPrograms(options.programs)], false) : [],
    options.placeholder === undefined ? [] : placeholder(options.placeholder),
    options.check ? linter(linted(options.check), { delay: CHECK_AFTER_MS }) : [],
    language.of(indentUnit.of(indentOf(options.language))),
    attributes.of(EditorView.contentAttributes.of(options.attributes)),
    EditorView.updateListener.of((update) => {
      if (!update.docChanged) return;
      known = update.state.doc.toString();
      options.onchange(known);
    }),
  ];
  const view = new EditorView({
    state: EditorState.create({ doc: options.value, extensions }),
    parent: options.parent,
  });
  let wanted: Language = "plain";
  const editor: Editor = {
    setValue(value) {
      if (value === known) return;
      known = value;
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: value } });
    },
    setLanguage(next) {
      if (next === wanted) return;
      wanted = next;
      void grammar(next).then((loaded) => {
        if (wanted !== next) return;
        view.dispatch({ effects: language.reconfigure([indentUnit.of(indentOf(next)), loaded]) });
      });
    },
    setAttributes: (next) =>
      view.dispatch({ effects: attributes.reconfigure(EditorView.contentAttributes.of(next)) }),
    select(from, to) {
      const within = (at: number) => Math.min(at, view.state.doc.length);
      view.dispatch({ selection: { anchor: within(from), head: within(to) }, scrollIntoView: true });
    },
    focus: () => view.focus(),
    destroy: () => view.destroy(),
  };
  editor.setLanguage(options.language);
  return editor;
}

/** The words of the search, as the rest of the page says them. */
const WORDS = EditorState.phrases.of({
  next: "Next",
  previous: "Previous",
  all: "Select all",
  "match case": "Match case",
  regexp: "Regular expression",
  "by word": "Whole words",
  replace: "Replace",
  "replace all": "Replace all",
  close: "Close",
});

const linted = (check: (text: string) => Mistake | null) => (view: EditorView) => {
  const mistake = check(view.state.doc.toString());
  if (mistake === null) return [];
  const from = Math.min(mistake.at, view.state.doc.length);
  const { to } = view.state.doc.lineAt(from);
  return [{ from, to, severity: "error" as const, message: mistake.message }];
};

/** `first`: the first suggestion is taken by Enter, without a step through the list. */
const suggesting = (override: CompletionSource[], first: boolean): Extension =>
  autocompletion({ override, icons: false, selectOnOpen: first });

const ofPrograms =
  (programs: (prefix: string) => Promise<readonly string[]>): CompletionSource =>
  async ({ state, pos }) => {
    const prefix = programBefore(state.sliceDoc(0, pos), true);
    if (prefix === null) return null;
    const options = (await programs(prefix)).filter((name) => name !== prefix);
    return { from: pos - prefix.length, options: options.map((label) => ({ label })) };
  };

const ofTask =
  (language: Language): CompletionSource =>
  ({ state, pos, explicit }) => {
    const found = suggestions(language, state.doc.toString(), pos);
    if (found === null || (!explicit && found.from === pos && !found.begun)) return null;
    return {
      from: found.from,
      options: found.options.map(({ label, insert, info }) => ({
        label,
        apply: insert,
        ...(info && { info }),
      })),
      filter: true,
    };
  };
