// The languages that the editor knows, and which of them an interpreter reads.
export type Language = "shell" | "python" | "javascript" | "ruby" | "perl" | "json" | "yaml" | "plain";

/** By the name of the program, without its path and its version. */
const READ_BY: Readonly<Record<string, Language>> = {
  sh: "shell",
  bash: "shell",
  dash: "shell",
  zsh: "shell",
  ksh: "shell",
  python: "python",
  pypy: "python",
  node: "javascript",
  deno: "javascript",
  bun: "javascript",
  ruby: "ruby",
  perl: "perl",
};

export function languageOf(program: string): Language {
  const name = (program.trim().split("/").at(-1) ?? "").replace(/[\d.]+$/, "");
  return Object.hasOwn(READ_BY, name) ? (READ_BY[name] ?? "plain") : "plain";
}
