// Durations as people write them (90s, 5m, 1h30m, 2w, 250ms) to milliseconds, and back without losing any. How the page says them
// is format.ts's.

const UNITS: readonly (readonly [string, number])[] = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
  ["ms", 1],
];

const WORDS: Readonly<Record<string, number>> = {
  w: 604_800_000,
  week: 604_800_000,
  weeks: 604_800_000,
  d: 86_400_000,
  day: 86_400_000,
  days: 86_400_000,
  h: 3_600_000,
  hour: 3_600_000,
  hours: 3_600_000,
  m: 60_000,
  min: 60_000,
  minutes: 60_000,
  s: 1_000,
  sec: 1_000,
  seconds: 1_000,
  ms: 1,
};

/** Milliseconds, or null when the text is not a duration. A number without a unit is refused: 90 what? */
export function parseDuration(text: string): number | null {
  const compact = text.trim().toLowerCase().replaceAll(/\s+/g, "");
  if (!/^(\d+(\.\d+)?[a-z]+)+$/.test(compact)) return null;
  let total = 0;
  let last = Infinity;
  for (const [, amount, unit] of compact.matchAll(/(\d+(?:\.\d+)?)([a-z]+)/g)) {
    const size = WORDS[unit as string];
    if (size === undefined || size >= last) return null; // Units go down: "5m1h" is a slip of the pen.
    last = size;
    total += Number(amount) * size;
  }
  const rounded = Math.round(total);
  return Number.isSafeInteger(rounded) && Math.abs(total - rounded) < 1e-6 ? rounded : null;
}

export function formatDuration(ms: number): string {
  if (!(ms > 0)) return "0s";
  let rest = Math.round(ms);
  let text = "";
  for (const [unit, size] of UNITS) {
    const amount = Math.floor(rest / size);
    if (amount > 0) text += `${amount}${unit}`;
    rest -= amount * size;
  }
  return text;
}
