import { fireEvent, render, screen, waitFor, within } from "@testing-library/svelte";
import { expect, test, vi } from "vitest";
import { useBackend, type Backend } from "../lib/api";
import { createFakeBackend, type FakeControls } from "../lib/api/fake";
import { theme } from "../lib/design/theme.svelte";
import { SECTIONS } from "../lib/settings/catalog";
import MainView from "./MainView.svelte";

let fake: Backend & FakeControls;

async function open(section?: string, tasks = 3) {
  fake = createFakeBackend({ tasks });
  useBackend(fake);
  render(MainView);
  await screen.findAllByTestId("task-row");
  await fireEvent.keyDown(document.body, { key: ",", ctrlKey: true });
  if (section) await fireEvent.click(await screen.findByTestId(`settings-${section}`));
}
const field = (path: string) => screen.findByTestId<HTMLInputElement>(`setting-${path}`);

async function type(path: string, text: string) {
  const input = await field(path);
  await fireEvent.input(input, { target: { value: text } });
  await fireEvent.keyDown(input, { key: "Enter" });
  return input;
}

test("a login shell that told a part of its environment is a warning that says why", async () => {
  fake = createFakeBackend({ tasks: 3 });
  const whole = await fake.inheritedEnvironment();
  const capture = {
    state: "captured",
    shell: "/bin/zsh",
    tookMs: 3000,
    problem: "it took too long",
  } as const;
  vi.spyOn(fake, "inheritedEnvironment").mockResolvedValue({ ...whole, capture });
  useBackend(fake);
  render(MainView);
  await screen.findAllByTestId("task-row");
  await fireEvent.keyDown(document.body, { key: ",", ctrlKey: true });
  await fireEvent.click(await screen.findByTestId("settings-environment"));
  const said = await screen.findByText(/it took too long/);
  expect(said.textContent).toContain(
    "/bin/zsh was asked when Solti started, but it took too long. Tasks get what it reported",
  );
  expect(said.className).toContain("bad");
});

test("Ctrl+, opens the settings and Escape leads back to the same list", async () => {
  await open();
  expect(await screen.findByText("Appearance")).toBeTruthy();
  // No key of the list works behind the settings.
  await fireEvent.keyDown(document.body, { key: "d" });
  expect(screen.queryByTestId("submit-dialog")).toBeNull();
  // Those of the window do, and what lies over any view leaves it where it was.
  await fireEvent.keyDown(document.body, { key: "?", code: "Slash", shiftKey: true });
  expect(screen.getByRole("dialog").textContent).toContain("Show these keys");
  await fireEvent(screen.getByRole("dialog"), new Event("cancel"));
  await fireEvent.keyDown(document.body, { key: "k", ctrlKey: true });
  await fireEvent(await screen.findByRole("dialog"), new Event("cancel"));
  expect(screen.getByTestId("settings")).toBeTruthy();
  await fireEvent.keyDown(document.body, { key: "Escape" });
  expect(screen.queryByTestId("settings")).toBeNull();
  expect(screen.getAllByTestId("task-row").length).toBe(3);
});

test("n makes a new task from the settings, too", async () => {
  await open();
  await screen.findByTestId("settings");
  await fireEvent.keyDown(document.body, { key: "n" });
  expect(await screen.findByTestId("submit-dialog")).toBeTruthy();
  expect(screen.queryByTestId("settings")).toBeNull();
});

test("a size is written as people write it, saved at once and by itself", async () => {
  await open("logs");
  const sent = vi.spyOn(fake, "setSettings");
  const input = await type("logs.runBytes", "1.5 gb");
  // It is less than before, so that something may be deleted.
  expect((await screen.findByTestId("question")).textContent).toContain("Keep 1.5 GB for the log of a run?");
  expect(sent).not.toHaveBeenCalled();
  await fireEvent.click(screen.getByTestId("confirm"));
  await waitFor(() => expect(input.value).toBe("1.5 GB"));
  expect(sent).toHaveBeenCalledExactlyOnceWith({ logs: { runBytes: 1.5e9 } });
  expect(screen.getByText("Saved")).toBeTruthy();
  await type("logs.runBytes", "");
  await waitFor(() => expect(sent).toHaveBeenLastCalledWith({ logs: { runBytes: null } }));
});

