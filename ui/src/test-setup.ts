// What happy-dom lacks and the components use. Nothing here changes behaviour under test.
import { beforeEach } from "vitest";

class NoResizeObserver implements ResizeObserver {
  observe() {}
  unobserve() {}
  disconnect() {}
}
globalThis.ResizeObserver ??= NoResizeObserver;

beforeEach(() => localStorage.clear());
