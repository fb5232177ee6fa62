// How long tests wait, and what happy-dom lacks and the components use. Nothing here changes behaviour under test.
import { configure } from "@testing-library/svelte";
import { beforeEach } from "vitest";

// As crates/testing has it: no test waits longer for anything, and only what never comes takes so long.
configure({ asyncUtilTimeout: 120_000 });

class NoResizeObserver implements ResizeObserver {
  observe() {}
  unobserve() {}
  disconnect() {}
}
globalThis.ResizeObserver ??= NoResizeObserver;

beforeEach(() => localStorage.clear());
