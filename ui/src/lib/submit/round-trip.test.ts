import { describe, expect, it } from "vitest";
import type { TaskSpec } from "../api";
import { decodeUtf8, encodeUtf8 } from "./base64";
import { looksSecret } from "../shared/secret";
import { placeError, sectionOf } from "./errors";
import { specFromJson, specToJson } from "./json";
import { emptyForm, ownLane } from "./form";
import { fromSpec } from "./from-spec";
import { toSpec } from "./to-spec";
import { summaries, waits } from "./summaries";
import { specFromYaml, specToYaml } from "./yaml";

const defaults = {
  restart: { type: "never" },
  backoff: { jitter: "full", firstMs: 1000, maxMs: 30_000, factor: 2 },
  admission: "dropIfRunning",
} satisfies Partial<TaskSpec>;

const specs: Record<string, TaskSpec> = {
  everything: {
    slot: "my-slot",
    kind: {
      subprocess: {
        mode: { command: { command: "/opt/my app/run", args: ["", "it's", "a b", "$X", 'q"q', "x\ny"] } },
        env: [{ key: "K", value: " v=1 " }],
        cwd: "/tmp/a b",
        failOnNonZero: false,
        afterMain: "end",
      },
    },
    timeout: 90_500,
    notBefore: 1_764_336_000_123,
    priority: -7,
    after: [
      { task: "a", when: "succeeded" },
      { task: "b", when: "started" },
    ],
    afterReboot: "hold",
    restart: { type: "always", intervalMs: 5001 },
    backoff: { jitter: "decorrelated", firstMs: 1, maxMs: 86_400_001, factor: 1.75 },
    admission: "queue",
    maxRetries: 3,
    runnerSelector: {
      matchLabels: { zone: "eu" },
      matchExpressions: [
        { key: "gpu", operator: "Exists" },
        { key: "a", operator: "In", values: ["x", "y,z", " w"] },
        { key: "b", operator: "NotIn", values: ["p", "q"] },
      ],
    },
    labels: { name: "nightly build", team: "etl", empty: "" },
    limits: {
      memoryBytes: 1_500_000_001,
      cpuPercent: 150,
      openFiles: 64,
      processes: 20,
      outputBytes: 10_000_000,
    },
  },
  script: {
    ...defaults,
    slot: "s",
    kind: {
      subprocess: {
        mode: { script: { runtime: "python", body: encodeUtf8("print('é漢😀')\n"), args: ["--x", "a b"] } },
        failOnNonZero: true,
      },
    },
  },
  custom: {
    ...defaults,
    slot: "s",
    kind: {
      subprocess: {
        mode: { script: { runtime: { custom: { command: "ruby", flag: "-e" } }, body: "cHV0cyAx" } },
        failOnNonZero: true,
      },
    },
  },
  notUtf8: {
    ...defaults,
    slot: "s",
    kind: { subprocess: { mode: { script: { runtime: "bash", body: "/////w==" } }, failOnNonZero: true } },
  },
  container: {
    ...defaults,
    slot: "s",
    kind: {
      container: { image: "a:b", command: ["sh"], args: ["-c", "x y"], env: [{ key: "A", value: "1" }] },
    },
  },
  wasm: { ...defaults, slot: "s", kind: { wasm: { module: "/m.wasm", args: ["1"] } } },
  minimal: {
    ...defaults,
    slot: "s",
    kind: { subprocess: { mode: { command: { command: "true" } }, failOnNonZero: true } },
  },
};