test("what is refused is said beside the field, and what was typed stays", async () => {
  await open("logs");
  const input = await type("logs.taskBytes", "1 GB");
  expect((await screen.findByTestId("error-logs.taskBytes")).textContent).toContain(
    "Must not be smaller than a run's limit",
  );
  expect(input.getAttribute("aria-invalid")).toBe("true");
  expect(input.value).toBe("1 GB");
  await type("logs.taskBytes", "a lot");
  expect(screen.getByTestId("error-logs.taskBytes").textContent).toContain("Enter a size");
  await fireEvent.keyDown(input, { key: "Escape" });
  expect(input.value).toBe("40 GB");
  expect(screen.queryByTestId("error-logs.taskBytes")).toBeNull();
  // Escape in the field was the field's.
  expect(screen.getByTestId("settings")).toBeTruthy();
});

test("what is refused is not asked about", async () => {
  await open("logs", 20);
  for (const [path, text] of [
    ["logs.runBytes", "1 kB"],
    ["logs.taskBytes", "1 GB"],
    ["logs.totalBytes", "1 GB"],
    ["logs.minFreeBytes", "2000 TB"],
    ["finished.keepTasks", "0"],
    ["finished.keepAttempts", "5"],
  ] as const) {
    const input = await type(path, text);
    await screen.findByTestId(`error-${path}`);
    expect(screen.queryByTestId("question")).toBeNull();
    expect(input.value).toBe(text);
    await fireEvent.keyDown(input, { key: "Escape" });
  }
  await type("logs.runBytes", "1.5 MB");
  expect((await screen.findByTestId("error-logs.keepHeadBytes")).textContent).toContain("at most half");
  expect(screen.queryByTestId("question")).toBeNull();
});

test("a field that holds what was refused says so, whatever else is stored", async () => {
  await open("logs");
  await type("logs.runBytes", "-5");
  await screen.findByTestId("error-logs.runBytes");
  await type("logs.taskBytes", "1 GB");
  expect((await screen.findByTestId("error-logs.taskBytes")).textContent).toContain("Must not be smaller");
  await type("logs.keepHeadBytes", "2 MB");
  await waitFor(() => expect(screen.getByText("Saved")).toBeTruthy());
  expect(screen.getByTestId("error-logs.runBytes").textContent).toContain("Enter a size");
  expect(screen.getByTestId("error-logs.taskBytes").textContent).toContain("Not saved");
});

test("nothing is said between press and release of what is pressed next", async () => {
  await open("logs");
  const input = await field("logs.taskBytes");
  await fireEvent.input(input, { target: { value: "a lot" } });
  const next = await field("logs.totalBytes");
  await fireEvent.pointerDown(next);
  await fireEvent.blur(input);
  await new Promise((resolve) => setTimeout(resolve));
  expect(screen.queryByTestId("error-logs.taskBytes")).toBeNull();
  await fireEvent.pointerUp(next);
  await screen.findByTestId("error-logs.taskBytes");
});

test("a limit that deletes tasks says how many first, and keeps them when it is not meant so", async () => {
  await open("logs", 20);
  const sent = vi.spyOn(fake, "setSettings");
  const input = await type("finished.keepTasks", "1");
  const finished = await fake.countExpired({ keepTasks: 1 });
  expect(finished).toBeGreaterThan(0);
  const question = await screen.findByTestId("question");
  expect(question.textContent).toContain(`Delete ${finished} finished task`);
  expect(document.activeElement?.textContent).toBe("Cancel");
  await fireEvent.click(within(question).getByText("Cancel"));
  await waitFor(() => expect(input.value).toBe(""));
  expect(sent).not.toHaveBeenCalled();
  await type("finished.keepTasks", "1");
  await fireEvent.click(await screen.findByTestId("confirm"));
  await waitFor(() => expect(sent).toHaveBeenCalledWith({ finished: { keepTasks: 1 } }));
});

