import { expect, test } from "vitest";
import type { TaskSpec } from "../api";
import { scriptText, written } from "./copy-as";

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

test("every form holds the whole spec, whatever is in it", async () => {
  expect(JSON.parse(await written(spec, "json", "/data"))).toEqual(spec);
  expect(between(await written(spec, "cli", "/data"))).toEqual(spec);
  expect(between(await written(spec, "curl", "/data"))).toEqual({ spec });
});

test("the shell changes nothing", async () => {
  expect((await written(spec, "cli", "/data")).split("\n")[0]).toBe("solti submit - <<'SOLTI'");
  expect((await written(spec, "curl", "/o'data")).split("\n")[0]).toContain(
    "--unix-socket '/o'\\''data/api/solti.sock'",
  );
});

test("solti run says the same, with secrets by their names alone", async () => {
  const runLine = (task: TaskSpec) => written(task, "run", "/data");
  const task: TaskSpec = {
    slot: "etl",
    kind: {
      subprocess: {
        mode: { command: { command: "make", args: ["all x"] } },
        env: [
          { key: "API_TOKEN", value: "hunter2" },
          { key: "MODE", value: "fast one" },
        ],
        cwd: "/srv/my app",
      },
    },
    timeout: 90_000,
    admission: "queue",
    labels: { name: "nightly", team: "data" },
  };
  expect(await runLine(task)).toBe(
    "solti run --name nightly -C '/srv/my app' --env API_TOKEN --env 'MODE=fast one' --timeout 1m30s --lane etl --label team=data -- make 'all x'\n",
  );
  // A lane of its own is what solti run gives a task anyway.
  expect(await runLine({ ...task, slot: "make-abck2" })).not.toContain("--lane");
  expect(await runLine({ ...task, limits: { processes: 4 } })).toMatch(/^# Left out.*limits/);
  const service = { ...task, restart: { type: "always", intervalMs: 5000 } } as const;
  expect(await runLine(service)).toContain("--restart always --interval 5s");
  expect(
    await runLine({ ...task, restart: { type: "onFailure" }, maxRetries: undefined } as TaskSpec),
  ).toContain("--restart on-failure");
  for (const form of ["yaml", "json", "run", "cli", "curl"] as const)
    expect(await written(task, form, "/data"), form).not.toContain("hunter2");
});

test("a script is readable, and runs by its interpreter", async () => {
  const body = btoa("cd /srv\nmake\n");
  const task: TaskSpec = { slot: "s", kind: { subprocess: { mode: { script: { runtime: "bash", body } } } } };
  expect(scriptText(task)).toBe("cd /srv\nmake\n");
  expect(await written(task, "run", "/data")).toContain("-- bash -c 'cd /srv\nmake\n'");
});
