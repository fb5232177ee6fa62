import { expect, it } from "vitest";
import { readTempo, silenceAt, STEADY, tempoOf, type Sample } from "./tempo";

/** A sample each ten rows, so long after the one before. */
function samples(...pauses: number[]): Sample[] {
  let ts = 1_000;
  return [{ key: 0, ts }, ...pauses.map((pause, i) => ({ key: (i + 1) * 10, ts: (ts += pause) }))];
}

it("is steady where rows come evenly, at once, or are few", () => {
  expect(tempoOf(samples(...Array<number>(20).fill(100)))).toEqual(STEADY);
  expect(tempoOf(samples(...Array<number>(20).fill(0)))).toEqual(STEADY);
  expect(tempoOf(samples(1, 100_000))).toEqual(STEADY);
  expect(tempoOf([])).toEqual(STEADY);
});

it("finds where nothing came for a while, and how long", () => {
  const tempo = tempoOf(samples(100, 100, 100, 100, 100, 100, 60_000, 100, 100, 100));
  expect(tempo.silences).toEqual([{ from: 60, to: 70, ms: 60_000 }]);
  expect(tempo.bursts).toEqual([]);
  expect(silenceAt(tempo, 65, 0)).toBe(60_000);
  expect(silenceAt(tempo, 75, 6)).toBe(60_000);
  expect(silenceAt(tempo, 20, 6)).toBe(0);
});

it("finds where much came at once, as one stretch", () => {
  const tempo = tempoOf(samples(1000, 1000, 1000, 10, 10, 1000, 1000, 1000, 1000, 1000));
  expect(tempo.bursts).toEqual([{ from: 30, to: 50 }]);
  expect(tempo.silences).toEqual([]);
});

it("takes no clock that was set back for anything", () => {
  expect(() => tempoOf(samples(100, -5_000, 100, 100, 100, 100, 100, 100, 100))).not.toThrow();
});

it("reads few rows and finds the very pause", async () => {
  let reads = 0;
  const timeOf = async (key: number) => {
    reads += 1;
    return key * 10 + (key > 123_456 ? 900_000 : 0);
  };
  const { silences } = await readTempo(200_000, timeOf);
  expect(silences).toEqual([{ from: 123_456, to: 123_457, ms: 900_010 }]);
  expect(reads).toBeLessThan(70);
  // Of rows that are gone nothing is known.
  expect(await readTempo(200_000, async () => undefined)).toEqual(STEADY);
  expect(await readTempo(5, timeOf)).toEqual(STEADY);
});