test("an error of one of several names is said beside their field, with the name", async () => {
  await open("api");
  fake.setSettings = () =>
    Promise.reject({
      error: "InvalidRequest",
      field: "api.http.allowedHosts[1]",
      message: "must be a host's name",
    });
  await type("api.http.allowedHosts", "box, http://x");
  expect((await screen.findByTestId("error-api.http.allowedHosts")).textContent).toContain(
    "“http://x” must be a host's name",
  );
});

test("a theme chosen here is painted at once and stored", async () => {
  await open();
  await fireEvent.click(await screen.findByLabelText("Dark"));
  await waitFor(async () => expect((await fake.getSettings()).theme).toBe("dark"));
  expect(document.documentElement.dataset.theme).toBe("dark");
  theme.choice = "system";
});

test("a theme that is refused goes back, and says so where no setting is shown", async () => {
  await open();
  await fireEvent.keyDown(document.body, { key: "Escape" });
  const { choice } = theme;
  vi.spyOn(fake, "setSettings").mockRejectedValue({
    error: "Unavailable",
    message: "the storage is read-only",
  });
  await fireEvent.click(screen.getByRole("button", { name: `Theme: ${choice}` }));
  expect((await screen.findByRole("alert")).textContent).toContain("The storage is read-only");
  expect(theme.choice).toBe(choice);
  await fireEvent.keyDown(document.body, { key: ",", ctrlKey: true });
  await fireEvent.click(await screen.findByRole("radio", { name: choice === "dark" ? "Light" : "Dark" }));
  expect((await screen.findByTestId("error-theme")).textContent).toContain("The storage is read-only");
  expect(theme.choice).toBe(choice);
});

test("a copy that the clipboard refuses is said", async () => {
  const write = vi.spyOn(navigator.clipboard, "writeText").mockRejectedValue(new Error("not allowed"));
  await open("about");
  const copy = await screen.findByRole("button", { name: "Copy" });
  await fireEvent.click(copy);
  await waitFor(() => expect(copy.textContent).toContain("Not copied"));
  write.mockRestore();
});

test("the Enter of an input method saves nothing and goes nowhere", async () => {
  await open("logs");
  const saves = vi.spyOn(fake, "setSettings");
  const input = await field("logs.runBytes");
  await fireEvent.input(input, { target: { value: "30 GB" } });
  await fireEvent.keyDown(input, { key: "Enter", isComposing: true });
  await fireEvent.keyDown(input, { key: "Escape", isComposing: true });
  expect(input.value).toBe("30 GB");
  const search = screen.getByRole("combobox");
  await fireEvent.input(search, { target: { value: "theme" } });
  await fireEvent.keyDown(search, { key: "Enter", isComposing: true });
  expect(screen.queryByTestId("setting-logs.runBytes")).toBeTruthy();
  expect(saves).not.toHaveBeenCalled();
  await fireEvent.keyDown(input, { key: "Enter" });
  await waitFor(() => expect(saves).toHaveBeenCalledOnce());
});

test("closing, the tray and notifications are chosen", async () => {
  await open();
  await fireEvent.change(await screen.findByTestId("setting-closing"), { target: { value: "background" } });
  await waitFor(async () => expect((await fake.getSettings()).closing).toBe("background"));
  await fireEvent.click(screen.getByTestId("setting-tray.show"));
  await waitFor(async () => expect((await fake.getSettings()).tray.show).toBe(false));
  await fireEvent.click(screen.getByTestId("settings-notifications"));
  const toggle = await screen.findByTestId("setting-notifications.failures");
  await fireEvent.click(toggle);
  await waitFor(() => expect(toggle.getAttribute("aria-checked")).toBe("false"));
});

