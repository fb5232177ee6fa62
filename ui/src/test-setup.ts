// How long tests wait, and what happy-dom lacks and the components use. Nothing here changes behaviour under test.
import { configure } from "@testing-library/svelte";
import { beforeEach, vi } from "vitest";

// As crates/testing has it: no test waits longer for anything, and only what never comes takes so long.
configure({ asyncUtilTimeout: 120_000 });

class NoResizeObserver implements ResizeObserver {
  observe() {}
  unobserve() {}
  disconnect() {}
}
globalThis.ResizeObserver ??= NoResizeObserver;

// The editor measures what it draws, and happy-dom draws nothing: its own test (CodeEditor.test.ts) asks for it.
vi.mock("./lib/submit/editor/load", () => ({ loadEditor: () => new Promise(() => {}) }));

beforeEach(() => localStorage.clear());
