// Sizes as a person writes them: "20 GB", "1.5 TB", "512 MiB". Pure.
const DECIMAL = ["B", "kB", "MB", "GB", "TB"];
const BINARY = ["B", "KiB", "MiB", "GiB", "TiB"];

/** Bytes, or `undefined` for text that is no size. A bare number is in bytes. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d+(?:[.,]\d+)?)\s*([a-z]*)$/i.exec(text.trim().replaceAll(/(\d)[\s_](?=\d{3}\b)/g, "$1"));
  if (!match) return undefined;
  const amount = Number((match[1] as string).replace(",", "."));
  const unit = (match[2] as string).toLowerCase() || "b";
  const decimal = DECIMAL.findIndex((name) => name.toLowerCase() === unit || name[0]?.toLowerCase() === unit);
  const binary = BINARY.findIndex((name) => name.toLowerCase() === unit);
  if (decimal < 0 && binary < 0) return undefined;
  const bytes = Math.round(amount * (binary > 0 ? 1024 ** binary : 1000 ** decimal));
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** The shortest text that `parseSize` reads as exactly this many bytes. */
export function sizeText(bytes: number): string {
  for (const [units, base] of [
    [DECIMAL, 1000],
    [BINARY, 1024],
  ] as const) {
    // The unit in which the number has one to three digits before its point.
    const unit = Math.min(units.length - 1, Math.floor(Math.log(Math.max(bytes, 1)) / Math.log(base) + 1e-9));
    const text = `${+(bytes / base ** unit).toFixed(3)} ${units[unit]}`;
    if (unit > 0 && parseSize(text) === bytes) return text;
  }
  return `${bytes} B`;
}
