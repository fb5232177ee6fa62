import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const css = readFileSync("src/lib/design/tokens.css", "utf8");

function block(selector: string): Map<string, string> {
  const from = css.indexOf(`${selector} {`);
  const body = css.slice(css.indexOf("{", from) + 1, css.indexOf("}", from));
  return new Map(
    [...body.matchAll(/(--[\w-]+|color-scheme):\s*([^;]+);/g)].map((match) => [
      match[1] ?? "",
      match[2] ?? "",
    ]),
  );
}
const light = block(":root");
const byChoice = block(':root[data-theme="dark"]');
const bySystem = block(':root:not([data-theme="light"])');

function luminance(hex: string): number {
  const channel = (at: number) => {
    const value = parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
}
function contrast(a: string, b: string): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

test("dark by choice and dark by system are the same", () => {
  expect(Object.fromEntries(byChoice)).toEqual(Object.fromEntries(bySystem));
});

for (const [name, theme] of [
  ["light", light],
  ["dark", byChoice],
] as const) {
  test(`text and states can be read in ${name}: at least 4.5 to 1`, () => {
    const pairs: [string, string][] = [
      ["--on-accent", "--accent"],
      ["--on-accent", "--accent-hover"],
      ["--on-danger", "--danger"],
      ["--on-danger", "--danger-hover"],
      ["--state-failed", "--danger-soft"],
      ["--warn", "--warn-soft"],
      ["--accent-text", "--bg-selected"],
      ["--log-time", "--log-bg"],
    ];
    for (const text of [
      "--text",
      "--text-2",
      "--text-3",
      "--accent-text",
      ...[...theme.keys()].filter((key) => key.startsWith("--state-")),
    ]) {
      for (const ground of ["--bg", "--bg-side", "--bg-selected", "--bg-hover"]) pairs.push([text, ground]);
    }
    for (const key of theme.keys()) if (key.startsWith("--ansi-")) pairs.push([key, "--log-bg"]);
    const poor = pairs
      .map(([text, ground]) => ({
        text,
        ground,
        ratio: Number(contrast(theme.get(text) ?? "", theme.get(ground) ?? "").toFixed(2)),
      }))
      .filter(({ ratio }) => !(ratio >= 4.5));
    expect(poor).toEqual([]);
  });

  test(`the borders of controls can be seen in ${name}: at least 3 to 1`, () => {
    const line = theme.get("--line-control") ?? "";
    const ratio = (ground: string) => contrast(line, theme.get(ground) ?? "");
    for (const ground of ["--bg", "--bg-side", "--bg-raised", "--bg-sunken", "--log-bg"])
      expect(ratio(ground), ground).toBeGreaterThanOrEqual(3);
  });

  test(`the bar of stderr can be seen in ${name}: at least 3 to 1`, () => {
    const bar = theme.get("--log-stderr") ?? "";
    expect(contrast(bar, theme.get("--log-bg") ?? "")).toBeGreaterThanOrEqual(3);
  });
}
