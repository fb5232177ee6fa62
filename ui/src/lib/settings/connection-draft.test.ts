import { expect, test } from "vitest";
import { createFakeBackend } from "../api/fake";
import { ConnectionDraft } from "./connection-draft.svelte";

test("a machine that is called as this one is in a lane is refused beside its name", async () => {
  const draft = new ConnectionDraft(createFakeBackend());
  draft.name = " here ";
  draft.url = "ssh://box";
  expect(await draft.save()).toBe(false);
  expect(draft.errors.name).toMatch(/must not be here, which is this machine/i);
  draft.name = "box";
  expect(await draft.save()).toBe(true);
});

test("all that is wrong is said at once, each beside its field", async () => {
  const draft = new ConnectionDraft(createFakeBackend());
  expect(await draft.save()).toBe(false);
  expect(draft.errors).toEqual({ name: "Enter a name", url: "Enter an address" });
});
