// A command line as a person types it, split into arguments by the POSIX quoting rules; the way back is in shared/quoting.ts. No
// shell is involved: nothing is expanded. What only a shell could do is reported, so that the form can offer to run the line in one.

export interface ParsedCommand {
  readonly args: readonly string[];
  /** Set when the line cannot be split; `at` is the position of the opening quote or the lone backslash. */
  readonly error?: { readonly message: string; readonly at: number };
  /** What in the line only a shell would understand, in the order of appearance, without repeats. */
  readonly shellOnly: readonly string[];
  /** The line begins with what is no program: a variable that is set for it, or a word that only a shell knows. */
  readonly begins?: { readonly with: "variable" | "builtin"; readonly word: string };
}

const BLANK = /[ \t\r\n]/;
const OPERATORS = ["&&", "||", "|", ";", "&", ">", "<", "(", ")"];
/** Behind a `$`, what a shell puts a value for. */
const EXPANDED = /[A-Za-z_{(?0-9@*#!$-]/;
const BRACES = /\{[^{}\s'"]*(?:,|\.\.)[^{}\s'"]*\}/y;
const VARIABLE = /^\s*([A-Za-z_][A-Za-z0-9_]*)=/;
/** Words of shells that systems have no programs for, or none that could do the same. */
const BUILTIN =
  /^\s*(cd|source|\.|:|export|alias|unset|eval|exec|exit|set|umask|ulimit|trap|wait|shopt|pushd|popd|declare|local|read|if|for|while|until|case|function|select|!|\{)(?=\s|$)/;

export function parseCommandLine(line: string): ParsedCommand {
  const args: string[] = [];
  const shellOnly: string[] = [];
  const notice = (what: string): void => {
    if (!shellOnly.includes(what)) shellOnly.push(what);
  };
  let word: string | null = null;
  let at = 0;

  const variable = VARIABLE.exec(line)?.[1];
  const builtin = BUILTIN.exec(line)?.[1];
  const begins = variable
    ? { begins: { with: "variable" as const, word: `${variable}=` } }
    : builtin
      ? { begins: { with: "builtin" as const, word: builtin } }
      : {};

  const fail = (message: string, position: number): ParsedCommand => ({
    args,
    error: { message, at: position },
    shellOnly,
    ...begins,
  });

  while (at < line.length) {
    const char = line.charAt(at);
    if (char === "'") {
      const close = line.indexOf("'", at + 1);
      if (close === -1) return fail("A single quote is not closed", at);
      word = (word ?? "") + line.slice(at + 1, close);
      at = close + 1;
    } else if (char === '"') {
      const open = at;
      word = word ?? "";
      at += 1;
      while (at < line.length && line.charAt(at) !== '"') {
        const inner = line.charAt(at);
        const next = line.charAt(at + 1);
        if (inner === "\\" && next !== "" && '$`"\\\n'.includes(next)) {
          if (next !== "\n") word += next;
          at += 2;
        } else {
          if (inner === "$" && EXPANDED.test(next)) notice("$");
          if (inner === "`") notice("`");
          word += inner;
          at += 1;
        }
      }
      if (at >= line.length) return fail("A double quote is not closed", open);
      at += 1;
    } else if (char === "\\") {
      if (at + 1 >= line.length) return fail("A backslash at the end quotes nothing", at);
      if (line.charAt(at + 1) !== "\n") word = (word ?? "") + line.charAt(at + 1);
      at += 2;
    } else if (BLANK.test(char)) {
      if (word !== null) args.push(word);
      word = null;
      at += 1;
    } else {
      const operator = OPERATORS.find((op) => line.startsWith(op, at));
      const length = operator?.length ?? 1;
      if (operator !== undefined) notice(operator);
      else if (char === "$" && EXPANDED.test(line.charAt(at + 1))) notice("$");
      else if (char === "#" && word === null) notice("#");
      else if (char === "{" && braces(line, at)) notice("{}");
      else if (char === "`" || char === "*" || char === "?") notice(char);
      else if (char === "~" && word === null) notice("~");
      word = (word ?? "") + line.slice(at, at + length);
      at += length;
    }
  }
  if (word !== null) args.push(word);
  return { args, shellOnly, ...begins };
}

/** Does a shell make several words of what begins here? */
function braces(line: string, at: number): boolean {
  BRACES.lastIndex = at;
  return BRACES.test(line);
}

/** Why the line is for a shell, in a sentence; empty when it is not. */
export function shellAdvice({ shellOnly, begins }: ParsedCommand): string {
  if (begins?.with === "variable")
    return `${begins.word} sets a variable only in a shell; here it would be the program.`;
  if (begins?.with === "builtin") return `${begins.word} is a word of the shell, and no program.`;
  if (shellOnly.length === 0) return "";
  const signs = shellOnly.join(" ");
  return `${signs} ${shellOnly.length === 1 ? "is" : "are"} passed on as text: no shell is involved.`;
}
