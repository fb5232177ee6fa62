// A backend in memory (interim, minimal): replaced in the next commit by one with believable data.
import type { Backend } from "./backend";
export interface FakeOptions {
  tasks?: number;
  live?: boolean;
}
export function createFakeBackend(options: FakeOptions = {}): Backend {
  void options;
  return new Proxy({} as Backend, {
    get: (_, name) => () => Promise.reject(new Error(`${String(name)} is not faked yet`)),
  });
}
