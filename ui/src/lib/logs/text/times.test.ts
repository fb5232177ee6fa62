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
  ["Mon Nov 30 10:00:00 UTC 2026", utc(2026, 10, 30, 10, 0, 0)],
  ["Mon Nov 30 10:00:00 CET 2026", utc(2026, 10, 30, 9, 0, 0)],
  ["Mon Nov 30 10:00:00 +03 2026", utc(2026, 10, 30, 7, 0, 0)],
  ["Mon Nov 30 10:00:00 2026 +0100", utc(2026, 10, 30, 9, 0, 0)],
  ["Mon Nov 30 10:00:00 2026 -0330", utc(2026, 10, 30, 13, 30, 0)],
  ["Mon Nov 30 10:00:00 2026 CET", utc(2026, 10, 30, 9, 0, 0)],
  ["Mon Nov 30 10:00:00 2020", local(2020, 10, 30, 10, 0, 0)],
  ["[Mon Nov 30 10:00:00.123456 2020] [core:error]", local(2020, 10, 30, 10, 0, 0, 123)],
  ["Mon Nov 30 02:00:00 PM UTC 2020", utc(2020, 10, 30, 14, 0, 0)],
  ["Nov 30 02:00:00 PM UTC", utc(2026, 10, 30, 14, 0, 0)],
  ["Nov 30, 2020 12:00:00 AM com.example.App main", local(2020, 10, 30, 0, 0, 0)],
  ["Mon, 30 Nov 2026 10:00:00 GMT", utc(2026, 10, 30, 10, 0, 0)],
  ["30-Nov-2026 10:00:00.123 INFO", local(2026, 10, 30, 10, 0, 0, 123)],
  ["2026-11-30 10:00:00+00 LOG", utc(2026, 10, 30, 10, 0, 0)],
  ["2026-11-30 10:00:00.5-05", utc(2026, 10, 30, 15, 0, 0, 500)],
  ["2026-11-30 10:00:00 UTC [1]", utc(2026, 10, 30, 10, 0, 0)],
  ["2026-11-30 10:00:00 PST", utc(2026, 10, 30, 18, 0, 0)],
  ["2026-11-30 10:00:00 EST", utc(2026, 10, 30, 15, 0, 0)],
  ["2026-11-30 10:00:00 SAST", utc(2026, 10, 30, 8, 0, 0)],
  ["2026-11-30 10:00:00 BRT [1]", utc(2026, 10, 30, 13, 0, 0)],
  ["2026-11-30 10:00:00 HKT", utc(2026, 10, 30, 2, 0, 0)],
  ["2026-11-30 10:00:00 WITA", utc(2026, 10, 30, 2, 0, 0)],
  ["Nov 30 10:00:00 NPT", utc(2026, 10, 30, 4, 15, 0)],
  ["2026-11-30 10:00:00 INFO x", local(2026, 10, 30, 10, 0, 0)],
  ["2026-11-30 10:00:00 GMT+2", utc(2026, 10, 30, 8, 0, 0)],
  ["2026-11-30t10:00:00z", utc(2026, 10, 30, 10, 0, 0)],
  ["2026-11-30T10:00:00+01:00: x", utc(2026, 10, 30, 9, 0, 0)],
  ["2026-11-30 10:00:00 GET /", local(2026, 10, 30, 10, 0, 0)],
  ["2026-11-30 10:00:00 - x", local(2026, 10, 30, 10, 0, 0)],
  ["20261130T100000Z", utc(2026, 10, 30, 10, 0, 0)],
  ["I1130 10:00:00.123456    1 a.go:3] x", local(2026, 10, 30, 10, 0, 0, 123)],
  ["1764391200123456 x", 1_764_391_200_123],
  ["1764391200123456789 x", 1_764_391_200_123],
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
  "2026-02-31 10:00:00",
  "Feb 30 10:00:00 x",
  "2026-11-30 10:00:99",
  "2026-11-30 10:00:00+99:99",
  "2026-11-30 10:00:00+5",
  "2026-11-30 13:00:00 PM",
  "0001-01-01 00:00:00",
  "Mon Nov 30 10:00:00 XYZ 2026",
  // Names of messages are as long.
  "1064391200123456789",
])("takes nothing for one in %j", (text) => expect(timeAt(text, 3, NEAR)).toBeNull());

it("takes the name of several zones for the one of here, if it is one of them", () => {
  const at = local(2026, 6, 30, 10, 0, 0);
  const names = ["AST", "BST", "CST", "IST"].map((name) => timeAt(`2026-07-30 10:00:00 ${name}`, 3, NEAR));
  for (const found of names) expect(found?.at ?? at).toBe(at);
});

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