describe("spec, form and text", () => {
  it.each(Object.entries(specs))("%s goes through the form unchanged", (_, spec) => {
    expect(toSpec(fromSpec(spec))).toEqual({ spec, errors: {} });
  });

  it.each(Object.entries(specs))("%s goes through JSON unchanged", (_, spec) => {
    expect(specFromJson(specToJson(spec))).toEqual({ spec });
  });

  it.each(Object.entries(specs))("%s goes through YAML unchanged", (_, spec) => {
    expect(specFromYaml(specToYaml(spec))).toEqual({ spec });
  });

  it("shows a script as text in JSON and YAML, and takes base64 as well", () => {
    const body = "Y2QgL3NydgptYWtlCg==";
    const script = { runtime: "bash" as const, body };
    const spec: TaskSpec = { slot: "s", kind: { subprocess: { mode: { script } } } };
    expect(specToYaml(spec)).toContain("text: |\n          cd /srv\n          make\n");
    expect(specToJson(spec)).toContain('"text": "cd /srv\\nmake\\n"');
    for (const text of [specToJson(spec), JSON.stringify(spec)]) expect(specFromJson(text)).toEqual({ spec });
    // What would not come back as it was stays as it is.
    const odd: TaskSpec = {
      slot: "s",
      kind: { subprocess: { mode: { script: { runtime: "bash", body: "/w==" } } } },
    };
    expect(specFromYaml(specToYaml(odd))).toEqual({ spec: odd });
  });

  it("keeps any string in YAML, also those that look like something else there", () => {
    const odd = [
      "",
      " ",
      "yes",
      "null",
      "~",
      "1.0",
      "0x1f",
      "1e3",
      "2026-11-23",
      "- a",
      "a: b",
      "#c",
      "*a",
      "!t",
      "|",
    ];
    const lines = [
      "a\nb",
      "\n",
      " a\n  b \n\n",
      "x\r\ny",
      "\t",
      "\0\x1b[31m",
      "\u0085\u2028",
      "é漢😀",
      "'\"\\",
      "x ".repeat(200),
    ];
    const args = [...odd, ...lines, "---", "...", "%", "@", "`", "<<", "__proto__"];
    const spec: TaskSpec = {
      slot: "s",
      kind: { subprocess: { mode: { command: { command: "c", args } } } },
      labels: Object.fromEntries(args.filter((arg) => arg !== "__proto__").map((arg) => [arg, arg])),
    };
    expect(specFromYaml(specToYaml(spec))).toEqual({ spec });
  });

  it("fills in what a short spec leaves out", () => {
    const short: TaskSpec = { slot: "s", kind: { subprocess: { mode: { command: { command: "true" } } } } };
    expect(toSpec(fromSpec(short)).spec).toEqual(specs.minimal);
  });

  it("needs only a command and a directory, and gives the task a lane of its own", () => {
    const form = emptyForm("abcde");
    form.command.line = "/usr/bin/rsync -a 'my files' host:";
    form.cwd = "/home/me";
    const { spec, errors } = toSpec(form);
    expect(errors).toEqual({});
    expect(spec.slot).toBe("rsync-abcde");
    expect(spec.kind).toEqual({
      subprocess: {
        mode: { command: { command: "/usr/bin/rsync", args: ["-a", "my files", "host:"] } },
        cwd: "/home/me",
        failOnNonZero: true,
      },
    });
  });

  it("makes lane names that the model accepts, whatever the task is called", () => {
    for (const name of ["Nightly Build!", "é漢😀", "..", "-", "x".repeat(300), "a/b c", "   "]) {
      const lane = ownLane({ ...emptyForm("abcde"), name });
      expect(lane).toMatch(/^[A-Za-z0-9._-]{1,64}$/);
      expect(lane.endsWith("-abcde")).toBe(true);
    }
    expect(ownLane({ ...emptyForm("abcde"), name: "Nightly Bäckup" })).toBe("nightly-backup-abcde");
  });

  it("runs a line in a shell only when asked to", () => {
    const form = emptyForm();
    form.command.line = "a | b";
    expect(toSpec(form).spec.kind).toMatchObject({
      subprocess: { mode: { command: { command: "a", args: ["|", "b"] } } },
    });
    form.command.shell = true;
    expect(toSpec(form).spec.kind).toMatchObject({
      subprocess: { mode: { script: { runtime: "bash", body: encodeUtf8("a | b") } } },
    });
  });

  it("keeps and names what is not a value yet", () => {
    const form = { ...emptyForm(), timeout: "soon", maxRetries: "x" };
    form.backoff.first = "";
    form.command.line = "echo 'a";
    form.labels = [
      { key: "a", value: "1" },
      { key: "a", value: "2" },
    ];
    expect(Object.keys(toSpec(form).errors).sort()).toEqual([
      "backoff.firstMs",
      "kind.subprocess.mode.command.command",
      "labels",
      "maxRetries",
      "timeout",
    ]);
    expect(form.timeout).toBe("soon");
  });

  it("says which line of the JSON is wrong, and names unknown fields", () => {
    expect(specFromJson('{\n  "slot": "a",\n  "kind" {}\n}')).toMatchObject({ line: 3 });
    expect(specFromJson('{\n  "slot": "a",\n}')).toMatchObject({ line: 3 });
    expect(specFromJson('{\n  "slot": "a"\n')).toMatchObject({ line: 3 });
    expect(specFromJson('{\n\n  "slot": "a\n}')).toMatchObject({ line: 3 });
    expect(specFromJson("{}\n\n x")).toMatchObject({ line: 3 });
    const text = specToJson(specs.minimal as TaskSpec);
    expect(specFromJson(text.replace('"admission"', '"admision"'))).toMatchObject({
      message: "Unknown field admision",
      line: 11,
    });
    expect(specFromJson(text.replace('"slot": "s"', '"slot": 5'))).toMatchObject({
      message: "slot must be a string",
      line: 12,
    });
    expect(specFromJson('{"slot":"s"}')).toMatchObject({ message: "kind is missing" });
    expect(specFromJson('{"slot":"s","kind":{"vm":{}}}')).toMatchObject({
      message: "kind must have exactly one of subprocess, container, wasm",
    });
    expect(specFromJson("[]")).toMatchObject({ message: "The spec must be an object" });
    expect(specFromJson("")).toMatchObject({ message: expect.stringContaining("not JSON") });
  });
});

