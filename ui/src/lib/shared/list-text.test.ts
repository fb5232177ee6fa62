import { expect, it } from "vitest";
import { joinValues, splitValues } from "./list-text";

it.each([
  [["a", "b"], "a, b"],
  [["Berlin, DE", "Paris, FR"], '["Berlin, DE","Paris, FR"]'],
  [["a "], '["a "]'],
  [["two\nlines"], '["two\\nlines"]'],
  [["[a"], "[a"],
  [['["a"]'], '["[\\"a\\"]"]'],
  [[""], '[""]'],
  [[], ""],
])("%j is one text and comes back as it was", (values, text) => {
  expect(joinValues(values)).toBe(text);
  expect(splitValues(text)).toEqual(values);
});
