// The text of a .env file to variables. Which values are masked is in shared/secret.ts.
//
// Read as one stream, since a quoted value may go on over lines, as a PEM key does. The rules are those that dotenv,
// docker compose and POSIX shells share: `export`, comments, 'as it stands', "with \n and \"", and `as it stands` too.
import type { EnvVar } from "../api";

const NAME = /(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*=/y;
const SPACE = /[ \t]*/y;
/** Behind a closing quote: nothing, or a comment. */
const REST_OF_LINE = /[ \t]*(?:#[^\n]*)?(?:\n|$)/y;
const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };

/** Reads the variables in the order of the text. Lines that are none are given back. */
export function parseEnv(source: string): { env: EnvVar[]; rejected: string[] } {
  const text = source.replace(/^\ufeff/, "").replaceAll("\r\n", "\n");
  const env: EnvVar[] = [];
  const rejected: string[] = [];
  let at = 0;
  while (at < text.length) {
    const newline = text.indexOf("\n", at);
    const end = newline === -1 ? text.length : newline;
    const line = text.slice(at, end);
    const trimmed = line.trim();
    let next = end + 1;
    if (trimmed !== "" && !trimmed.startsWith("#")) {
      NAME.lastIndex = at + line.length - line.trimStart().length;
      const match = NAME.exec(text);
      if (match === null) {
        rejected.push(line);
      } else {
        SPACE.lastIndex = NAME.lastIndex;
        SPACE.test(text);
        const quoted = readQuoted(text, SPACE.lastIndex);
        env.push({ key: match[1] as string, value: quoted?.value ?? unquoted(text, NAME.lastIndex, end) });
        next = quoted?.next ?? next;
      }
    }
    at = next;
  }
  return { env, rejected };
}

/** To the end of the line, or to a comment, which white space goes before: `#ff0000` is a value. */
function unquoted(text: string, from: number, end: number): string {
  return text
    .slice(from, end)
    .replace(/[ \t]+#.*$/, "")
    .trim();
}

/** The quoted value that begins here, and where the next line does; null where a quote is part of a plain value. */
function readQuoted(text: string, from: number): { value: string; next: number } | null {
  const quote = text.charAt(from);
  if (quote === "" || !"\"'`".includes(quote)) return null;
  let value = "";
  for (let at = from + 1; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char === quote) {
      REST_OF_LINE.lastIndex = at + 1;
      return REST_OF_LINE.test(text) ? { value, next: REST_OF_LINE.lastIndex } : null;
    }
    if (char === "\\" && quote === '"') {
      at += 1;
      value += unescape(text.charAt(at));
    } else value += char;
  }
  return null;
}

/** What a backslash and this stand for in double quotes; a backslash that means nothing there stays. */
function unescape(char: string): string {
  if (char === "\n") return "";
  return ESCAPES[char] ?? ('\\"$`'.includes(char) ? char : `\\${char}`);
}

const PLAIN = /^[A-Za-z_][A-Za-z0-9_.-]*$/;

/** Whether a variable can be written in the text of a .env file. */
export const isWritable = ({ key }: EnvVar): boolean => PLAIN.test(key);

/** The text of a .env file of these variables: `parseEnv` reads each that is writable back as it is. */
export const writeEnv = (env: readonly EnvVar[]): string => env.map(writeVariable).join("\n");

function writeVariable({ key, value }: EnvVar): string {
  if (/^[^\s"'`#$\\]*$/.test(value)) return `${key}=${value}`;
  const escaped = value
    .replaceAll(/["\\$`]/g, "\\$&")
    .replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r")
    .replaceAll("\t", "\\t");
  return `${key}="${escaped}"`;
}

/** Whether all of a pasted text is variables, so that it is not the value of one. */
export function isEnvText(text: string): boolean {
  const { env, rejected } = parseEnv(text);
  return env.length > 0 && rejected.length === 0;
}