describe("YAML as people write it", () => {
  const read = (text: string) => specFromYaml(text);
  const command = "kind: {subprocess: {mode: {command: {command: make, args: [all]}}}}";

  it("may have comments, anchors and any style", () => {
    const spec = {
      slot: "etl",
      kind: { subprocess: { mode: { command: { command: "make", args: ["all"] } } } },
    };
    expect(read(`# nightly\nslot: &s etl\n${command}\nlabels: {team: *s}`)).toEqual({
      spec: { ...spec, labels: { team: "etl" } },
    });
    expect(read(JSON.stringify(spec))).toEqual({ spec });
  });

  it("says which line is wrong", () => {
    expect(read(`slot: a\n${command}\n\nlabels:\n  v: 1.0`)).toMatchObject({
      message: "labels.v must be a string",
      line: 5,
    });
    expect(read(`slot: a\n\nadmision: queue\n${command}`)).toMatchObject({
      message: "Unknown field admision",
      line: 3,
    });
    expect(read("slot: a\nkind:\n  wasm:\n    module: m\n    args:\n      - x\n      - 5\n")).toMatchObject({
      message: "kind.wasm.args[1] must be a string",
      line: 7,
    });
    expect(read(`slot: a\n${command}\ntimeout: .nan`)).toMatchObject({ line: 3 });
    expect(read("slot: a")).toMatchObject({ message: "kind is missing", line: 1 });
    expect(read("")).toMatchObject({ message: "The spec must be an object", line: 1 });
  });

  it.each([
    ["a bad indent", "slot: a\nkind:\n   wasm: {}\n  x: 1", 4],
    ["a key twice", `slot: a\n${command}\nslot: b`, 3],
    ["a tab", "slot: a\nkind:\n\twasm: {}", 3],
    ["an open quote", 'slot: a\nname: "b\n', 3],
    ["an unknown tag", `slot: !secret a\n${command}`, 1],
    ["two documents", `slot: a\n${command}\n---\nslot: b`, 3],
    ["an alias of nothing", "slot: *a", 1],
  ])("refuses %s", (_, text, line) => {
    expect(read(text)).toMatchObject({ message: expect.stringMatching(/^This is not YAML: /), line });
  });

  it("does not follow aliases that multiply without end", () => {
    const level = (n: number) => `  l${n}: &l${n} [${`*l${n - 1},`.repeat(9)}]\n`;
    const bomb = `labels:\n  l0: &l0 [x,x,x,x,x,x,x,x,x]\n${[1, 2, 3, 4, 5, 6, 7, 8].map(level).join("")}`;
    expect(read(bomb)).toMatchObject({ message: expect.stringContaining("alias") });
  });
});

describe("base64", () => {
  it("holds any text, and long ones", () => {
    const text = "é漢😀\0\r\n".repeat(50_000);
    expect(decodeUtf8(encodeUtf8(text))).toBe(text);
    expect(encodeUtf8("é")).toBe("w6k=");
    expect(decodeUtf8("%%%")).toBeNull();
    expect(decodeUtf8("/////w==")).toBeNull();
  });
});

