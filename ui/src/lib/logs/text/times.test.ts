import { expect, it } from "vitest";
import { timeAt, toldTime } from "./times";

const NEAR = Date.UTC(2026, 10, 29, 12);
const utc = (...parts: [number, number, number, number, number, number, number?]) => Date.UTC(...parts);
const local = (...parts: [number, number, number, number, number, number, number?]) =>
  new Date(...parts).getTime();

it.each([
  ["2026-11-29T04:40:00Z start", utc(2026, 10, 29, 4, 40, 0)],
  ["2026-11-29T04:40:00.1234567+01:00 x", utc(2026, 10, 29, 3, 40, 0, 123)],
  ["2026-11-29 04:40:00,250 INFO x", local(2026, 10, 29, 4, 40, 0, 250)],
  ["2026/11/29 04:40:00 [error]", local(2026, 10, 29, 4, 40, 0)],
  ["Nov 29 04:40:00 host app[1]: x", local(2026, 10, 29, 4, 40, 0)],
  ["Dec 31 23:59:59 host x", local(2026, 11, 31, 23, 59, 59)],
  ["29/Nov/2026:04:40:00 +0000] GET /", utc(2026, 10, 29, 4, 40, 0)],
  ["1764391200 x", 1_764_391_200_000],
  ["1764391200123 x", 1_764_391_200_123],
  ["1764391200.5 x", 1_764_391_200_500],
])("reads the time in %j", (text, at) => expect(timeAt(text, 3, NEAR)?.at).toBe(at));

it("takes a December without a year for the one before in January", () => {
  const january = Date.UTC(2027, 0, 2);
  expect(timeAt("Dec 31 23:59:59 x", 0, january)?.at).toBe(local(2026, 11, 31, 23, 59, 59));
});

it.each([
  "2026-13-29T04:40:00Z",
  "12345678901234567",
  "id-1764391200",
  "1.1764391200",
  "no time here",
  "99:99:99",
])("takes nothing for one in %j", (text) => expect(timeAt(text, 3, NEAR)).toBeNull());

it("finds the one at the column, and no other", () => {
  const text = "from 2026-11-29T04:40:00Z to 2026-11-29T05:40:00Z";
  expect(timeAt(text, 2, NEAR)).toBeNull();
  expect(timeAt(text, 30, NEAR)?.at).toBe(utc(2026, 10, 29, 5, 40, 0));
});

it("tells how far it is from the start", () => {
  const told = (at: number) => toldTime({ at }, NEAR);
  expect(told(NEAR + 61_500)).toMatch(/^2026-11-\d\d .*[+-]\d\d:\d\d · \+1:01\.500 from the start$/);
  expect(told(NEAR - 1_000)).toContain("−0:01.000");
});
