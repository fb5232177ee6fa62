// Places in files that a line names, as compilers, interpreters and linters write them. Pure: whether there is such a file is for
// those to say who open it.
import type { Range } from "./urls";

export interface FileName {
  readonly path: string;
  /** From 1. */
  readonly line: number;
  readonly column?: number;
}

export interface FilePlace extends FileName, Range {}

/** Of a longer line no more is looked through. */
const MAX_TEXT = 2_000;
const NAME = String.raw`[\w@+~.,-]`;
/** Without a folder before it, a name is one of a file by how it ends; `example.com:443` is none. */
const SOURCE =
  "rs|py|pyx|js|mjs|cjs|jsx|ts|mts|cts|tsx|svelte|vue|go|java|kt|kts|scala|groovy|c|h|cc|cpp|cxx|hh|hpp|cs|fs|swift|m|mm|rb|php|pl|pm|lua|ex|exs|erl|hs|ml|mli|clj|zig|nim|d|dart|jl|r|sql|sh|bash|zsh|fish|css|scss|less|html|xml|json|yaml|yml|toml|ini|cfg|conf|md|rst|txt|tex|tf|proto|cmake|mk|gradle|nix|el|vim|asm|s";
const PATH = String.raw`(?:(?:~|\.{1,2}|${NAME}+)?(?:/${NAME}+)+|${NAME}*\.(?:${SOURCE}))`;
/** `src/main.rs:3:18`, `/a/b.go:12`, `src/a.ts(3,5)`. */
const COLON = new RegExp(
  String.raw`(?<![\w/~.:@+-])(?:file://)?(${PATH})(?::(\d{1,7})(?::(\d{1,5}))?|\((\d{1,7}),(\d{1,5})\))(?![\w/.]*[\w/])`,
  "gi",
);
/** `File "x.py", line 3`. */
const PYTHON = /\bFile "([^"<>\0]+)", line (\d{1,7})/g;

/** In order, and no two in one place. */
export function filePlaces(text: string): FilePlace[] {
  const line = text.length > MAX_TEXT ? text.slice(0, MAX_TEXT) : text;
  if (!/[:(]\d|", line \d/.test(line)) return [];
  const found: FilePlace[] = [];
  for (const { 0: all, index, 1: path = "", 2: at, 3: column, 4: row, 5: col } of line.matchAll(COLON)) {
    const place = { from: index, to: index + all.length, path, line: Number(at ?? row) };
    const behind = column ?? col;
    found.push(behind === undefined ? place : { ...place, column: Number(behind) });
  }
  for (const { 0: all, index, 1: path = "", 2: at } of line.matchAll(PYTHON))
    found.push({ from: index, to: index + all.length, path, line: Number(at) });
  const inOrder = found.filter(({ line }) => line > 0).sort((a, b) => a.from - b.from);
  return inOrder.filter(({ from }, i) => i === 0 || from >= (inOrder[i - 1]?.to ?? 0));
}

/** As people write it: `src/main.rs:3:18`. */
export const placeText = ({ path, line, column }: FileName): string =>
  [path, line, ...(column === undefined ? [] : [column])].join(":");