test("the environment says where each variable comes from, and shows no secret", async () => {
  await open("environment");
  expect((await screen.findByTestId("capture")).textContent).toContain("/bin/zsh");
  const row = screen.getByText("GITHUB_TOKEN").closest("tr")!;
  expect(within(row).getByText("••••••••")).toBeTruthy();
  expect(within(row).getByText("login shell")).toBeTruthy();
  await fireEvent.input(screen.getByLabelText("Filter the variables"), { target: { value: "lang" } });
  expect(screen.queryByText("GITHUB_TOKEN")).toBeNull();
});

test("where tasks run is listed, with what each stands on or why it cannot be used", async () => {
  await open("runners");
  const runners = await screen.findByTestId("runners");
  await waitFor(() =>
    expect(runners.textContent).toContain("/usr/bin/podman 5.4.2, rootless, crun, cgroups v2"),
  );
  expect(runners.textContent).toContain("docker is not installed");
});

test("the health of everything is there, with what to do", async () => {
  await open("about");
  const findings = await screen.findByTestId("findings");
  expect(findings.textContent).toContain("1.8 GB free");
  expect(findings.textContent).toContain("Free some space");
});

test("a door is opened here, says where it is, and its token is hidden until asked for", async () => {
  await open("api");
  await fireEvent.click(await screen.findByTestId("setting-api.http.enabled"));
  expect(await screen.findByText("http://127.0.0.1:7654")).toBeTruthy();
  const token = await screen.findByTestId("api-token");
  const secret = await fake.apiToken();
  expect(token.textContent).not.toContain(secret);
  await fireEvent.click(screen.getByLabelText("Show the token"));
  expect(token.textContent).toBe(secret);
  await fireEvent.click(screen.getByTestId("rotate-token"));
  await fireEvent.click(await screen.findByTestId("confirm"));
  await waitFor(() => expect(token.textContent).not.toBe(secret));
  // The status line tells it wherever one is.
  await fireEvent.keyDown(document.body, { key: "Escape" });
  expect(screen.getByText("API http://127.0.0.1:7654")).toBeTruthy();
});

test("a door that cannot be opened says why", async () => {
  await open("api");
  await fireEvent.click(await screen.findByTestId("setting-api.grpc.enabled"));
  expect((await screen.findByText(/Could not be opened/)).textContent).toContain("already in use");
  const input = await type("api.http.address", "localhost");
  expect((await screen.findByTestId("error-api.http.address")).textContent).toContain("as in 127.0.0.1:7654");
  expect(input.value).toBe("localhost");
});

test("the engine is kept running from log-in on, and what log-out does is said and can be changed", async () => {
  await open();
  const toggle = await screen.findByTestId("setting-service");
  await waitFor(() => expect(toggle.getAttribute("aria-checked")).toBe("false"));
  expect(screen.queryByTestId("linger")).toBeNull();
  await fireEvent.click(toggle);
  await waitFor(() => expect(toggle.getAttribute("aria-checked")).toBe("true"));
  expect(screen.getByTestId("settings").textContent).toContain("The engine ends when you log out.");
  await fireEvent.click(screen.getByTestId("linger"));
  await screen.findByText(/keeps running after you log out/);

  vi.spyOn(fake, "setService").mockRejectedValue(new Error("systemctl failed: no bus"));
  await fireEvent.click(toggle);
  expect((await screen.findByTestId("error-service")).textContent).toContain("no bus");
  expect(toggle.getAttribute("aria-checked")).toBe("true");
});

test("a rule for a label says what the desktop is told of its tasks", async () => {
  await open("notifications");
  await fireEvent.input(await screen.findByTestId("new-rule"), { target: { value: "team=data" } });
  await fireEvent.click(screen.getByText("Add a rule"));
  await fireEvent.change(await screen.findByLabelText("A success of team=data"), {
    target: { value: "yes" },
  });
  await waitFor(async () =>
    expect((await fake.getSettings()).notifications.rules).toEqual([
      { label: "team", value: "data", onSuccess: true },
    ]),
  );
  await fireEvent.click(screen.getByLabelText("Remove the rule for team=data"));
  await waitFor(async () => expect((await fake.getSettings()).notifications.rules).toEqual([]));
});

