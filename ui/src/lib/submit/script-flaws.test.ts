import { expect, test } from "vitest";
import { mended, scriptFlaw } from "./script-flaws";

test.each([
  ["\ufeff#!/bin/sh\ntrue\n", "byte order mark"],
  ["#!/bin/sh\r\ntrue\r\n", "CR LF"],
  ["e\0c\0h\0o\0", "NUL"],
])("%j is named, and mended", (body, said) => {
  expect(scriptFlaw(body)?.said).toContain(said);
  expect(scriptFlaw(mended(body))).toBeNull();
});

test("a script as it should be has no flaw", () =>
  expect(scriptFlaw("#!/bin/sh\nprintf '\\r'\n")).toBeNull());
