import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/svelte";
import { expect, it } from "vitest";
import { ApiError, useBackend, type Backend, type TaskSpec } from "../api";
import { eachTestAnew, field, given, open, readCommandLine, refuse, type } from "./form-in-test";
import SubmitForm from "./SubmitForm.svelte";

eachTestAnew();

it("runs a command with nothing else filled in", async () => {
  const { onsubmitted } = open();
  await type("field-command", "echo 'a b'");
  await type("field-cwd", "/tmp");
  await fireEvent.keyDown(field("field-command"), { key: "Enter", ctrlKey: true });
  await waitFor(() => expect(onsubmitted).toHaveBeenCalledWith("id-1"));
  expect(given.sent[0]?.kind).toMatchObject({
    subprocess: { mode: { command: { command: "echo", args: ["a b"] } }, cwd: "/tmp" },
  });
  expect(given.sent[0]?.slot).toMatch(/^echo-[a-z0-9]{5}$/);
  expect(given.drafts.of()).toBeNull();
});

it("offers a cluster where this machine hands tasks to one", async () => {
  open();
  await type("field-command", "make");
  expect(screen.queryByText("Slurm cluster")).toBeNull();
  cleanup();
  const cluster = { version: "slurm-wlm 22.05.8", partitions: [], accounts: [], qos: [] };
  given.runners = [{ name: "slurm", labels: {}, kinds: [], cluster }];
  open();
  await fireEvent.click(await screen.findByText("Slurm cluster"));
  await fireEvent.click(screen.getByTestId("on-cluster"));
  await type("field-command", "make");
  await fireEvent.click(screen.getByTestId("submit"));
  await waitFor(() => expect(given.sent[0]).toMatchObject({ cluster: {} }));
});

it("says when the cluster would start it, and at which field it would be refused", async () => {
  const outlook = () => screen.queryByTestId("cluster-outlook")?.textContent.trim();
  const cluster = { version: "slurm-wlm 22.05.8", partitions: [], accounts: [], qos: [] };
  given.runners = [{ name: "slurm", labels: {}, kinds: [], cluster }];
  given.previewed = async ({ spec }) => {
    const { partition = "main", gpus } = spec.cluster ?? {};
    if (partition === "nosuch") {
      const message = "the cluster refuses it: no";
      throw new ApiError({ error: "InvalidRequest", field: "cluster.partition", message });
    }
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
  await waitFor(() => expect(given.sent[0]).toMatchObject({ cluster: { partition: "main", gpus: 9 } }));
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
  await waitFor(() => expect(given.sent).toHaveLength(1));
  expect(given.sent[0]?.after).toEqual([{ task: "01a", when: "succeeded" }]);
  expect(given.sent[0]?.notBefore).toBeGreaterThanOrEqual(before + 7_200_000);
  expect(given.sent[0]).not.toHaveProperty("priority");
});

it("changes a waiting task as it was read, and makes no other", async () => {
  const kind: TaskSpec["kind"] = { subprocess: { mode: { command: { command: "true" } } } };
  const { onsubmitted } = open({ slot: "etl", kind, admission: "queue" }, { id: "01a", version: 7 });
  await type("field-command", "false");
  await fireEvent.click(screen.getByTestId("submit"));
  await waitFor(() => expect(onsubmitted).toHaveBeenCalledWith("01a"));
  expect(given.sent).toEqual([]);
  expect(given.edited).toMatchObject({ id: "01a", resourceVersion: 7, spec: { slot: "etl" } });
});

it("says what a task without a name is called", async () => {
  open();
  const called = () => field("field-name").placeholder;
  expect(called()).toBe("the command");
  await fireEvent.click(screen.getByRole("tab", { name: "Script" }));
  expect(called()).toBe("the first line of the script");
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
  await waitFor(() => expect(given.sent[0]?.kind).toMatchObject({ subprocess: { cwd } }));
});

it("hints that a directory is not there, and takes it all the same", async () => {
  const asked: string[] = [];
  useBackend({
    readCommandLine,
    validateSpec: async () => {},
    hasDirectory: async ({ path }: { path: string }) => (asked.push(path), false),
    submitTask: async (spec: TaskSpec) => (given.sent.push(spec), "id-1"),
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
  await waitFor(() => expect(given.sent).toHaveLength(1));
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

  given.wrong = null;
  await fill("What the module calls it of folder 1", "/data");
  await fireEvent.click(screen.getByLabelText("Read only"));
  await fireEvent.click(screen.getByTestId("submit"));
  await waitFor(() => expect(onsubmitted).toHaveBeenCalled());
  expect(given.sent.at(-1)?.kind).toEqual({
    wasm: {
      module: "/opt/lint.wasm",
      args: ["-l", "a b"],
      dirs: [{ host: "/srv", guest: "/data", readOnly: true }],
    },
  });
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
    expect(given.sent[0]?.kind).toMatchObject({ subprocess: { mode: { script: { runtime: "bash" } } } }),
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