test("a hook is added, refused at its field, tried and removed", async () => {
  await open("notifications");
  await waitFor(() => expect(screen.getByTestId<HTMLButtonElement>("add-hook").disabled).toBe(false));
  await fireEvent.click(screen.getByTestId("add-hook"));
  await fireEvent.input(screen.getByTestId("hook-name"), { target: { value: "chat" } });
  await fireEvent.input(screen.getByTestId("hook-url"), { target: { value: "chat.example" } });
  await fireEvent.input(screen.getByLabelText("Secret"), { target: { value: "hush" } });
  await fireEvent.click(screen.getByTestId("save-hook"));
  expect((await screen.findByRole("alert")).textContent).toContain("begins with https://");
  expect(document.activeElement).toBe(screen.getByTestId("hook-url"));
  await fireEvent.input(screen.getByTestId("hook-url"), { target: { value: "https://chat.example/x" } });
  await fireEvent.click(screen.getByTestId("save-hook"));
  const row = await screen.findByTestId("hook");
  expect(row.textContent).toContain("https://chat.example/x · signed");
  await fireEvent.click(screen.getByTestId("test-hook"));
  expect((await screen.findByTestId("hook-tested")).textContent).toContain("delivered: 200: ok");
  await fireEvent.click(within(row).getByText("Remove"));
  await fireEvent.click(await screen.findByText("Remove hook"));
  await waitFor(() => expect(screen.queryByTestId("hook")).toBeNull());
});

test("a setting is looked for by / or Ctrl+F, found by its words, and its group is lit", async () => {
  await open();
  await screen.findByTestId("settings");
  await fireEvent.keyDown(document.body, { key: "/", code: "Slash" });
  const search = screen.getByTestId<HTMLInputElement>("settings-search");
  expect(document.activeElement).toBe(search);
  await fireEvent.input(search, { target: { value: "attempts" } });
  expect(screen.queryByTestId("settings-general")?.closest("ul")?.hidden).toBe(true);
  const found = () => within(screen.getByTestId("settings-found")).getAllByRole("option");
  expect(found().map((one) => one.textContent)).toEqual(["Of each task, keep at most Logs › Finished tasks"]);
  // Escape leaves the search, not the settings.
  await fireEvent.keyDown(search, { key: "Escape" });
  expect(search.value).toBe("");
  expect(screen.getByTestId("settings")).toBeTruthy();

  search.blur();
  await fireEvent.keyDown(document.body, { key: "f", ctrlKey: true });
  expect(document.activeElement).toBe(search);
  await fireEvent.input(search, { target: { value: "port" } });
  await fireEvent.keyDown(search, { key: "ArrowDown" });
  expect(search.getAttribute("aria-activedescendant")).toBe(found()[1]?.id);
  await fireEvent.keyDown(search, { key: "Enter" });
  const group = await screen.findByTestId("group-grpc");
  await waitFor(() => expect(group.dataset.sought).toBe("true"));
  // The field that was meant greys out with its switch, which is gone to instead.
  const address = await field("api.grpc.address");
  const off = (input: HTMLInputElement) => input.closest(":disabled") !== null;
  expect(off(address)).toBe(true);
  await waitFor(() => expect(document.activeElement).toBe(screen.getByTestId("setting-api.grpc.enabled")));
  await fireEvent.click(screen.getByTestId("setting-api.grpc.enabled"));
  await waitFor(() => expect(off(address)).toBe(false));
  expect(off(await field("api.http.address"))).toBe(true);
});

test("every setting of the catalog is on the page that it says", async () => {
  await open();
  for (const { key, groups } of SECTIONS) {
    await fireEvent.click(await screen.findByTestId(`settings-${key}`));
    for (const { id, settings } of groups) {
      // There is a token where a door is open, and something to linger where a service runs.
      if (id === "token") continue;
      const group = await screen.findByTestId(`group-${id}`);
      for (const { path, label } of settings)
        if (path !== "service.linger") expect(within(group).getAllByText(label)[0]).toBeTruthy();
    }
  }
});
