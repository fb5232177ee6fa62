// Words of a person are keys of labels, selectors and documents: none of them means anything else.
import { expect, it } from "vitest";
import type { TaskSpec } from "../api";
import { specFromJson, specToJson } from "./json";
import { specMismatch } from "./shape";
import { fromSpec } from "./from-spec";
import { toSpec } from "./to-spec";
import { specFromYaml, specToYaml } from "./yaml";

const WORDS = ["constructor", "toString", "__proto__", "hasOwnProperty"];
const labels = Object.fromEntries(WORDS.map((word) => [word, "x"]));
const spec: TaskSpec = {
  slot: "a",
  kind: { subprocess: { mode: { command: { command: "true", args: [] } } } },
  labels,
};

it("keeps labels of any name through the form and both texts", () => {
  expect(Object.entries(toSpec(fromSpec(spec)).spec.labels ?? {})).toEqual(Object.entries(labels));
  for (const read of [specFromJson(specToJson(spec)), specFromYaml(specToYaml(spec))]) {
    expect(read).toMatchObject({ spec: {} });
    if ("spec" in read) expect(Object.entries(read.spec.labels ?? {})).toEqual(Object.entries(labels));
  }
});

it.each(WORDS)("takes %s for no field that it knows", (word) => {
  const odd = JSON.parse(
    `${JSON.stringify({ slot: "a", kind: spec.kind }).slice(0, -1)},"${word}":1}`,
  ) as unknown;
  expect(specMismatch(odd)?.path).toEqual([word]);
  const kind = JSON.parse(`{"slot":"a","kind":{"${word}":{}}}`) as unknown;
  expect(specMismatch(kind)?.path).toEqual(["kind"]);
});
