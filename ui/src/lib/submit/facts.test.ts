import { describe, expect, it } from "vitest";
import { kindFacts, limitWords, runsText } from "./facts";

describe("what a run may use", () => {
  it("names each limit that is set, and nothing else", () => {
    expect(limitWords({ memoryBytes: 2_000_000_000, cpuPercent: 150, processes: 1 })).toBe(
      "2.0 GB memory · 150 % processor · 1 process",
    );
    expect(limitWords({})).toBe("");
    expect(limitWords(undefined)).toBe("");
  });
});

describe("what is run", () => {
  const mask = "••••••(01m8pdd1tj00057j90/316bf781b83fb788)";

  it.each([
    [{ subprocess: { mode: { command: { command: "grep", args: ["two words"] } } } }, "grep 'two words'"],
    [{ subprocess: { mode: { script: { runtime: "bash" as const, body: btoa("ls\n\n") } } } }, "ls"],
    [{ container: { image: "alpine:3", command: ["sh", "-c"], args: ["a b"] } }, "alpine:3 sh -c 'a b'"],
    [{ wasm: { module: "/m.wasm", args: ["x"] } }, "/m.wasm x"],
    [{ subprocess: { mode: { command: { command: "curl", args: [`x-${mask}`] } } } }, "curl x-••••••"],
  ])("is read as it would be typed, without the marks of what is hidden: %o", (kind, text) => {
    expect(runsText({ slot: "s", kind })).toBe(text);
  });

  it("says where it runs and what of the machine it sees", () => {
    const volumes = [{ source: "/data", target: "/in", readOnly: true }];
    expect(kindFacts({ container: { image: "alpine:3", volumes, user: "1000" } })).toEqual([
      { name: "Image", value: "alpine:3", testid: "image" },
      { name: "Volume", value: "/data at /in", more: "read only" },
      { name: "User", value: "1000" },
    ]);
  });
});
