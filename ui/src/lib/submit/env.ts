// Pasted .env text to variables. Which values are masked is in shared/secret.ts.
import type { EnvVar } from "../api";

/** Reads KEY=value lines: comments, `export`, single and double quotes. Lines that are none of these are given back. */
export function parseEnv(text: string): { env: EnvVar[]; rejected: string[] } {
  const env: EnvVar[] = [];
  const rejected: string[] = [];
  for (const line of text.split(/\r?\n/)) {
    const trimmed = line.trim();
    if (trimmed === "" || trimmed.startsWith("#")) continue;
    const match = /^(?:export\s+)?([A-Za-z_][A-Za-z0-9_.-]*)\s*=(.*)$/s.exec(trimmed);
    if (match) env.push({ key: match[1] as string, value: unquote((match[2] as string).trim()) });
    else rejected.push(line);
  }
  return { env, rejected };
}

function unquote(value: string): string {
  const quote = value.charAt(0);
  const close = quote === '"' || quote === "'" ? value.indexOf(quote, 1) : -1;
  const end = quote === '"' ? /^"((?:[^"\\]|\\.)*)"/s.exec(value) : null;
  if (end) {
    const escapes: Record<string, string> = { n: "\n", t: "\t", r: "\r" };
    return (end[1] as string).replaceAll(/\\(.)/gs, (_, char: string) => escapes[char] ?? char);
  }
  if (quote === "'" && close !== -1) return value.slice(1, close);
  return value.replace(/\s+#.*$/, "");
}
