import { cleanup, render, screen } from "@testing-library/svelte";
import { afterEach, expect, it } from "vitest";
import { createFakeBackend } from "../api/fake";
import type { HookDelivery } from "../api/types";
import Hooks from "./Hooks.svelte";
import type { SettingsHost } from "./host";

afterEach(cleanup);

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
