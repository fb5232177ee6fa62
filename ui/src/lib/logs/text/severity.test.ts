import { expect, it } from "vitest";
import { marksFit, severityOf } from "./severity";

it.each([
  ["error: could not compile", "error"],
  ["error[E0308]: mismatched types", "error"],
  ["2026-11-23 13:00:01 ERROR pool: gone", "error"],
  ["[error] nginx", "error"],
  ['{"level":"error","msg":"x"}', "error"],
  ["ts=1 level=fatal msg=x", "error"],
  ["TypeError: x is not a function", "error"],
  ["Traceback (most recent call last)", "error"],
  ["npm ERR! code ELIFECYCLE", "error"],
  ["thread 'main' panicked at src/main.rs:1", "error"],
  ["java.lang.IllegalStateException: no", "error"],
  ["warning: unused variable", "warning"],
  ["WARN  pool is nearly full", "warning"],
  ["level=warn msg=x", "warning"],
])("%j says it is an %s", (text, severity) => expect(severityOf(text)).toBe(severity));

it.each(["0 errors, 0 warnings", "wrote error.log", "no error", "INFO all is well", "terror: a film", ""])(
  "%j is nothing to mark",
  (text) => expect(severityOf(text)).toBeNull(),
);

it("leaves marks out where nearly every line would have one", () => {
  expect(marksFit(Array.from({ length: 20 }, () => "error" as const))).toBe(false);
  expect(marksFit(Array.from({ length: 20 }, (_, i) => (i < 5 ? ("error" as const) : null)))).toBe(true);
  expect(marksFit(["error", "error"])).toBe(true);
});
