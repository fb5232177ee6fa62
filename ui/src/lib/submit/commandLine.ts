// A command line as a person types it, split into arguments by the POSIX quoting rules; the way back is in shared/quoting.ts. No
// shell is involved: nothing is expanded. What a shell would do with the line is read by its grammar elsewhere (crates/shell-line).

export interface ParsedCommand {
  readonly args: readonly string[];
  /** Set when the line cannot be split; `at` is the position of the opening quote or the lone backslash. */
  readonly error?: { readonly message: string; readonly at: number };
}

const BLANK = /[ \t\r\n]/;

export function parseCommandLine(line: string): ParsedCommand {
  const args: string[] = [];
  let word: string | null = null;
  let at = 0;

  const fail = (message: string, position: number): ParsedCommand => ({
    args,
    error: { message, at: position },
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
      word = (word ?? "") + char;
      at += 1;
    }
  }
  if (word !== null) args.push(word);
  return { args };
}
