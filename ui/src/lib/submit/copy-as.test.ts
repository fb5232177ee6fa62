import { expect, test } from "vitest";
import type { TaskSpec } from "../../api/types";
import { written } from "./copy-as";

const spec: TaskSpec = {
  slot: "a",
  kind: {
    subprocess: { mode: { command: { command: "echo", args: ["it's $HOME", "SOLTI", "\nSOLTI\n"] } } },
  },
};
const between = (text: string) => {
  const lines = text.split("\n");
  expect(lines.filter((line) => line === "SOLTI")).toHaveLength(1);
  return JSON.parse(lines.slice(1, lines.indexOf("SOLTI")).join("\n")) as unknown;
};

test("every form holds the whole spec, whatever is in it", () => {
  expect(JSON.parse(written(spec, "json", "/data"))).toEqual(spec);
  expect(between(written(spec, "cli", "/data"))).toEqual(spec);
  expect(between(written(spec, "curl", "/data"))).toEqual({ spec });
});

test("the shell changes nothing", () => {
  expect(written(spec, "cli", "/data").split("\n")[0]).toBe("solti submit - <<'SOLTI'");
  expect(written(spec, "curl", "/o'data").split("\n")[0]).toContain(
    "--unix-socket '/o'\\''data/api/solti.sock'",
  );
});
