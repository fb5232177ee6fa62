import { expect, it } from "vitest";
import { readPlace } from "./place";
import { rowTime, writtenTime } from "./words";

const startedAt = new Date(2026, 0, 31, 22, 15, 30, 500).getTime();
const span = { lines: 12_000, startedAt };
const on = (day: number, ...clock: [number, number, number?, number?]): number =>
  new Date(2026, 0, day, ...clock).getTime();

it("takes a number for a line, as numbers are written and shown", () => {
  for (const typed of ["1500", " 1,500", "1.500", "1_500", "1 500"])
    expect(readPlace(typed, span)).toEqual({ line: 1500 });
  for (const typed of ["0", "12001", "", "-5", "line 5", "5.5", "1,50", "1.500.", "5 5"])
    expect(readPlace(typed, span)).toBeNull();
  expect(readPlace("5", { ...span, lines: 0 })).toBeNull();
});

it("takes a clock for a moment of the run, over midnight too", () => {
  expect(readPlace("23:01", span)).toEqual({ at: on(31, 23, 1) });
  expect(readPlace("23:01:02.5", span)).toEqual({ at: on(31, 23, 1, 2, 500) });
  // The minute in which it begins is that of today.
  expect(readPlace("22:15", span)).toEqual({ at: on(31, 22, 15) });
  expect(readPlace("22:14", span)).toEqual({ at: on(32, 22, 14) });
  expect(readPlace("0:30", span)).toEqual({ at: on(32, 0, 30) });
  for (const typed of ["24:00", "12:60", "12:3", "12:30:61", "1:2:3:4"])
    expect(readPlace(typed, span)).toBeNull();
});

it("takes what the time column shows", () => {
  for (const after of [0, 61_005, 3_723_004]) {
    const ts = startedAt + after;
    for (const mode of ["clock", "relative"] as const)
      expect(readPlace(rowTime(mode, ts, startedAt), span)).toEqual({ at: ts });
  }
});

it("takes a date, of here or of the whole world", () => {
  expect(readPlace("2026-01-02", span)).toEqual({ at: on(2, 0, 0) });
  expect(readPlace("2026-01-02 03:04", span)).toEqual({ at: on(2, 3, 4) });
  expect(readPlace("2026-01-02T03:04:05.678Z", span)).toEqual({ at: Date.UTC(2026, 0, 2, 3, 4, 5, 678) });
  // As it is copied with a line, or stands in it.
  expect(readPlace("2026-01-02T03:04:05.678+01:00", span)).toEqual({
    at: Date.UTC(2026, 0, 2, 2, 4, 5, 678),
  });
  expect(readPlace(writtenTime(startedAt), span)).toEqual({ at: startedAt });
  expect(readPlace("Jan  2 03:04:05", span)).toEqual({ at: on(2, 3, 4, 5) });
  for (const typed of ["2026-13-01", "2026-01-32", "2026-02-31", "2026-01-02 25:00", "2026-01-02T03:04Z x"])
    expect(readPlace(typed, span)).toBeNull();
});
