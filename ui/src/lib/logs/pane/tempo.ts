// How fast a log was written along its length, by the times of a few of its rows: where much came at once, and where nothing came for
// a while. Pure; the strip draws it.
import type { RowKey } from "../rows/numbers";

export interface Sample {
  readonly key: RowKey;
  /** Unix milliseconds. */
  readonly ts: number;
}

interface Stretch {
  readonly from: RowKey;
  readonly to: RowKey;
}

export interface Tempo {
  /** Many times as many rows in a second as most of the log has. */
  readonly bursts: readonly Stretch[];
  /** Between these rows there is a time in which nothing was printed, or next to nothing. */
  readonly silences: readonly (Stretch & { readonly ms: number })[];
}

export const STEADY: Tempo = { bursts: [], silences: [] };

/** A pause that is shorter is none. */
const MIN_SILENCE_MS = 5_000;
/** Of the whole time, one stretch out of so many. */
const SILENCE_SHARE = 0.08;
const BURST = 8;
const MIN_SAMPLES = 8;

export function tempoOf(samples: readonly Sample[]): Tempo {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined || samples.length < MIN_SAMPLES) return STEADY;
  const whole = last.ts - first.ts;
  if (whole <= 0) return STEADY;
  const stretches = samples.slice(1).flatMap(({ key, ts }, i) => {
    const before = samples[i];
    return before ? [{ from: before.key, to: key, ms: Math.max(0, ts - before.ts) }] : [];
  });
  const silent = Math.max(MIN_SILENCE_MS, whole * SILENCE_SHARE);
  const silences = stretches.filter(({ ms }) => ms >= silent);
  // What is usual is said by the stretches in which something came.
  const rates = stretches
    .filter(({ ms }) => ms < silent)
    .map(({ from, to, ms }) => (to - from) / Math.max(1, ms));
  const usual = [...rates].sort((a, b) => a - b)[rates.length >> 1] ?? 0;
  const bursts = stretches.filter(
    ({ from, to, ms }) => usual > 0 && ms < silent && (to - from) / Math.max(1, ms) >= usual * BURST,
  );
  return { bursts: joined(bursts), silences };
}

/** What adjoins is one. */
function joined(stretches: readonly Stretch[]): Stretch[] {
  const out: Stretch[] = [];
  for (const { from, to } of stretches) {
    const last = out.at(-1);
    if (last && from <= last.to) out[out.length - 1] = { from: last.from, to };
    else out.push({ from, to });
  }
  return out;
}

/** Rows whose times are read. */
const SAMPLES = 48;
/** Silences whose place is looked for, and how often the part where each is is halved. */
const MAX_SILENCES = 12;
const MAX_STEPS = 32;

/** Reads the tempo of a log of so many rows that has ended; `timeOf` a row may be unknown. */
export async function readTempo(
  rows: number,
  timeOf: (key: RowKey) => Promise<number | undefined>,
): Promise<Tempo> {
  const samples: Sample[] = [];
  for (let n = 0; n <= SAMPLES && rows > SAMPLES; n += 1) {
    const key = Math.min(rows - 1, Math.floor((rows * n) / SAMPLES));
    const ts = await timeOf(key);
    if (ts !== undefined && key > (samples.at(-1)?.key ?? -1)) samples.push({ key, ts });
  }
  const { bursts, silences } = tempoOf(samples);
  const placed: (typeof silences)[number][] = [];
  for (const silence of silences.slice(0, MAX_SILENCES)) {
    const begun = samples.find(({ key }) => key === silence.from)?.ts ?? 0;
    placed.push(await narrowed(silence, begun, timeOf));
  }
  return { bursts, silences: placed.filter(({ ms }) => ms >= MIN_SILENCE_MS) };
}

/** Goes to where in a stretch the pause is: to the half that took longer, again and again. */
async function narrowed(
  { from, to, ms }: Tempo["silences"][number],
  begun: number,
  timeOf: (key: RowKey) => Promise<number | undefined>,
): Promise<Tempo["silences"][number]> {
  for (let step = 0; to - from > 1 && step < MAX_STEPS; step += 1) {
    const middle = (from + to) >> 1;
    const ts = await timeOf(middle);
    if (ts === undefined) break;
    const before = Math.max(0, ts - begun);
    if (before >= ms - before) [to, ms] = [middle, before];
    else [from, ms, begun] = [middle, ms - before, ts];
  }
  return { from, to, ms };
}

/** The longest silence near a row, within so many rows. */
export function silenceAt({ silences }: Tempo, key: RowKey, reach: number): number {
  return silences
    .filter(({ from, to }) => key >= from - reach && key <= to + reach)
    .reduce((longest, { ms }) => Math.max(longest, ms), 0);
}