describe("error placement", () => {
  it.each([
    ["slot", "slot", "lane"],
    ["kind.subprocess.mode.command.command", "kind.subprocess.mode.command.command", null],
    ["kind.subprocess.mode.command.args[2]", "kind.subprocess.mode.command.command", null],
    ["kind.subprocess.mode.script.body", "kind.subprocess.mode.script.body", null],
    [
      "kind.subprocess.mode.script.runtime.custom.flag",
      "kind.subprocess.mode.script.runtime.custom.flag",
      null,
    ],
    ["kind.subprocess.env[0].key", "kind.subprocess.env", "environment"],
    ["kind.container.env[0].key", "kind.subprocess.env", "environment"],
    ["kind.subprocess.cwd", "kind.subprocess.cwd", null],
    ["timeout", "timeout", "limits"],
    ["restart.intervalMs", "restart.intervalMs", "restart"],
    ["backoff.maxMs", "backoff.maxMs", "restart"],
    ["maxRetries", "maxRetries", "restart"],
    ["runnerSelector.matchExpressions[0].values", "runnerSelector", "runner"],
    ["labels", "labels", "labels"],
    ["kind", "kind", null],
  ])("%s is shown at %s", (field, at, section) => {
    expect(placeError(field)).toBe(at);
    expect(sectionOf(at)).toBe(section);
  });

  it("does not take a field for another that begins alike, and gives up honestly", () => {
    expect(placeError("timeoutX")).toBeNull();
    expect(placeError("kind.subprocess.mode.script.body", true)).toBe("kind.subprocess.mode.command.command");
  });
});

describe("environment", () => {
  it("masks what looks like a secret", () => {
    expect(["API_KEY", "github_token", "DB_PASSWORD"].every(looksSecret)).toBe(true);
    expect(looksSecret("PATH")).toBe(false);
  });
});

describe("headers and the timeline", () => {
  it("says nothing for the default and what differs otherwise", () => {
    expect(Object.values(summaries(emptyForm())).every((text) => text === "")).toBe(true);
    const form = { ...emptyForm(), restart: "onFailure" as const, maxRetries: "3", timeout: "30m" };
    expect(summaries(form).restart).toBe("on failure, 3×, 1 s–30 s");
    expect(summaries(form).limits).toBe("stops after 30 min");
  });

  it("computes the waits as the contract does", () => {
    const form = { ...emptyForm(), maxRetries: "" };
    expect(waits(form)?.map((wait) => wait.high)).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000]);
    form.backoff.jitter = "equal";
    expect(waits(form)?.[1]).toEqual({ low: 1000, high: 2000 });
    form.backoff.factor = "0.5";
    expect(waits(form)).toBeNull();
  });
});

describe("a lane of its own", () => {
  const command = { subprocess: { mode: { command: { command: "make" } } } };

  it("is what the spec says, whatever its name, and goes back as it came", () => {
    const said: TaskSpec[] = [
      { slot: "nightly", ownLane: true, kind: command, admission: "queue" },
      { slot: "make-abcd2", ownLane: true, kind: command, admission: "dropIfRunning" },
      { slot: "make-abcd2", ownLane: false, kind: command, admission: "replace" },
      { slot: "other-abcd2", kind: command, admission: "queue" },
      { slot: "etl", kind: command, admission: "queue" },
    ];
    for (const spec of said) {
      const form = fromSpec(spec);
      expect(form.lane.own).toBe(spec.ownLane ?? spec.slot.startsWith("other"));
      expect(toSpec(form).spec).toMatchObject(spec);
      expect(toSpec(form).spec.ownLane).toBe(spec.ownLane);
    }
  });

  it("is said in a new task, and shared ones are not mistaken for one", () => {
    const form = { ...emptyForm("abcd2"), name: "nightly" };
    expect(toSpec(form).spec).toMatchObject({ slot: "nightly-abcd2", ownLane: true });
    form.lane = { ...form.lane, own: false, slot: "etl" };
    expect(toSpec(form).spec).not.toHaveProperty("ownLane");
    form.lane.slot = "build-abcd2";
    expect(toSpec(form).spec.ownLane).toBe(false);
  });
});
