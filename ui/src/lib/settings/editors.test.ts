import { expect, it } from "vitest";
import corpus from "../../../../tests/corpus/editors.json";
import { EDITORS } from "./editors";

// What each is started with, Rust is held to.
it("offers the editors whose commands are tested", () => {
  expect(EDITORS).toEqual(corpus.editors.map(({ name, command }) => ({ name, command })));
});
