import { expect, it } from "vitest";
import type { LogInfo } from "../../api";
import { ENCODINGS, encodingNote } from "./encodings";

it("tells of what is not plain UTF-8, and whether it was guessed", () => {
  const info = (more: Partial<LogInfo>) => more as LogInfo;
  expect(encodingNote(null)).toBeNull();
  expect(encodingNote(info({}))).toBeNull();
  expect(encodingNote(info({ encoding: "windows-1251" }))).toBe("windows-1251, guessed");
  expect(encodingNote(info({ encoding: "GBK", encodingChosen: true }))).toBe("GBK");
  expect(encodingNote(info({ encodingChosen: true }))).toBe("UTF-8");
});

it("names encodings as the web's standard does, so that a guess is found in the menu", () => {
  for (const [name] of ENCODINGS) expect(() => new TextDecoder(name)).not.toThrow();
  const names = ENCODINGS.map(([name]) => name);
  for (const guessed of [
    "windows-1258",
    "windows-874",
    "ISO-8859-4",
    "ISO-8859-5",
    "ISO-8859-7",
    "ISO-2022-JP",
  ])
    expect(names).toContain(guessed);
  expect(new Set(ENCODINGS.map(([name]) => name.toLowerCase())).size).toBe(ENCODINGS.length);
});
