import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/svelte";
import { afterEach, expect, it, vi } from "vitest";
import { ApiError } from "../api/errors";
import { createFakeBackend } from "../api/fake";
import type { HookDelivery } from "../api/types";
import Hooks from "./Hooks.svelte";
import { Unsaved, type SettingsHost } from "./host";

afterEach(cleanup);

it("labels with commas are changed as they are", async () => {
  const backend = createFakeBackend();
  const labels = { team: "a,b", stage: "live, west", end: "a " };
  await backend.saveHook({
    hook: { name: "chat", on: ["failure"], labels, call: { command: { command: "page" } } },
  });
  const save = vi.spyOn(backend, "saveHook");
  const workspace = {
    backend,
    machines: { here: true },
    settings: {},
    ask: () => {},
    unsaved: new Unsaved(() => {}),
  } as unknown as SettingsHost;
  render(Hooks, { workspace });
  await fireEvent.click(await screen.findByText("Change"));
  await fireEvent.click(screen.getByTestId("save-hook"));
  await waitFor(() => expect(save).toHaveBeenCalled());
  expect(save.mock.lastCall?.[0].hook.labels).toEqual(labels);
});

const call: HookDelivery = { id: 1, hook: "chat", event: "failure", at: 1, tries: 1, state: "waiting" };

it.each([
  [{ ...call, beingTried: true, commandTask: "t-1", said: "task t-1" }, "being tried: task t-1"],
  [{ ...call, said: "503", nextAt: 60_000 }, "pending after 1 try: 503"],
] as [HookDelivery, string][])("a call that is being tried has not failed: %o", async (latest, said) => {
  const backend = createFakeBackend();
  const command = { command: { command: "page" } };
  const state = await backend.saveHook({ hook: { name: "chat", on: ["failure"], call: command } });
  backend.listHooks = async () => ({ hooks: [{ ...state, latest: [latest] }], waiting: 1, mostWaiting: 9 });
  const workspace = { backend, machines: { here: true }, settings: {} } as unknown as SettingsHost;
  render(Hooks, { workspace });
  expect((await screen.findByTestId("hook")).textContent.replace(/\s+/g, " ")).toContain(said);
});

it("asks before another form takes the place of one that was typed into", async () => {
  const backend = createFakeBackend();
  for (const name of ["chat", "pager"])
    await backend.saveHook({ hook: { name, on: ["failure"], call: { command: { command: "page" } } } });
  const ask = vi.fn();
  const unsaved = new Unsaved(ask);
  const workspace = { backend, machines: { here: true }, settings: {}, unsaved } as unknown as SettingsHost;
  render(Hooks, { workspace });
  const [chat, pager] = await screen.findAllByTestId("change-hook");
  await fireEvent.click(chat!);
  await fireEvent.input(screen.getByTestId("hook-labels"), { target: { value: "team=a" } });
  for (const button of [pager!, screen.getByTestId("add-hook"), chat!]) await fireEvent.click(button);
  expect(ask).toHaveBeenCalledTimes(3);
  expect(screen.getByTestId<HTMLInputElement>("hook-labels").value).toBe("team=a");
  ask.mock.calls[1]![0].act();
  expect(await screen.findByRole("form", { name: "New hook" })).toBeTruthy();
  await fireEvent.click(pager!);
  expect(ask).toHaveBeenCalledTimes(3);
});

const openForm = async (backend = createFakeBackend()) => {
  const ask = vi.fn();
  const unsaved = new Unsaved(ask);
  const workspace = {
    backend,
    machines: { here: true },
    settings: {},
    unsaved,
    ask,
  } as unknown as SettingsHost;
  render(Hooks, { workspace });
  await waitFor(() => expect(screen.getByTestId<HTMLButtonElement>("add-hook").disabled).toBe(false));
  await fireEvent.click(screen.getByTestId("add-hook"));
  return ask;
};
const write = (field: string, value: string) =>
  fireEvent.input(screen.getByTestId(`hook-${field}`), { target: { value } });
const alerts = () => screen.getAllByRole("alert").map((alert) => alert.textContent.trim());

it("all that is wrong is said at once, each beside its field, and what is mended is no more", async () => {
  const backend = createFakeBackend();
  await openForm(backend);
  await write("name", "tést hook!");
  await write("labels", "team");
  await fireEvent.click(screen.getByTestId("save-hook"));
  await waitFor(() => expect(screen.getAllByRole("alert")).toHaveLength(3));
  expect(alerts()).toEqual([
    "Must be 1 to 64 of A–Z, a–z, digits, '.', '_' and '-'",
    "Enter labels as key=value; “team” has no value",
    "Enter an address",
  ]);
  expect(document.activeElement).toBe(screen.getByTestId("hook-name"));
  await write("name", "test-hook");
  expect(alerts()).toHaveLength(2);
  await write("url", "https://chat.example/x");
  await fireEvent.click(screen.getByTestId("save-hook"));
  await waitFor(() => expect(alerts()).toEqual(["Enter labels as key=value; “team” has no value"]));
  expect(document.activeElement).toBe(screen.getByTestId("hook-labels"));
  expect((await backend.listHooks({})).hooks).toEqual([]);
});

it("a new hook takes no other's place", async () => {
  const backend = createFakeBackend();
  const command = { command: { command: "page" } };
  await backend.saveHook({ hook: { name: "chat", on: ["failure"], call: command } });
  await openForm(backend);
  await write("name", " chat ");
  await write("url", "https://chat.example/x");
  await fireEvent.click(screen.getByTestId("save-hook"));
  await waitFor(() => expect(alerts()).toEqual(["There is a hook with this name already"]));
  expect((await backend.listHooks({})).hooks.map(({ hook }) => hook.call)).toEqual([command]);
});

it("what no field stands for is said as well", async () => {
  const backend = createFakeBackend();
  backend.saveHook = () =>
    Promise.reject(
      new ApiError({ error: "InvalidRequest", field: "hook", message: "would be one too many" }),
    );
  await openForm(backend);
  await fireEvent.click(screen.getByTestId("save-hook"));
  await waitFor(() => expect(alerts()).toEqual(["Would be one too many"]));
});

it("a form that is closed gives the focus back to what opened it", async () => {
  const ask = await openForm();
  await write("name", "chat");
  await fireEvent.click(screen.getByText("Cancel"));
  ask.mock.lastCall?.[0].act();
  await waitFor(() => expect(document.activeElement).toBe(screen.getByTestId("add-hook")));
  await fireEvent.click(screen.getByTestId("add-hook"));
  await write("name", "chat");
  await write("url", "https://chat.example/x");
  await fireEvent.click(screen.getByTestId("save-hook"));
  await screen.findByTestId("hook");
  await fireEvent.click(screen.getByTestId("change-hook"));
  await fireEvent.keyDown(screen.getByTestId("hook-labels"), { key: "Escape" });
  await waitFor(() => expect(document.activeElement).toBe(screen.getByTestId("change-hook")));
});
