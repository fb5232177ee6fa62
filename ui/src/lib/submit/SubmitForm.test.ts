import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  ApiError,
  useBackend,
  type Backend,
  type ClusterPreview,
  type LineReading,
  type RunnerInfo,
  type TaskSpec,
} from "../api";
import { Drafts } from "./draft";
import { sentence } from "./errors";
import SubmitForm from "./SubmitForm.svelte";

let wrong: ApiError | null;
let sent: TaskSpec[];
let edited: { id: string; spec: TaskSpec; resourceVersion: number } | undefined;
let drafts: Drafts;
let runners: RunnerInfo[];
let previewed: (asked: { spec: TaskSpec }) => Promise<ClusterPreview>;

function open(initial?: TaskSpec, edits?: { id: string; version: number }) {
  const onsubmitted = vi.fn();
  render(SubmitForm, { title: "New task", initial, edits, drafts, onsubmitted, oncancel: () => {} });
  return { onsubmitted };
}

const field = (id: string): HTMLInputElement => screen.getByTestId(id);
const type = (id: string, value: string) => fireEvent.input(field(id), { target: { value } });
const outlook = (): string | undefined => screen.queryByTestId("cluster-outlook")?.textContent.trim();
const refuse = (name: string, message = "not so") =>
  (wrong = new ApiError({ error: "InvalidRequest", field: name, message }));

/** As if only these were for a shell. */
const readCommandLine = async (line: string): Promise<LineReading> => {
  if (line.startsWith("FOO=") || line.includes("|")) return { advice: "That is for a shell." };
  return line === "(make" ? { advice: "That is for a shell.", flaw: "unclosed ( at character 1" } : {};
};

beforeEach(() => {
  wrong = null;
  sent = [];
  edited = undefined;
  drafts = new Drafts();
  runners = [];
  previewed = () => new Promise(() => {}); // A cluster that does not answer keeps nobody waiting.
  useBackend({
    readCommandLine,
    validateSpec: async () => {
      if (wrong) throw wrong;
    },
    submitTask: async (spec: TaskSpec) => (sent.push(spec), "id-1"),
    editTask: async (asked: typeof edited) => void (edited = asked),
    listTasks: async () => ({ rows: [], total: 0 }),
    listLanes: async () => [],
    listRunners: async () => runners,
    previewOnCluster: (asked: { spec: TaskSpec }) => previewed(asked),
  } as unknown as Backend);
});
afterEach(cleanup);

it.each([
  ["must be greater than 0 ms", "Must be greater than 0 ms"],
  ["maxMs is shorter than firstMs", "maxMs is shorter than firstMs"],
  ["kind.subprocess is missing", "kind.subprocess is missing"],
  ["Already one", "Already one"],
])("says a fragment as a sentence: %s", (fragment, said) => expect(sentence(fragment)).toBe(said));

