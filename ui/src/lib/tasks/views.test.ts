import { expect, test, vi } from "vitest";
import { createFakeBackend } from "../api/fake";
import { Views } from "./views.svelte";

const view = (name: string) => ({ name, filter: `name:${name}` });

test("a view that another desktop saves meanwhile stays, whatever is saved or removed here", async () => {
  const backend = createFakeBackend({ tasks: 0 });
  const [here, there] = [new Views(backend), new Views(backend)];
  await Promise.all([here.load(), there.load()]);
  await there.save(view("theirs"));
  await here.save(view("mine"));
  await there.save(view("more"));
  await here.remove("mine");
  expect((await backend.readViews({})).map(({ name }) => name)).toEqual(["theirs", "more"]);
  expect(here.all).toHaveLength(2);
});

test("changes are made one after the other, also after one that was refused", async () => {
  const backend = createFakeBackend({ tasks: 0 });
  const views = new Views(backend);
  vi.spyOn(backend, "saveViews").mockRejectedValueOnce(new Error("read-only"));
  const refused = views.save(view("a"));
  const [b, c] = [views.save(view("b")), views.save(view("c"))];
  await expect(refused).rejects.toThrow("read-only");
  await Promise.all([b, c]);
  expect(views.all.map(({ name }) => name)).toEqual(["b", "c"]);
});
