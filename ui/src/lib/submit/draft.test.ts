import { waitFor } from "@testing-library/svelte";
import { beforeEach, expect, test } from "vitest";
import type { DraftKind, TaskSpec } from "../api";
import { Drafts } from "./draft";
import { emptyForm } from "./form";

const spec: TaskSpec = { slot: "etl", kind: { subprocess: { mode: { command: { command: "make" } } } } };

/** What an engine keeps. */
function keeper() {
  const kept = new Map<DraftKind, string>();
  return {
    kept,
    readDraft: async ({ draft }: { draft: DraftKind }) => kept.get(draft) ?? null,
    saveDraft: async ({ draft, text }: { draft: DraftKind; text?: string | null }) => {
      if (text == null) kept.delete(draft);
      else kept.set(draft, text);
    },
  };
}
async function loaded(engine: ReturnType<typeof keeper>, here = true): Promise<Drafts> {
  const drafts = new Drafts(engine);
  await drafts.load(here);
  return drafts;
}

beforeEach(() => localStorage.clear());

test("a draft is there after the window was closed, of a new task and of each spec, until it is dropped", async () => {
  const engine = keeper();
  const drafts = await loaded(engine);
  drafts.save({ ...emptyForm(), timeout: "soon" });
  await drafts.flush();
  const later = await loaded(engine);
  expect(later.of()?.form.timeout).toBe("soon");
  expect(later.of({ spec })).toBeNull();
  later.drop();
  await later.flush();
  expect((await loaded(engine)).of()).toBeNull();
  expect(engine.kept.size).toBe(0);
});

test("what is typed is kept without anybody asking, and no secret with it", async () => {
  const engine = keeper();
  const drafts = await loaded(engine);
  drafts.save({ ...emptyForm(), env: [{ key: "API_TOKEN", value: "hunter2" }] });
  await waitFor(() => expect(engine.kept.get("newTask")).toContain("API_TOKEN"));
  expect(engine.kept.get("newTask")).not.toContain("hunter2");
  expect(drafts.of()?.withheld).toEqual(["API_TOKEN"]);
});

test("what an earlier release has left in the page is taken over once, and only to this machine", async () => {
  const form = { ...emptyForm(), name: "from before" };
  const { own, slot, suffix, admission } = form.lane;
  const old = { of: "", form: { ...form, lane: { own, slot, suffix, admission } }, withheld: [] };
  localStorage.setItem("solti.submit.draft", JSON.stringify(old));
  const far = keeper();
  expect((await loaded(far, false)).of()).toBeNull();
  const engine = keeper();
  expect((await loaded(engine)).of()?.form.name).toBe("from before");
  expect(localStorage.length).toBe(0);
  expect((await loaded(engine)).of()?.form.lane).toEqual({ ...emptyForm(suffix).lane, own: true });
});

test("a form of another shape is no draft", async () => {
  const engine = keeper();
  engine.kept.set("newTask", '{"of":"","form":{"tab":"command"}}');
  expect((await loaded(engine)).of()).toBeNull();
});
