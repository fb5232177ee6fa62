import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/svelte";
import { afterEach, expect, it, vi } from "vitest";
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
