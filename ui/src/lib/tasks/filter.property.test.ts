// The filter's language under any text: nothing that is typed breaks it or is dropped unseen, what it asks of the backend is
// always well-formed, and what a click in the sidebar writes is read back as it was meant.
import fc from "fast-check";
import { expect, test } from "vitest";
import { PHASES } from "../shared/phase";
import {
  hasToken,
  labelToken,
  laneToken,
  parseFilter,
  stateToken,
  STATE_NAMES,
  toggleToken,
  toQuery,
  withoutKind,
  words,
} from "./filter";

const NOW = 1_764_000_000_000;
const anyText = fc.string({ unit: "binary", maxLength: 60 });
/** Text made of the language's own parts, in any order. */
const PARTS = [
  "state:",
  "lane:",
  "label:",
  "since:",
  "exit:",
  "job:",
  "name:",
  "took>",
  "-",
  "=",
  '"',
  '""',
  " ",
  ",",
  "failed",
  "running",
  "name",
];
const EDGES = [
  "__proto__",
  "constructor",
  "1.1d",
  "99999999999w",
  "0x10",
  "1e9",
  "-0",
  "-1",
  "2147483648",
  "\n",
  "ä",
  "LANE:",
];
const span = fc
  .tuple(
    fc.oneof(fc.nat(), fc.double({ min: 0, max: 1e6, noNaN: true })),
    fc.constantFrom("s", "m", "h", "d", "w"),
  )
  .map(([count, unit]) => `${count}${unit}`);
const token = fc
  .tuple(
    fc.constantFrom(
      "state:",
      "lane:",
      "label:",
      "since:",
      "exit:",
      "SINCE:",
      "job:",
      "took<",
      "-lane:",
      "-state:",
      "-since:",
      "-name:",
      "-took>",
      "-x",
    ),
    fc.oneof(fc.constantFrom(...EDGES), span, fc.integer().map(String), fc.string({ maxLength: 6 })),
  )
  .map(([kind, value]) => kind + value);
const likely = fc
  .array(fc.oneof(fc.constantFrom(...PARTS, ...EDGES), token, fc.string({ maxLength: 4 })), { maxLength: 14 })
  .map((parts) => parts.join(""));
const tokens = fc.array(token, { maxLength: 5 }).map((parts) => parts.join(" "));
const text = fc.oneof(anyText, likely, tokens);
/** As the model allows them: a label's key is not blank, its value is any text. */
const key = fc
  .oneof(fc.constantFrom("name", "__proto__", "toString", "a=b", 'a"b', " x"), anyText)
  .filter((k) => k.trim() !== "");
const value = fc.oneof(fc.constantFrom("", "=", "a=b", '"', '""', '"two words"', "__proto__"), anyText);

const check = <T>(property: fc.IProperty<T>): void => fc.assert(property, { numRuns: 1000 });

test("whatever is typed is read, and every word of it is used or named as a problem", () => {
  check(
    fc.property(text, (typed) => {
      const filter = parseFilter(typed);
      for (const word of words(typed)) {
        const alone = parseFilter(word);
        const said = Object.keys(toQuery(alone, NOW)).length + alone.problems.length;
        if (said === 0) expect(word.replaceAll('"', "")).toBe("");
        for (const problem of alone.problems)
          expect(filter.problems.map(({ token }) => token)).toContain(problem.token);
      }
      // Only space lies between words.
      expect(words(typed).join("")).toBe(
        typed.replace(/"(?:[^"]|"")*"?|\s/g, (part) => (part.startsWith('"') ? part : "")),
      );
    }),
  );
});

test("what the backend is asked is always well-formed", () => {
  check(
    fc.property(text, (typed) => {
      const query = toQuery(parseFilter(typed), NOW);
      if (query.sinceMs != null) expect(Number.isSafeInteger(query.sinceMs) && query.sinceMs >= 0).toBe(true);
      if (query.exitCode != null) {
        expect(Number.isInteger(query.exitCode) && Math.abs(query.exitCode) <= 2 ** 31).toBe(true);
        expect(Object.is(query.exitCode, -0)).toBe(false);
      }
      for (const phase of query.phases ?? []) expect(PHASES).toContain(phase);
      expect(query.phases?.length).not.toBe(0);
      const { without } = query;
      for (const ms of [
        query.tookAtLeastMs,
        query.tookAtMostMs,
        without?.sinceMs,
        without?.tookAtLeastMs,
        without?.tookAtMostMs,
      ])
        if (ms != null) expect(Number.isSafeInteger(ms) && ms >= 0).toBe(true);
      expect(new Set(query.phases).size).toBe((query.phases ?? []).length);
      for (const [name, wanted] of Object.entries(query.labels ?? {})) {
        expect(name.trim()).not.toBe("");
        expect(typeof wanted).toBe("string");
      }
      expect(JSON.parse(JSON.stringify(query))).toEqual({ ...query });
    }),
  );
});

test("a label that is clicked is read back, whatever is in it", () => {
  check(
    fc.property(key, value, text, (name, wanted, before) => {
      const token = labelToken(name, wanted);
      const read = parseFilter(token);
      expect(read.problems).toEqual([]);
      expect(Object.entries(read.labels)).toEqual([[name, wanted]]);
      // A quote that is open takes the rest of the line with it: then there is no telling them apart.
      fc.pre(words(`${before} apart`).at(-1) === "apart");
      expect(hasToken(`${before} ${token}`, token)).toBe(true);
    }),
  );
});

test("a click adds a token, a second one takes it away and leaves the rest", () => {
  const lane = fc.stringMatching(/^[A-Za-z0-9._-]{1,20}$/);
  const clickable = fc.oneof(
    fc.constantFrom(...STATE_NAMES).map(stateToken),
    lane.map(laneToken),
    fc.tuple(key, value).map(([name, wanted]) => labelToken(name, wanted)),
  );
  check(
    fc.property(text, clickable, (typed, clicked) => {
      fc.pre(words(`${typed} apart`).at(-1) === "apart" && !hasToken(typed, clicked));
      const once = toggleToken(typed, clicked);
      expect(hasToken(once, clicked)).toBe(true);
      const twice = toggleToken(once, clicked);
      expect(hasToken(twice, clicked)).toBe(false);
      const kind = clicked.slice(0, clicked.indexOf(":"));
      const kept = kind === "label" ? words(typed).join(" ") : withoutKind(typed, kind);
      expect(twice).toBe(kept);
    }),
  );
});
