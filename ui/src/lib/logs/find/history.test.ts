import { beforeEach, expect, it } from "vitest";
import { FindHistory } from "./history.svelte";

beforeEach(() => localStorage.clear());

it("brings back what was looked for, the latest first, and in the end what was being typed", () => {
  const history = new FindHistory();
  for (const one of ["first", "second", "first", "third"]) history.keep(one);
  expect(history.all).toEqual(["second", "first", "third"]);
  expect(history.step(true, "dra")).toBe("third");
  expect(history.step(true, "third")).toBe("first");
  expect(history.step(true, "first")).toBe("second");
  expect(history.step(true, "second")).toBeNull();
  expect(history.step(false, "second")).toBe("first");
  expect(history.step(false, "first")).toBe("third");
  expect(history.step(false, "third")).toBe("dra");
  expect(history.step(false, "dra")).toBeNull();
});

it("passes over what stands in the field already, and is the same for every window", () => {
  new FindHistory().keep("one");
  new FindHistory().keep("two");
  expect(new FindHistory().step(true, "two")).toBe("one");
  expect(new FindHistory().all).toEqual(["one", "two"]);
});

it("is added to by windows that are open together, and shows what each of them has kept", () => {
  const [one, other] = [new FindHistory(), new FindHistory()];
  one.keep("a");
  other.keep("error");
  one.keep("b");
  expect(new FindHistory().all).toEqual(["a", "error", "b"]);
  expect([other.step(true, ""), other.step(true, "b")]).toEqual(["b", "error"]);
});

it("keeps a bounded number, and nothing empty", () => {
  const history = new FindHistory();
  for (let n = 0; n < 80; n += 1) history.keep(`pattern ${n}`);
  history.keep("");
  expect(history.all).toHaveLength(50);
  expect(history.all.at(-1)).toBe("pattern 79");
});
