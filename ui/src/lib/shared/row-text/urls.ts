// Addresses in the text of a row, and which of them may be opened. Pure.

/** Columns [from, to) of a text. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** What stands in an address: all but blanks, quotes and brackets; what ends a sentence behind it is none of it. */
const ADDRESS = /\b[a-z][a-z0-9+.-]*:\/\/[^\s<>"'`{}|\\^]+/giu;
const SENTENCE_END = /[.,;:!?]+$/u;

/** Where addresses stand in a text. */
export function urls(text: string): Range[] {
  if (!text.includes("://")) return [];
  return [...text.matchAll(ADDRESS)].map(({ 0: found, index }) => {
    let url = found.replace(SENTENCE_END, "");
    // A bracket around it closes behind it.
    while (/[)\]]$/.test(url) && url.split(/[([]/).length < url.split(/[)\]]/).length)
      url = url.slice(0, -1).replace(SENTENCE_END, "");
    return { from: index, to: index + url.length };
  });
}

/** Whether a browser is what opens it. Whatever else a program may print, nothing is opened by. */
export const opens = (address: string): boolean => /^https?:\/\/[^/]/i.test(address);
