// What in the text of a script no person sees and every interpreter stumbles over.

export interface Flaw {
  readonly said: string;
  /** On the button that mends it. */
  readonly verb: string;
}

export function scriptFlaw(body: string): Flaw | null {
  if (body.includes("\0"))
    return {
      said: "The text holds NUL characters, as UTF-16 read as something else does.",
      verb: "Remove them",
    };
  if (body.startsWith("\ufeff"))
    return {
      said: "The text begins with a byte order mark, which keeps its first line from being read as one.",
      verb: "Remove it",
    };
  if (/\r\n/.test(body))
    return {
      said: "Lines end in CR LF, as on Windows. Shells take the CR for a part of the last word.",
      verb: "Use LF",
    };
  return null;
}

/** The text without any of these. */
export const mended = (body: string): string =>
  body
    .replaceAll("\0", "")
    .replace(/^\ufeff/, "")
    .replaceAll("\r\n", "\n");
