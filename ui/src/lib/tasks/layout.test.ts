import { waitFor } from "@testing-library/svelte";
import { expect, test, vi } from "vitest";
import { createFakeBackend } from "../api/fake";
import type { ListColumn } from "../api/types";
import { Layout } from "./layout.svelte";

const COLUMNS: ListColumn[] = ["state", "name", "lane"];

test("what one window has chosen is not undone by what another one chooses", async () => {
  const backend = createFakeBackend({ tasks: 0 });
  const windows = [new Layout(backend, vi.fn()), new Layout(backend, vi.fn())] as const;
  for (const layout of windows) await layout.load();
  windows[0].show(COLUMNS);
  const kept = () => backend.readListLayout({});
  await waitFor(async () => expect((await kept()).columns).toEqual(COLUMNS));
  windows[1].sorted({ by: "name", reverse: true });
  await waitFor(async () => expect(await kept()).toEqual({ columns: COLUMNS, sort: "name", reverse: true }));
  windows[1].sorted(undefined);
  await waitFor(async () => expect(await kept()).toEqual({ columns: COLUMNS }));
  windows[0].show(["state", "name"]);
  await waitFor(async () => expect((await kept()).columns).toEqual(["state", "name"]));
  windows[1].sorted({ by: "lane", reverse: false });
  await waitFor(async () => expect(await kept()).toEqual({ columns: ["state", "name"], sort: "lane" }));
});
