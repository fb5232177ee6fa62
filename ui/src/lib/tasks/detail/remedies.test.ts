import { describe, expect, test } from "vitest";
import corpus from "../../../../../tests/corpus/ends.json";
import type { TaskSpec } from "../../api/types";
import { atFault } from "./remedies";

const spec = (kind: TaskSpec["kind"]): TaskSpec => ({ slot: "s", kind });
const SPECS = {
  subprocess: spec({ subprocess: { mode: { command: { command: "tool" } } } }),
  container: spec({ container: { image: "alpine" } }),
  wasm: spec({ wasm: { module: "/srv/tool.wasm" } }),
};
const cases: { error: string; field?: string }[] = corpus.runner;

describe("a failed start is mended at the field of its kind of task", () => {
  test.each(cases)("$error", ({ error, field }) => {
    for (const [kind, spec] of Object.entries(SPECS)) {
      const found = atFault(error, spec)?.field;
      if (field?.startsWith(`kind.${kind}.`)) expect(found).toBe(field);
      else if (found !== undefined) expect(found).toMatch(new RegExp(`^kind\\.${kind}\\.`));
      if (field === undefined) expect(found).toBeUndefined();
    }
  });
});

test("the program of a script is its interpreter", () => {
  const script = spec({ subprocess: { mode: { script: { runtime: "bash", body: "true" } } } });
  expect(atFault("program not found: bash (PATH is empty)", script)?.field).toBe(
    "kind.subprocess.mode.script.runtime",
  );
});
