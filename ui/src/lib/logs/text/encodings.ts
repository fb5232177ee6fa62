// The encodings that a log can be read in, as its menu has them.
import type { LogInfo } from "../../api";

/** By their names in the Encoding Standard. */
export const ENCODINGS: readonly (readonly [name: string, label: string])[] = [
  ["UTF-8", "UTF-8"],
  ["UTF-16LE", "UTF-16, little endian"],
  ["UTF-16BE", "UTF-16, big endian"],
  ["windows-1252", "Western (windows-1252, Latin-1)"],
  ["windows-1250", "Central European (windows-1250)"],
  ["ISO-8859-2", "Central European (ISO 8859-2)"],
  ["macintosh", "Western (Mac OS Roman)"],
  ["windows-1251", "Cyrillic (windows-1251)"],
  ["ISO-8859-5", "Cyrillic (ISO 8859-5)"],
  ["KOI8-U", "Cyrillic (KOI8-R, KOI8-U)"],
  ["IBM866", "Cyrillic (IBM 866)"],
  ["windows-1253", "Greek (windows-1253)"],
  ["ISO-8859-7", "Greek (ISO 8859-7)"],
  ["windows-1254", "Turkish (windows-1254)"],
  ["windows-1255", "Hebrew (windows-1255)"],
  ["ISO-8859-8", "Hebrew (ISO 8859-8)"],
  ["windows-1256", "Arabic (windows-1256)"],
  ["ISO-8859-6", "Arabic (ISO 8859-6)"],
  ["windows-1257", "Baltic (windows-1257)"],
  ["ISO-8859-4", "Baltic (ISO 8859-4)"],
  ["windows-1258", "Vietnamese (windows-1258)"],
  ["windows-874", "Thai (windows-874)"],
  ["Shift_JIS", "Japanese (Shift JIS)"],
  ["EUC-JP", "Japanese (EUC-JP)"],
  ["ISO-2022-JP", "Japanese (ISO-2022-JP)"],
  ["gb18030", "Chinese (GB 18030)"],
  ["GBK", "Chinese (GBK)"],
  ["Big5", "Chinese (Big5)"],
  ["EUC-KR", "Korean (EUC-KR)"],
];

/** What a log is read in. */
export function encodingOf(info: LogInfo | null): string {
  return info?.encoding ?? "UTF-8";
}

/** What else is to know of how it is read. */
export function encodingHint(info: LogInfo | null): string {
  const hint = "The encoding that this log is read in.";
  return encodingOf(info).startsWith("UTF-16")
    ? `${hint} Lines also end at characters with the byte 0A in them, such as Ċ (U+010A) and letters of Gujarati.`
    : hint;
}

/** What the window says of it: nothing of UTF-8 that nobody chose. */
export function encodingNote(info: LogInfo | null): string | null {
  const name = encodingOf(info);
  if (info?.encodingChosen) return name;
  return name === "UTF-8" ? null : `${name}, guessed`;
}