describe("the submit form", () => {
  it("runs a command with nothing else filled in", async () => {
    const { onsubmitted } = open();
    await type("field-command", "echo 'a b'");
    await type("field-cwd", "/tmp");
    await fireEvent.keyDown(field("field-command"), { key: "Enter", ctrlKey: true });
    await waitFor(() => expect(onsubmitted).toHaveBeenCalledWith("id-1"));
    expect(sent[0]?.kind).toMatchObject({
      subprocess: { mode: { command: { command: "echo", args: ["a b"] } }, cwd: "/tmp" },
    });
    expect(sent[0]?.slot).toMatch(/^echo-[a-z0-9]{5}$/);
    expect(drafts.of()).toBeNull();
  });

  it("offers a cluster where this machine hands tasks to one", async () => {
    open();
    await type("field-command", "make");
    expect(screen.queryByText("Slurm cluster")).toBeNull();
    cleanup();
    const cluster = { version: "slurm-wlm 22.05.8", partitions: [], accounts: [], qos: [] };
    runners = [{ name: "slurm", labels: {}, kinds: [], cluster }];
    open();
    await fireEvent.click(await screen.findByText("Slurm cluster"));
    await fireEvent.click(screen.getByTestId("on-cluster"));
    await type("field-command", "make");
    await fireEvent.click(screen.getByTestId("submit"));
    await waitFor(() => expect(sent[0]).toMatchObject({ cluster: {} }));
  });

  it("says when the cluster would start it, and at which field it would be refused", async () => {
    const cluster = { version: "slurm-wlm 22.05.8", partitions: [], accounts: [], qos: [] };
    runners = [{ name: "slurm", labels: {}, kinds: [], cluster }];
    previewed = async ({ spec }) => {
      const { partition = "main", gpus } = spec.cluster ?? {};
      if (partition === "nosuch")
        throw new ApiError({
          error: "InvalidRequest",
          field: "cluster.partition",
          message: "the cluster refuses it: no",
        });
      if (gpus === 9) throw new ApiError({ error: "Unavailable", message: "the cluster does not answer" });
      return { outlook: "starts", at: Date.now(), node: "n3", partition };
    };
    open();
    await type("field-command", "make");
    await fireEvent.click(await screen.findByText("Slurm cluster"));
    await fireEvent.click(screen.getByTestId("on-cluster"));
    await waitFor(() => expect(outlook()).toBe("Would start at once on n3."));
    const ask = (label: string, value: string) =>
      fireEvent.input(screen.getByLabelText(label), { target: { value } });
    await ask("Partition", "nosuch");
    const refused = await screen.findByTestId("error-cluster.partition");
    expect(refused.textContent).toBe("The cluster refuses it: no");
    expect(outlook()).toBeUndefined();
    await ask("Partition", "main");
    await ask("GPUs", "9");
    await waitFor(() => expect(outlook()).toBe("The cluster does not answer."));
    // None of it keeps the task from being sent.
    await fireEvent.click(screen.getByTestId("submit"));
    await waitFor(() => expect(sent[0]).toMatchObject({ cluster: { partition: "main", gpus: 9 } }));
  });

  it("says when a task starts, and after which others", async () => {
    open();
    await type("field-command", "make");
    await fireEvent.click(screen.getByText("When"));
    await type("field-start", "in 2 hours and a bit");
    await fireEvent.click(screen.getByTestId("add-after"));
    await type("field-after", " 01a ");
    await fireEvent.click(screen.getByTestId("submit"));
    expect((await screen.findByTestId("error-notBefore")).textContent).toContain("at 22:00");
    const before = Date.now();
    await type("field-start", "in 2 h");
    await fireEvent.click(screen.getByTestId("submit"));
    await waitFor(() => expect(sent).toHaveLength(1));
    expect(sent[0]?.after).toEqual([{ task: "01a", when: "succeeded" }]);
    expect(sent[0]?.notBefore).toBeGreaterThanOrEqual(before + 7_200_000);
    expect(sent[0]).not.toHaveProperty("priority");
  });

  it("changes a waiting task as it was read, and makes no other", async () => {
    const kind: TaskSpec["kind"] = { subprocess: { mode: { command: { command: "true" } } } };
    const { onsubmitted } = open({ slot: "etl", kind, admission: "queue" }, { id: "01a", version: 7 });
    await type("field-command", "false");
    await fireEvent.click(screen.getByTestId("submit"));
    await waitFor(() => expect(onsubmitted).toHaveBeenCalledWith("01a"));
    expect(sent).toEqual([]);
    expect(edited).toMatchObject({ id: "01a", resourceVersion: 7, spec: { slot: "etl" } });
  });

  it("says on leaving a field what is wrong with it, and nothing yet of the others", async () => {
    open();
    refuse("kind.subprocess.mode.command.command");
    await fireEvent.blur(field("field-cwd"));
    expect(screen.queryByTestId("error-kind.subprocess.mode.command.command")).toBeNull();
    refuse("kind.subprocess.cwd", "no such directory");
    await fireEvent.blur(field("field-cwd"));
    await waitFor(() =>
      expect(screen.getByTestId("error-kind.subprocess.cwd").textContent).toBe("No such directory"),
    );
    expect(field("field-cwd").getAttribute("aria-invalid")).toBe("true");
  });

  it("opens the section of the first bad field and goes there", async () => {
    open();
    refuse("backoff.maxMs");
    await fireEvent.click(screen.getByTestId("submit"));
    const error = await screen.findByTestId("error-backoff.maxMs");
    expect(error.closest("details")?.open).toBe(true);
    await waitFor(() => expect(document.activeElement?.id).toBe("field-backoff-maxMs"));
    expect(sent).toEqual([]);
  });

  it("says everything that is wrong at once, counts it, and jumps from one to the next", async () => {
    open();
    await type("field-command", "true");
    await fireEvent.click(screen.getByText("Limits and stop"));
    await fireEvent.input(screen.getByLabelText("Processes"), { target: { value: "-5" } });
    wrong = new ApiError({
      error: "InvalidRequest",
      field: "kind.subprocess.cwd",
      message: "must be an absolute path",
      others: [{ field: "maxRetries", message: "must be from 1 to 10" }],
    });
    await fireEvent.click(screen.getByTestId("submit"));
    const jump = await screen.findByTestId("bad-fields");
    expect(jump.textContent).toContain("3 fields need attention");
    expect(screen.getByTestId("error-kind.subprocess.cwd").textContent).toBe("Must be an absolute path");
    expect(screen.getByTestId("error-limits.processes").textContent).toContain("whole number");
    expect(screen.getByTestId("error-maxRetries").textContent).toBe("Must be from 1 to 10");
    const visited: (string | undefined)[] = [];
    for (let n = 0; n < 4; n += 1) {
      await fireEvent.click(jump);
      await waitFor(() => expect(document.activeElement?.id).not.toBe(visited.at(-1)));
      visited.push(document.activeElement?.id);
    }
    expect(visited).toEqual([
      "field-kind-subprocess-cwd",
      "field-limits-processes",
      "field-maxRetries",
      "field-kind-subprocess-cwd",
    ]);
    expect(sent).toEqual([]);
  });

  it("names the row of a variable that is wrong", async () => {
    open();
    await type("field-command", "true");
    wrong = new ApiError({
      error: "InvalidRequest",
      field: "kind.subprocess.env[0].key",
      message: "must not be blank",
      others: [{ field: "kind.subprocess.env[2].key", message: "must not contain '='" }],
    });
    await fireEvent.click(screen.getByTestId("submit"));
    expect((await screen.findByTestId("error-kind.subprocess.env")).textContent).toBe(
      "Row 1: Must not be blank. Row 3: Must not contain '='",
    );
  });

  it.each([
    ["~/work", "/home/me", "/home/me/work"],
    ["~", "/home/me/", "/home/me"],
    ["/srv", undefined, "/srv"],
  ])("takes %s with the home %s for %s", async (typed, home, cwd) => {
    render(SubmitForm, { title: "New task", home, onsubmitted: () => {}, oncancel: () => {} });
    await type("field-command", "true");
    await type("field-cwd", typed);
    await fireEvent.click(screen.getByTestId("submit"));
    await waitFor(() => expect(sent[0]?.kind).toMatchObject({ subprocess: { cwd } }));
  });

  it("refuses a ~ that it cannot know, in words", async () => {
    open();
    await type("field-command", "true");
    await type("field-cwd", "~/work");
    await fireEvent.click(screen.getByTestId("submit"));
    expect((await screen.findByTestId("error-kind.subprocess.cwd")).textContent).toContain("whole path");
    expect(sent).toEqual([]);
  });

  it("hints that a directory is not there, and takes it all the same", async () => {
    const asked: string[] = [];
    useBackend({
      readCommandLine,
      validateSpec: async () => {},
      hasDirectory: async ({ path }: { path: string }) => (asked.push(path), false),
      submitTask: async (spec: TaskSpec) => (sent.push(spec), "id-1"),
      listRunners: async () => [],
    } as unknown as Backend);
    open();
    await type("field-command", "true");
    await type("field-cwd", "/srv/not there");
    await fireEvent.blur(field("field-cwd"));
    expect(await screen.findByText(/no such directory now/)).toBeTruthy();
    expect(asked).toEqual(["/srv/not there"]);
    expect(field("field-cwd").getAttribute("aria-invalid")).toBe("false");
    await fireEvent.click(screen.getByTestId("submit"));
    await waitFor(() => expect(sent).toHaveLength(1));
  });

  it("has the focus in the command after an advice was heeded", async () => {
    open();
    await type("field-command", "FOO=1 make");
    const advice = await screen.findByRole("button", { name: "Run in a shell" });
    advice.focus();
    await fireEvent.click(advice);
    await waitFor(() => expect(document.activeElement).toBe(field("field-command")));
  });

  it("shows an error of no field at the top, and a busy lane beside the lane", async () => {
    open();
    wrong = new ApiError({ error: "Unavailable", message: "storage is read-only" });
    await fireEvent.click(screen.getByTestId("submit"));
    await screen.findByText("Storage is read-only");
    wrong = new ApiError({ error: "SlotBusy", message: "lane etl is busy", slot: "etl", running: "x" });
    await fireEvent.click(screen.getByTestId("submit"));
    expect((await screen.findByTestId("error-slot")).textContent).toBe("Lane etl is busy");
  });

  it("keeps what it says while the focus goes to the first bad field", async () => {
    open();
    await fireEvent.click(screen.getByText("Lane"));
    await fireEvent.click(screen.getByLabelText(/shared lane/));
    refuse("slot", "a lane needs a name");
    field("field-command").focus();
    await fireEvent.keyDown(field("field-command"), { key: "Enter", ctrlKey: true });
    await waitFor(() => expect(document.activeElement?.id).toBe("field-slot"));
    await fireEvent.blur(field("field-command"));
    await new Promise((resolve) => setTimeout(resolve));
    expect(screen.getByTestId("error-slot").textContent).toBe("A lane needs a name");
  });

  it("has the text of a task that was being written again when it is opened anew", async () => {
    open();
    await fireEvent.click(screen.getByRole("tab", { name: "JSON" }));
    await waitFor(() => field("field-json"));
    await type("field-json", '{"slot": "half a t');
    cleanup();
    open();
    await waitFor(() => expect(field("field-json").value).toBe('{"slot": "half a t'));
    // What is begun anew is a form, and has no text any more.
    await fireEvent.click(screen.getByRole("button", { name: "Start over" }));
    cleanup();
    open();
    expect(screen.queryByTestId("field-json")).toBeNull();
  });

  it("gives a copy of a task that still runs another lane of its own", async () => {
    const lanes: string[] = [];
    useBackend({
      readCommandLine,
      validateSpec: async () => {},
      submitTask: async (spec: TaskSpec) => {
        lanes.push(spec.slot);
        if (spec.slot === "true-abcde")
          throw new ApiError({ error: "SlotBusy", message: "busy", slot: "true-abcde", running: "t1" });
        return "id-2";
      },
      listRunners: async () => [],
    } as unknown as Backend);
    const { onsubmitted } = open({
      slot: "true-abcde",
      kind: { subprocess: { mode: { command: { command: "true" } } } },
    });
    await fireEvent.click(screen.getByTestId("submit"));
    await waitFor(() => expect(onsubmitted).toHaveBeenCalledWith("id-2"));
    expect(lanes[1]).toMatch(/^true-[a-z0-9]{5}$/);
    expect(lanes[1]).not.toBe("true-abcde");
  });

  it("says beside the kind that no runner takes a container", async () => {
    open({ slot: "s", kind: { container: { image: "alpine:3" } } });
    refuse("kind", "no runner for containers");
    await fireEvent.click(screen.getByTestId("submit"));
    expect((await screen.findByTestId("error-kind")).textContent).toBe("No runner for containers");
  });

  it("sends what a module is given and sees, and shows beside its folders what is wrong with one", async () => {
    const { onsubmitted } = open();
    await fireEvent.click(screen.getByRole("tab", { name: "WebAssembly" }));
    await type("field-module", "/opt/lint.wasm");
    await fireEvent.click(screen.getByRole("button", { name: "Add folder" }));
    const fill = (label: string, value: string) =>
      fireEvent.input(screen.getByLabelText(label), { target: { value } });
    await fill("Arguments", "-l 'a b'");
    await fill("Path of this machine of folder 1", "/srv");
    refuse("kind.wasm.dirs[0].guest", "the name of the folder must not be blank");
    await fireEvent.click(screen.getByTestId("submit"));
    expect((await screen.findByTestId("error-kind.wasm.dirs")).textContent).toContain("Row 1: The name");

    wrong = null;
    await fill("What the module calls it of folder 1", "/data");
    await fireEvent.click(screen.getByLabelText("Read only"));
    await fireEvent.click(screen.getByTestId("submit"));
    await waitFor(() => expect(onsubmitted).toHaveBeenCalled());
    expect(sent.at(-1)?.kind).toEqual({
      wasm: {
        module: "/opt/lint.wasm",
        args: ["-l", "a b"],
        dirs: [{ host: "/srv", guest: "/data", readOnly: true }],
      },
    });
  });

  it("keeps JSON that does not parse, marks its line, and does not leave it", async () => {
    open();
    await type("field-command", "true");
    await fireEvent.click(screen.getByRole("tab", { name: "JSON" }));
    const text = '{\n  "slot": oops\n}';
    await type("field-json", text);
    await fireEvent.click(screen.getByRole("tab", { name: "Command" }));
    expect((await screen.findByTestId("error-json")).textContent).toContain("Line 2");
    expect(field("field-json").value).toBe(text);
  });

  it("goes through its tabs by arrows, Home and End, round both ends", async () => {
    open();
    await type("field-command", "true");
    screen.getByRole("tab", { name: "Command" }).focus();
    const chosen: (string | undefined)[] = [];
    for (const key of ["ArrowRight", "ArrowRight", "Home", "ArrowLeft", "ArrowRight", "End"]) {
      await fireEvent.keyDown(document.activeElement ?? document.body, { key });
      chosen.push(document.activeElement?.textContent?.trim());
      await waitFor(() => expect(screen.getByRole("tab", { selected: true })).toBe(document.activeElement));
    }
    expect(chosen).toEqual(["Script", "Container", "Command", "YAML", "Command", "YAML"]);
  });

  it("takes JSON over into the form", async () => {
    open();
    await fireEvent.click(screen.getByRole("tab", { name: "JSON" }));
    const spec = {
      slot: "etl",
      kind: { subprocess: { mode: { command: { command: "make", args: ["all x"] } } } },
    };
    await type("field-json", JSON.stringify(spec));
    await fireEvent.click(screen.getByRole("tab", { name: "Command" }));
    expect(field("field-command").value).toBe("make 'all x'");
  });

  it("goes from JSON to YAML and back, and keeps YAML that does not parse", async () => {
    open({ slot: "etl", kind: { subprocess: { mode: { command: { command: "make" } } } }, timeout: 60_000 });
    await fireEvent.click(screen.getByRole("tab", { name: "JSON" }));
    await type("field-json", field("field-json").value.replace("60000", "90000"));
    await fireEvent.click(screen.getByRole("tab", { name: "YAML" }));
    const text = (await screen.findByTestId<HTMLTextAreaElement>("field-yaml")).value;
    expect(text).toContain("timeout: 90000\n");
    const broken = text.replace("command: make", "command: [make");
    await type("field-yaml", broken);
    for (const tab of ["JSON", "Command"]) {
      await fireEvent.click(screen.getByRole("tab", { name: tab }));
      expect((await screen.findByTestId("error-yaml")).textContent).toMatch(/^Line \d+: This is not YAML/);
      expect(field("field-yaml").value).toBe(broken);
    }
    await type("field-yaml", text);
    await fireEvent.click(screen.getByTestId("submit"));
    await waitFor(() => expect(sent[0]).toMatchObject({ slot: "etl", timeout: 90_000 }));
  });

  it("shows a text again as it was written, until the form says something else", async () => {
    open();
    const yaml = () => fireEvent.click(screen.getByRole("tab", { name: "YAML" }));
    await yaml();
    await screen.findByTestId("field-yaml");
    const text = "slot: etl # shared\nkind: {subprocess: {mode: {command: {command: make}}}}\n";
    await type("field-yaml", text);
    await fireEvent.click(screen.getByRole("tab", { name: "Command" }));
    await yaml();
    expect((await screen.findByTestId<HTMLTextAreaElement>("field-yaml")).value).toBe(text);
    await fireEvent.click(screen.getByRole("tab", { name: "Command" }));
    await type("field-command", "make all");
    await yaml();
    expect((await screen.findByTestId<HTMLTextAreaElement>("field-yaml")).value).toContain("- all");
  });

  it("brings an unfinished task back, and starts over when asked", async () => {
    open();
    await type("field-command", "half a thou");
    await waitFor(() => expect(JSON.stringify(drafts.of())).toContain("half a thou"));
    cleanup();
    open();
    expect(field("field-command").value).toBe("half a thou");
    await fireEvent.click(screen.getByText("Start over"));
    expect(field("field-command").value).toBe("");
  });

  it("keeps secrets out of a draft, and says which to write again", async () => {
    const spec: TaskSpec = {
      slot: "s",
      kind: {
        subprocess: {
          mode: { command: { command: "deploy" } },
          env: [
            { key: "API_TOKEN", value: "hunter2" },
            { key: "REGION", value: "eu" },
          ],
        },
      },
    };
    open(spec);
    await type("field-command", "deploy --all");
    await waitFor(() => expect(JSON.stringify(drafts.of(spec))).toContain("--all"));
    expect(JSON.stringify(drafts.of(spec))).not.toContain("hunter2");
    expect(screen.queryByTestId("withheld")).toBeNull();
    cleanup();
    open(spec);
    expect(field("field-command").value).toBe("deploy --all");
    expect(screen.getByTestId("withheld").textContent).toContain("API_TOKEN");
    expect(screen.getByTestId("withheld").closest("details")?.open).toBe(true);
    expect(screen.getByLabelText<HTMLInputElement>("Value of variable 2").value).toBe("eu");
    await fireEvent.input(screen.getByLabelText("Value of variable 1"), { target: { value: "new" } });
    expect(screen.queryByTestId("withheld")).toBeNull();
  });

  describe("a variable with line breaks", () => {
    const pem = "-----BEGIN KEY-----\nMIIBQ==\n-----END KEY-----\n";
    const value = (): HTMLInputElement => screen.getByLabelText("Value of variable 1");
    const paste = (into: HTMLElement, text: string) =>
      fireEvent.paste(into, { clipboardData: { getData: () => text } });
    async function run(): Promise<unknown> {
      await type("field-command", "deploy");
      await type("field-cwd", "/tmp");
      await fireEvent.click(screen.getByTestId("submit"));
      await waitFor(() => expect(sent).toHaveLength(1));
      const kind = sent[0]?.kind as { subprocess: { env?: unknown } };
      return kind.subprocess.env;
    }

    it("is edited without losing them", async () => {
      const mode = { command: { command: "deploy" } };
      open({ slot: "s", kind: { subprocess: { mode, env: [{ key: "CERT", value: pem }] } } });
      expect(value().tagName).toBe("TEXTAREA");
      await fireEvent.input(value(), { target: { value: `${pem}more` } });
      expect(await run()).toEqual([{ key: "CERT", value: `${pem}more` }]);
    });

    it("can be pasted into the field of a value, and of a key with the rest of a .env file", async () => {
      open();
      await fireEvent.click(screen.getByText("Add variable"));
      await fireEvent.input(screen.getByLabelText("Key of variable 1"), { target: { value: "CERT" } });
      await paste(value(), pem);
      await waitFor(() => expect(document.activeElement).toBe(value()));
      await fireEvent.click(screen.getByText("Add variable"));
      await paste(screen.getByLabelText("Key of variable 2"), `OTHER='a\nb'\nREGION=eu`);
      expect(await run()).toEqual([
        { key: "CERT", value: pem },
        { key: "OTHER", value: "a\nb" },
        { key: "REGION", value: "eu" },
      ]);
    });
  });

  it("edits the variables as text, and loses none", async () => {
    const env = [
      { key: "CERT", value: "a\nb" },
      { key: "MY VAR", value: "odd" },
    ];
    open({ slot: "s", kind: { subprocess: { mode: { command: { command: "deploy" } }, env } } });
    await fireEvent.click(screen.getByText("Environment"));
    await fireEvent.click(screen.getByText("Edit as text"));
    expect(field("env-text").value).toBe('CERT="a\\nb"');
    await type("env-text", `${field("env-text").value}\nREGION=eu`);
    await fireEvent.click(screen.getByText("Edit as a table"));
    await fireEvent.click(screen.getByTestId("submit"));
    await waitFor(() => expect(sent).toHaveLength(1));
    expect((sent[0]?.kind as { subprocess: { env?: unknown } }).subprocess.env).toEqual([
      { key: "MY VAR", value: "odd" },
      { key: "CERT", value: "a\nb" },
      { key: "REGION", value: "eu" },
    ]);
  });

  it("shows the arguments as they will be passed, and what no shell will expand", async () => {
    open();
    await type("field-command", "cat *.txt | wc 'a b'");
    expect([...screen.getByTestId("arguments").children].map((chip) => chip.textContent)).toEqual([
      "cat",
      "*.txt",
      "|",
      "wc",
      "a b",
    ]);
    await screen.findByText("That is for a shell.");
    await fireEvent.click(screen.getByRole("button", { name: "Run in a shell" }));
    await fireEvent.click(screen.getByTestId("submit"));
    await waitFor(() =>
      expect(sent[0]?.kind).toMatchObject({ subprocess: { mode: { script: { runtime: "bash" } } } }),
    );
  });

  it("says what keeps a shell from reading the line, once it is to run in one", async () => {
    open();
    await type("field-command", "(make");
    const offer = await screen.findByRole("button", { name: "Run in a shell" });
    expect(screen.queryByText(/unclosed/)).toBeNull();
    await fireEvent.click(offer);
    await screen.findByText("Bash cannot read this: unclosed ( at character 1.");
    await type("field-command", "(make)");
    await screen.findByText(/Runs as a Bash script/);
  });
});

