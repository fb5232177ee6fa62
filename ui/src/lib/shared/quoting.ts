// Words as a POSIX shell reads them. The backend quotes by the same rule (crates/model, `command_text.rs`);
// tests/corpus/command-lines.json holds cases for both.

/** Quotes a word so that a shell, and parseCommandLine, reads it back unchanged. */
export function quoteArg(arg: string): string {
  if (/^[\p{Alphabetic}\p{N}_@%+=:,./•-]+$/u.test(arg)) return arg;
  return `'${arg.replaceAll("'", `'\\''`)}'`;
}

export function joinCommandLine(args: readonly string[]): string {
  return args.map(quoteArg).join(" ");
}
