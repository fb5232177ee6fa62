import { expect, test } from "vitest";
import { createFakeBackend } from "../../api/fake";
import { actOnAll } from "./all-matching";

const total = async (backend: ReturnType<typeof createFakeBackend>, lane: string) =>
  (await backend.listTasks({ query: { slot: lane, limit: 1 } })).total;

async function withTasks(count: number) {
  const backend = createFakeBackend({ tasks: 0 });
  for (let n = 0; n < count; n += 1)
    await backend.submitTask({
      slot: "etl",
      kind: { subprocess: { mode: { command: { command: "true" } } } },
      admission: "queue",
    });
  return backend;
}

test("more tasks than a page are deleted, and no others", async () => {
  const backend = await withTasks(1203);
  await backend.submitTask({
    slot: "other",
    kind: { subprocess: { mode: { command: { command: "true" } } } },
  });
  expect(await actOnAll(backend, { slot: "etl" }, "remove")).toMatchObject({ acted: 1203, failed: 0 });
  expect([await total(backend, "etl"), await total(backend, "other")]).toEqual([0, 1]);
});

test("what cannot be done with some is told, and done with the rest", async () => {
  const backend = await withTasks(3);
  const [refused] = (await backend.listTasks({ query: {} })).rows.map(({ task }) => task.metadata.id);
  const unruly = {
    ...backend,
    deleteTask: async (id: string) => {
      if (id === refused) throw new Error("not this one");
      await backend.deleteTask(id);
    },
  };
  const came = await actOnAll(unruly, { slot: "etl" }, "remove");
  expect(came).toEqual({ acted: 2, failed: 1, first: new Error("not this one") });
});
