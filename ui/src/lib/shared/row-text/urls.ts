// Addresses in the text of a row, and which of them may be opened. Pure.

/** Columns [from, to) of a text. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/**
 * What stands in an address: of ASCII all but blanks, quotes and angle brackets; of the rest what is seen and is a letter or within
 * words. So the punctuation of any script ends one, and nothing invisible is opened.
 */
const SIGN = String.raw`[!#$%&()*+,./\w:;=@[\]{}~-]|[^\0-\x7f\s\p{Cc}\p{Cf}\p{DI}\p{Ps}\p{Pe}\p{Pi}\p{Pf}\p{Po}]|[·・]`;
/** An apostrophe within a word; an address that stands in such quotes ends at the first. */
const APOSTROPHE = String.raw`'(?=\p{L})`;
const address = (sign: string): string =>
  String.raw`[a-z][a-z0-9+.-]{0,30}://(?:${sign})+(?:\?(?:${sign}|[?|])*)?`;
const ADDRESS = new RegExp(
  `(?<![A-Za-z0-9'])${address(`${SIGN}|${APOSTROPHE}`)}|(?<=')${address(SIGN)}`,
  "giu",
);
/** What ends a sentence behind an address is none of it. */
const SENTENCE_END = /[.,;:!?|]+$/u;

/** Where addresses stand in a text. */
export function urls(text: string): Range[] {
  if (!text.includes("://")) return [];
  return [...text.matchAll(ADDRESS)].map(({ 0: found, index }) => {
    let url = found.replace(SENTENCE_END, "");
    // A bracket around it closes behind it, and so does a sign for emphasis.
    const around = /[_*~]/.exec(text[index - 1] ?? "")?.[0];
    while (
      (around !== undefined && url.endsWith(around)) ||
      (/[)\]}]$/.test(url) && url.split(/[([{]/).length < url.split(/[)\]}]/).length)
    )
      url = url.slice(0, -1).replace(SENTENCE_END, "");
    return { from: index, to: index + url.length };
  });
}

/** Whether a browser is what opens it. Whatever else a program may print, nothing is opened by. */
export const opens = (address: string): boolean => /^https?:\/\/[^/]/i.test(address);
