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
const LETTER = String.raw`\p{L}\p{M}\p{N}_@+~.$#%\-`;
const NAME = `[${LETTER},]`;
/** Frameworks name folders `[id]`, `[[...all]]` and `(group)`. */
const PART = String.raw`(?:${NAME}|\[{1,2}${NAME}+\]{1,2}|\(${NAME}+\))+`;
/** Without a folder before it, a name is one of a file by how it ends; `example.com:443` is none. */
const SOURCE =
  "rs|py|pyi|pyx|ipynb|js|mjs|cjs|jsx|ts|mts|cts|tsx|svelte|vue|astro|go|java|kt|kts|scala|groovy|c|h|cc|cpp|cxx|hh|hpp|cu|cuh|cs|vb|fs|swift|m|mm|rb|php|pl|pm|lua|ex|exs|erl|hs|ml|mli|clj|zig|nim|d|dart|jl|r|f90|f95|adb|ads|sql|sh|bash|zsh|fish|bats|ps1|css|scss|less|html|xml|json|jsonc|yaml|yml|toml|ini|cfg|conf|md|rst|txt|tex|tf|tfvars|hcl|proto|cmake|mk|gradle|bzl|nix|el|vim|feature|asm|s";
/** Or by its whole name. */
const BARE = "(?:GNU)?makefile|dockerfile|containerfile|jenkinsfile|justfile|rakefile|gemfile|vagrantfile";
const PATH = String.raw`(?:~|\.{1,2}|${NAME}+)?(?:/${PART})+|${NAME}*\.(?:${SOURCE})|${BARE}`;
/** Behind one of these a name has begun before, in words that are none of a name. */
const WITHIN = String.raw`[${LETTER}/\\:)\]}*?!…]`;
const AT = [
  String.raw`:\d{1,7}(?::\d{1,5})?`, // src/main.rs:3:18
  String.raw`(?:: )?\(\d{1,7}, ?\d{1,5}(?:[,-]\d{1,7})*\)`, // a.ts(3,5), a.cs(3,5,3,9), Main.kt: (3, 5)
  String.raw`\(\d{1,7}\)(?= ?:)`, // a.c(3): error
  String.raw`:\[\d{1,7},\d{1,5}\]`, // A.java:[3,5]
  String.raw`: ?line \d{1,7}`, // a.cs:line 12, a.sh: line 3
  String.raw`(?<=\.\w{1,6}) (?:on )?line \d{1,7}`, // a.php on line 3, a.pl line 3
].join("|");
const PLACE = new RegExp(String.raw`(?<!${WITHIN})(file://)?(${PATH})(${AT})(?![\w/.]*[\w/])`, "giu");
/** Forms that say where a name begins and ends, which may have blanks in it. */
const WHOLE: readonly RegExp[] = [
  /\bFile "([^"<>\0]+)"(, line \d{1,7})/g, // Python
  /(?<=\bat (?:[^()]* )?\()(\/[^():]+)(:\d{1,7}:\d{1,5})(?=\))/g, // Node
  /(?<=^\s*--> )([^:<>]+)(:\d{1,7}:\d{1,5})(?=$)/g, // rustc
];
/** Every form has one of these. */
const ANY = /[:([]\d|line \d/i;

/** In order, and no two in one place. */
export function filePlaces(text: string): FilePlace[] {
  const line = text.length > MAX_TEXT ? text.slice(0, MAX_TEXT) : text;
  if (!ANY.test(line)) return [];
  const found: FilePlace[] = [];
  const add = (from: number, all: string, path: string, at: string): void => {
    const [row = 0, column] = (at.match(/\d+/g) ?? []).map(Number);
    const place = { from, to: from + all.length, path, line: row };
    if (row > 0) found.push(column === undefined ? place : { ...place, column });
  };
  for (const form of WHOLE)
    for (const { 0: all, index, 1: path = "", 2: at = "" } of line.matchAll(form)) add(index, all, path, at);
  for (const { 0: all, index, 1: scheme, 2: path = "", 3: at = "" } of line.matchAll(PLACE))
    add(index, all, scheme === undefined ? path : decoded(path), at);
  let end = 0;
  return found
    .sort((a, b) => a.from - b.from || b.to - a.to)
    .filter(({ from, to }) => {
      if (from < end) return false;
      end = to;
      return true;
    });
}

/** A name as an address writes it: `a%20b.js`. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** As people write it: `src/main.rs:3:18`. */
export const placeText = ({ path, line, column }: FileName): string =>
  [path, line, ...(column === undefined ? [] : [column])].join(":");
