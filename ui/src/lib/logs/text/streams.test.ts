// Output as programs write it, byte for byte: recorded from cargo and curl, and in the manner of tqdm, npm and pytest.
import { expect, it } from "vitest";
import { parseAnsi, PLAIN, type Style } from "./ansi";
import cargo from "./streams/cargo.txt?raw";
import curl from "./streams/curl.txt?raw";
import npm from "./streams/npm.txt?raw";
import pytest from "./streams/pytest.txt?raw";
import tqdm from "./streams/tqdm.txt?raw";

interface Drawn {
  readonly text: string;
  /** Each run of text with its style. */
  readonly runs: readonly (readonly [string, Style])[];
}

function draw(stream: string): Drawn[] {
  let start = PLAIN;
  const rows = stream.replace(/\n$/, "").split("\n");
  return rows.map((text) => {
    const { spans, plain, end } = parseAnsi(text, start);
    start = end;
    return { text: plain, runs: spans.map((span) => [span.text, span.style] as const) };
  });
}

it("cargo: a progress line gives way to what comes after it, in its colours", () => {
  const rows = draw(cargo);
  expect(rows[0]?.text).toBe("   Compiling p v0.1.0 (/home/ada/p)");
  expect(rows[1]?.text).toBe("warning: unused variable: `x`");
  expect(rows[1]?.runs[0]).toEqual(["warning", { bold: true, fg: 3 }]);
  expect(rows.map((row) => row.text).join("\n")).not.toContain("Building");
  expect(rows.at(-1)?.text).toBe("    Finished `dev` profile [unoptimized + debuginfo] target(s) in 0.59s");
});

it("curl: a meter shows its last state", () => {
  const rows = draw(curl);
  expect(rows).toHaveLength(3);
  expect(rows[2]?.text).toBe(
    "100 2929k  100 2929k    0     0  2673M      0 --:--:-- --:--:-- --:--:-- 2673M",
  );
});

it("tqdm: a bar shows its last state, and the row after it is its own", () => {
  const rows = draw(tqdm);
  expect(rows[0]?.text).toBe("train: 100%|██████████| 500/500 [00:10<00:00, 50.0it/s, loss=1.00]");
  expect(rows[1]?.runs).toEqual([
    ["saved ", {}],
    ["model.pt", { underline: true }],
  ]);
});

it("npm: a spinner leaves nothing, links leave their text", () => {
  const rows = draw(npm);
  expect(rows[0]?.text).toBe("");
  expect(rows[1]?.text).toBe("npm warn deprecated left-pad@1.3.0: use String.prototype.padStart()");
  expect(rows[1]?.runs[2]?.[1]).toMatchObject({ fg: 3 });
  expect(rows[2]?.text).toBe("audit found 0 problems");
});

it("pytest: colours that are left on go on in the next rows until they are switched off", () => {
  const rows = draw(pytest);
  expect(rows[1]?.text).toBe("tests/test_a.py ..F                [100%]");
  expect(rows[3]?.runs).toEqual([["diff begins", { fg: 1, bold: true }]]);
  expect(rows[4]?.runs).toEqual([["still red and bold", { fg: 1, bold: true }]]);
  expect(rows[5]?.runs).toEqual([["plain again", {}]]);
  expect(rows[6]?.runs.map(([, style]) => style.fg)).toEqual([208, undefined, 0x10ac81e]);
});
