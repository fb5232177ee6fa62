import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { useBackend, type Backend, type TaskSpec } from "../api";
import { Presets } from "./presets.svelte";
import SubmitForm from "./SubmitForm.svelte";

const command = (program: string, more: Partial<TaskSpec> = {}): TaskSpec => ({
  slot: "etl",
  kind: { subprocess: { mode: { command: { command: program } } } },
  ...more,
});
const withToken: TaskSpec = {
  slot: "deploy-abcde",
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
const names = (presets: Presets) => presets.all.map(({ name }) => name);

beforeEach(() => localStorage.clear());

describe("presets", () => {
  it("outlive the form, in the order of their names; one of the same name gives way", () => {
    const presets = new Presets();
    presets.save("nightly", command("a"));
    presets.save("backup", command("b"));
    presets.save("nightly", command("c"));
    const later = new Presets();
    expect(names(later)).toEqual(["backup", "nightly"]);
    expect(later.all[1]?.spec).toEqual(command("c"));
    later.delete("backup");
    expect(names(new Presets())).toEqual(["nightly"]);
  });

  it("hold no secrets, also not those that are imported", () => {
    const presets = new Presets();
    presets.save("one", withToken);
    presets.import(JSON.stringify([{ name: "two", spec: withToken }]));
    expect(names(presets)).toEqual(["one", "two"]);
    expect(JSON.stringify(localStorage)).not.toContain("hunter2");
    expect(presets.exported()).not.toContain("hunter2");
    expect(presets.exported()).toContain("API_TOKEN");
  });

  it("go elsewhere as text, without doubling what is there or replacing another of the same name", () => {
    const presets = new Presets();
    presets.save("a", command("a"));
    presets.save("b", command("b"));
    const text = presets.exported();
    expect(presets.import(text)).toBe(0);
    presets.save("a", command("other"));
    expect(presets.import(text)).toBe(1);
    expect(names(presets)).toEqual(["a", "a 2", "b"]);
    expect(presets.all[0]?.spec).toEqual(command("other"));
  });

  it.each([
    ["{", "This is not JSON"],
    ["{}", "This is not a list of presets"],
    ["[]", "This is not a list of presets"],
    ['[{"name":" ","spec":{}}]', "A preset's name has 1 to 60 characters"],
    [
      JSON.stringify([
        { name: "good", spec: command("a") },
        { name: "bad", spec: { slot: "s" } },
      ]),
      "“bad”: kind is missing",
    ],
  ])("take %s whole or not at all", (text, message) => {
    const presets = new Presets();
    expect(() => presets.import(text)).toThrow(message);
    expect(presets.all).toEqual([]);
  });

  it("of another version are kept, though not offered", () => {
    const newer = { name: "newer", spec: { ...command("a"), nice: 5 } };
    localStorage.setItem("solti.presets", JSON.stringify([newer]));
    const presets = new Presets();
    expect(presets.all).toEqual([]);
    presets.save("mine", command("b"));
    expect(localStorage.getItem("solti.presets")).toContain("nice");
  });

  it("say so when there is no room, and lose nothing", () => {
    const presets = new Presets();
    presets.save("a", command("a"));
    const before = localStorage.getItem("solti.presets");
    const setItem = (_: string, value: string) => {
      if (value !== before) throw new DOMException("full", "QuotaExceededError");
    };
    vi.stubGlobal("localStorage", { setItem });
    expect(() => presets.save("b", command("b"))).toThrow("There is no room");
    vi.unstubAllGlobals();
    expect(names(presets)).toEqual(["a"]);
    expect(names(new Presets())).toEqual(["a"]);
  });
});

describe("presets in the form", () => {
  const submitTask = vi.fn(async (_: TaskSpec) => "id-1");
  const field = (id: string): HTMLInputElement => screen.getByTestId(id);
  const type = (id: string, value: string) => fireEvent.input(field(id), { target: { value } });
  const menu = async (item: string) => {
    await fireEvent.click(screen.getByTestId("presets"));
    await fireEvent.click(screen.getByTestId(item));
  };
  const open = () => render(SubmitForm, { title: "New task", onsubmitted: () => {}, oncancel: () => {} });

  beforeEach(() => {
    submitTask.mockClear();
    useBackend({
      validateSpec: async () => {},
      submitTask,
      listLanes: async () => [],
    } as Partial<Backend> as Backend);
  });
  afterEach(cleanup);

  it("are saved under a name and fill the form again, with another lane of its own, and run nothing", async () => {
    open();
    await type("field-command", "make all");
    await menu("save-preset");
    await type("preset-name", "build");
    await fireEvent.submit(field("preset-name").closest("form")!);
    await waitFor(() => expect(screen.queryByTestId("preset-name")).toBeNull());
    const lane = new Presets().all[0]?.spec.slot;
    await type("field-command", "something else");
    await menu("preset:build");
    expect(field("field-command").value).toBe("make all");
    expect(submitTask).not.toHaveBeenCalled();
    await fireEvent.click(screen.getByTestId("submit"));
    await waitFor(() => expect(submitTask).toHaveBeenCalledTimes(1));
    const sent = submitTask.mock.calls[0]![0].slot;
    expect(sent).toMatch(/^make-[a-z0-9]{5}$/);
    expect(sent).not.toBe(lane);
  });

  it("give back what they took the place of, also a text that was not whole", async () => {
    new Presets().save("build", command("make"));
    open();
    await fireEvent.click(screen.getByRole("tab", { name: "JSON" }));
    await type("field-json", '{ "slot": ');
    await menu("preset:build");
    expect(field("field-command").value).toBe("make");
    await fireEvent.click(screen.getByRole("tab", { name: "YAML" }));
    await screen.findByTestId("field-yaml");
    await fireEvent.click(screen.getByText("Undo"));
    expect(field("field-json").value).toBe('{ "slot": ');
    await fireEvent.click(screen.getByRole("tab", { name: "Command" }));
    expect((await screen.findByTestId("error-json")).textContent).toContain("This is not JSON");
  });

  it("are not blamed for what was there before them", async () => {
    new Presets().save("build", command("make"));
    let answer = () => {};
    const validateSpec = () =>
      new Promise<void>((_, reject) => {
        answer = () =>
          reject({ error: "InvalidRequest", field: "kind.subprocess.cwd", message: "not there" });
      });
    useBackend({ validateSpec, submitTask, listLanes: async () => [] } as Partial<Backend> as Backend);
    open();
    await type("field-command", "ls");
    await fireEvent.blur(field("field-cwd"));
    await menu("preset:build");
    answer();
    await new Promise((resolve) => setTimeout(resolve));
    expect(screen.queryByTestId("error-kind.subprocess.cwd")).toBeNull();
  });

  it("ask for the secrets that they do not hold", async () => {
    new Presets().save("deploy", withToken);
    open();
    await menu("preset:deploy");
    expect(screen.getByTestId("withheld").textContent).toContain("API_TOKEN");
    expect(screen.getByTestId("withheld").closest("details")?.open).toBe(true);
  });

  it("are not made from what is not whole: the form says what is wrong", async () => {
    open();
    await fireEvent.click(screen.getByRole("tab", { name: "JSON" }));
    await type("field-json", '{\n"slot": 5}');
    await menu("save-preset");
    await type("preset-name", "x");
    await fireEvent.click(screen.getByTestId("preset-save"));
    expect((await screen.findByTestId("preset-said")).textContent).toContain("mend what is marked");
    expect(screen.getByTestId("error-json").textContent).toContain("Line 2");
    expect(new Presets().all).toEqual([]);
  });

  it("come and go in the list: delete with undo, import says what is wrong and keeps the text", async () => {
    new Presets().save("build", command("make"));
    open();
    await menu("manage-presets");
    await fireEvent.click(screen.getByLabelText("Delete “build”"));
    expect(new Presets().all).toEqual([]);
    await fireEvent.click(screen.getByText("Undo"));
    expect(names(new Presets())).toEqual(["build"]);
    await type("preset-text", "[{}]");
    await fireEvent.click(screen.getByTestId("preset-import"));
    expect(screen.getByTestId("preset-said").textContent).toContain("not a list of presets");
    expect(field("preset-text").value).toBe("[{}]");
    await type("preset-text", JSON.stringify([{ name: "more", spec: command("more") }]));
    await fireEvent.click(screen.getByTestId("preset-import"));
    expect(screen.getByTestId("preset-said").textContent).toContain("1 preset added");
    expect(names(new Presets())).toEqual(["build", "more"]);
    expect(submitTask).not.toHaveBeenCalled();
  });

  it("close with Escape without closing the form", async () => {
    open();
    await menu("save-preset");
    const escape = new KeyboardEvent("keydown", { key: "Escape", bubbles: true, cancelable: true });
    field("preset-name").dispatchEvent(escape);
    expect(escape.defaultPrevented).toBe(true);
    await waitFor(() => expect(screen.queryByTestId("preset-name")).toBeNull());
  });
});
