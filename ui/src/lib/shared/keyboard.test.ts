import { expect, it, vi } from "vitest";
import { act, stroke } from "./keyboard";

const press = (init: KeyboardEventInit & { altGraph?: boolean }): KeyboardEvent => {
  const event = new KeyboardEvent("keydown", { cancelable: true, ...init });
  vi.spyOn(event, "getModifierState").mockReturnValue(init.altGraph ?? false);
  return event;
};

it.each([
  ["a letter", { key: "e", code: "KeyE" }, "e"],
  ["a letter with Shift", { key: "E", code: "KeyE", shiftKey: true }, "Shift+E"],
  ["a letter with caps lock", { key: "E", code: "KeyE" }, "e"],
  ["a chord", { key: "f", code: "KeyF", ctrlKey: true }, "Ctrl+F"],
  ["a chord with Cmd and Shift", { key: "f", code: "KeyF", metaKey: true, shiftKey: true }, "Ctrl+Shift+F"],
  ["a sign, however it is typed", { key: "?", code: "Slash", shiftKey: true }, "?"],
  ["a blank", { key: " ", code: "Space", shiftKey: true }, "Shift+Space"],
  ["a named key", { key: "ArrowUp", code: "ArrowUp", shiftKey: true }, "Shift+ArrowUp"],
  ["Alt", { key: "e", code: "KeyE", altKey: true }, "Alt+E"],
  ["a sign by AltGr", { key: "[", code: "Digit8", altKey: true, altGraph: true }, "["],
  ["a letter of a French keyboard, where it is", { key: "a", code: "KeyQ" }, "a"],
  ["a German letter", { key: "ü", code: "BracketLeft" }, "ü"],
  ["Russian е on the key of t", { key: "е", code: "KeyT" }, "t"],
  ["Russian У on the key of E", { key: "У", code: "KeyE", shiftKey: true }, "Shift+E"],
  ["a Russian chord", { key: "а", code: "KeyF", ctrlKey: true }, "Ctrl+F"],
  ["Russian ъ on the key of ]", { key: "ъ", code: "BracketRight" }, "]"],
  ["Greek ε on the key of e", { key: "ε", code: "KeyE" }, "e"],
  ["Hebrew ק on the key of e", { key: "ק", code: "KeyE" }, "e"],
  ["a Hebrew chord on a key that types a sign", { key: "'", code: "KeyW", ctrlKey: true }, "Ctrl+W"],
  ["a digit of a French keyboard in a chord", { key: "à", code: "Digit0", ctrlKey: true }, "Ctrl+0"],
  ["a sign of a French keyboard that zooms", { key: "-", code: "Digit6", ctrlKey: true }, "Ctrl+-"],
  ["Arabic digits", { key: "٠", code: "Digit0", ctrlKey: true }, "Ctrl+0"],
  ["an input method's key", { key: "Process", code: "KeyE" }, ""],
  ["a key of a word that is being composed", { key: "e", code: "KeyE", isComposing: true }, ""],
  ["Enter that ends a composition", { key: "Enter", code: "Enter", keyCode: 229 }, ""],
  ["a dead key", { key: "Dead", code: "BracketLeft" }, ""],
] as const)("reads %s", (_, init, expected) => {
  expect(stroke(press(init))).toBe(expected);
});

it("does what a table says, and leaves other keys alone", () => {
  const run = vi.fn();
  const known = press({ key: "e", code: "KeyE" });
  expect(act(known, { e: run })).toBe(true);
  expect(run).toHaveBeenCalledOnce();
  expect(known.defaultPrevented).toBe(true);
  const other = press({ key: "constructor" });
  expect(act(other, { e: run })).toBe(false);
  expect(other.defaultPrevented).toBe(false);
});