describe("what goes on with what one types", () => {
  beforeEach(() =>
    useBackend({
      validateSpec: async () => {},
      submitTask: async (spec: TaskSpec) => (sent.push(spec), "id-1"),
      completeProgram: async ({ prefix }: { prefix: string }) =>
        ["make", "makepkg"].filter((name) => name.startsWith(prefix)),
      completeDirectory: async ({ prefix }: { prefix: string }) =>
        ["/srv/data", "/srv/data/raw"].filter((path) => path.startsWith(prefix)),
      listImages: async () => [{ name: "docker.io/library/alpine:3", runner: "podman", size: "8 MB" }],
      queryTasks: async () => ({ tasks: [], total: 0 }),
      hasDirectory: async () => true,
      readCommandLine,
      pickDirectory: async (from: string) => `${from}/picked`,
      listRunners: async () => [],
    } as unknown as Backend),
  );
  // Not those of the selects.
  const offered = () =>
    [...document.querySelectorAll("li[role=option]")].map((one) => one.textContent?.trim());
  it("offers the images that are here, and sends what a container sees of the machine", async () => {
    const { onsubmitted } = open();
    await fireEvent.click(screen.getByRole("tab", { name: "Container" }));
    await write("field-image", "alp");
    await waitFor(() => expect(offered()).toEqual(["docker.io/library/alpine:3 8 MB"]));
    await fireEvent.keyDown(field("field-image"), { key: "ArrowDown" });
    await fireEvent.keyDown(field("field-image"), { key: "Enter" });
    await fireEvent.click(screen.getByRole("button", { name: "Add volume" }));
    const fill = (label: string, value: string) =>
      fireEvent.input(screen.getByLabelText(label), { target: { value } });
    await fill("Path of this machine, or name, of volume 1", "/srv");
    await fill("Path in the container of volume 1", "/data");
    await fill("Network", "none");
    await fireEvent.click(screen.getByTestId("submit"));
    await waitFor(() => expect(onsubmitted).toHaveBeenCalled());
    expect(sent.at(-1)?.kind).toEqual({
      container: {
        image: "docker.io/library/alpine:3",
        volumes: [{ source: "/srv", target: "/data" }],
        network: "none",
      },
    });
  });

  async function write(id: string, text: string): Promise<void> {
    field(id).focus();
    field(id).value = text;
    field(id).setSelectionRange(text.length, text.length);
    await fireEvent.input(field(id));
  }
  const press = (id: string, key: string) => fireEvent.keyDown(field(id), { key });

  it("is chosen by the arrows, and until then Enter and Tab are what they are", async () => {
    open();
    await write("field-command", "ma");
    await waitFor(() => expect(offered()).toEqual(["make", "makepkg"]));
    expect(await press("field-command", "Enter")).toBe(true);
    expect(await press("field-command", "Tab")).toBe(true);
    await press("field-command", "ArrowDown");
    await press("field-command", "ArrowDown");
    expect(field("field-command").getAttribute("aria-activedescendant")).toBe(
      document.querySelector("li[aria-selected=true]")?.id,
    );
    expect(await press("field-command", "Enter")).toBe(false);
    expect(field("field-command").value).toBe("makepkg");
    expect(offered()).toEqual([]);
  });

  it("goes from directory to directory, and Escape closes nothing but the list", async () => {
    open();
    await write("field-cwd", "/srv/d");
    await waitFor(() => expect(offered()).toEqual(["/srv/data/", "/srv/data/raw/"]));
    await fireEvent.click(screen.getByText("/srv/data/"));
    await waitFor(() => expect(offered()).toEqual(["/srv/data/raw/"]));
    expect(field("field-cwd").value).toBe("/srv/data/");
    expect(await press("field-cwd", "Escape")).toBe(false);
    expect(offered()).toEqual([]);
  });

  it("is looked for with the system's dialog where the tasks are on this machine", async () => {
    open();
    expect(screen.queryByTestId("browse")).toBeNull();
    cleanup();
    render(SubmitForm, { title: "New task", home: "/home/me", onsubmitted: () => {}, oncancel: () => {} });
    await type("field-cwd", "~/work");
    await fireEvent.click(screen.getByTestId("browse"));
    await waitFor(() => expect(field("field-cwd").value).toBe("/home/me/work/picked"));
  });
});
