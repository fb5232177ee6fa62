import { waitFor } from "@testing-library/svelte";
import { knownBy } from "../rows/numbers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createFakeBackend } from "../../api/fake";
import type { MergedRow } from "../../api";
import { LogWindow } from "../window/log-window.svelte";
import { MergedLogs } from "./merged-logs.svelte";

const backend = createFakeBackend({ tasks: 40 });
const infos = await Promise.all(
  backend.ids().map(async (id) => ({
    id,
    info: await backend.getLogInfo({ run: { id, attempt: 1 } }).catch(() => null),
  })),
);
// Two that are over and have something of everything in them.
const chosen = infos
  .filter(({ info }) => info && !info.live && info.rows > 300 && info.rows < 20_000)
  .slice(0, 2);
const sources = chosen.map(({ id }) => ({ id, attempt: 1 }));
const total = chosen.reduce((all, { info }) => all + (info?.rows ?? 0), 0);
const all: MergedRow[] = [];
while (all.length < total)
  all.push(...(await backend.readMerged({ sources, from: all.length, count: 1000 })).rows);
const positions = (fits: (row: MergedRow) => boolean): number[] =>
  all.filter(fits).map(({ position }) => position);

let logs: MergedLogs;
let log: LogWindow<MergedLogs>;
const writeText = vi.fn();

/** What the pane does, without drawing. */
async function settled(check: () => void): Promise<void> {
  await waitFor(() => {
    log.view.size = { width: 800, height: 380 };
    log.view.settle();
    check();
  });
}

beforeEach(async () => {
  writeText.mockReset().mockResolvedValue(undefined);
  Object.defineProperty(navigator, "clipboard", { value: { writeText }, configurable: true });
  logs = new MergedLogs(backend, sources);
  log = new LogWindow(logs);
  await log.open();
  await settled(() => expect(log.view.seen?.last).toBe(total - 1));
});
afterEach(() => log.close());

it("shows one stream of all logs, and what is found in it", async () => {
  const stderr = positions(({ stream }) => stream === "stderr");
  log.stream = "stderr";
  await settled(() => expect(log.reader.rows?.known).toBe(stderr.length));
  await settled(() => expect(stderr).toContain(log.view.seen?.first));
  log.find.mode = "filter";
  log.find.typed("warn");
  const both = positions(({ stream, text }) => stream === "stderr" && /warn/i.test(text));
  await settled(() => expect(log.reader.rows?.known).toBe(both.length));
  log.find.leave();
  log.stream = "both";
  await settled(() => expect(log.filtered).toBe(false));
});

it("goes from error to error in the order of all logs", async () => {
  const errors = positions(({ severity }) => severity === "error");
  await log.go(0);
  await log.problem(true);
  expect(log.view.current).toBe(errors[0]);
  await settled(() => expect(log.cursor).toBe(errors[0]));
  await log.problem(true);
  expect(log.view.current).toBe(errors[1]);
  log.view.settle();
  await log.problem(false);
  expect(log.view.current).toBe(errors[0]);
});

it("marks rows where their task keeps them, and goes from mark to mark over all logs", async () => {
  const [first, second] = [0, 1].map((source) => all.filter((row) => row.source === source)[5] as MergedRow);
  if (!first || !second) throw new Error("two logs have six rows each");
  log.bookmarks.toggle(knownBy(first.position)); // Not among those that are drawn.
  await waitFor(() => expect(logs.marks.keys).toEqual([first.position]));
  expect((await backend.listBookmarks({ id: sources[0]?.id ?? "" })).map(({ row }) => row)).toEqual([
    first.row,
  ]);
  expect(logs.marks.of(first)).toBeDefined();
  expect(logs.marks.of(second)).toBeUndefined();
  log.bookmarks.toggle(knownBy(second.position));
  const places = [first.position, second.position].sort((a, b) => a - b);
  await waitFor(() => expect(logs.marks.keys).toEqual(places));
  expect(logs.marks.all.map(({ where }) => where?.text)).toEqual(
    places.map((place) => logs.sources[place === first.position ? 0 : 1]?.name),
  );

  await log.go(total - 1);
  for (const place of [...places, places[0]]) {
    await settled(() => expect(log.cursor).not.toBeNull());
    await log.bookmarks.step(true);
    expect(log.view.current).toBe(place);
  }
  const [mark] = logs.marks.all;
  if (mark) await logs.marks.note(mark, "here");
  // Another window of these logs reads the same.
  const others = new MergedLogs(backend, sources);
  const other = new LogWindow(others);
  await other.open();
  await waitFor(() => expect(others.marks.all.map(({ bookmark }) => bookmark.note)).toContain("here"));
  other.close();
  if (mark?.key !== undefined) log.bookmarks.toggle(mark.key);
  await waitFor(() => expect(log.told.notice?.act?.label).toBe("Undo"));
  log.told.notice?.act?.run();
  await waitFor(() => expect(logs.marks.keys).toEqual(places));
  expect(logs.marks.all[0]?.bookmark.note).toBe("here");
  for (const one of logs.marks.all) await logs.marks.remove(one);
  expect(logs.marks.keys).toEqual([]);
});

it("saves all, or what a filter leaves", async () => {
  const save = vi.spyOn(backend, "exportMerged");
  await log.save();
  expect(save).toHaveBeenLastCalledWith({ sources, timestamps: false, searchId: undefined });
  expect(log.told.notice?.text).toContain("~/merged.log");
  log.stream = "stderr";
  await settled(() => expect(log.filtered).toBe(true));
  await log.save();
  expect(save).toHaveBeenLastCalledWith({
    sources,
    timestamps: false,
    searchId: expect.stringMatching(/^search-/) as unknown,
  });
});

it("shows the lines of all logs around a hit, and hides those above", async () => {
  const [hit] = positions(({ stream, position }) => stream === "stderr" && position > 20);
  if (hit === undefined) throw new Error("there is output on stderr");
  log.stream = "stderr";
  await settled(() => expect(log.filtered).toBe(true));
  await log.widen(hit);
  expect(log.contexts.of(hit)?.before.map((row) => row.position)).toEqual([hit - 3, hit - 2, hit - 1]);
  log.stream = "both";
  await settled(() => expect(log.filtered).toBe(false));
  log.hideBefore(100);
  expect(log.reader.rows?.known).toBe(total - 100);
  log.hideBefore(0);
});

it("goes to a time, in whichever log something was printed then", async () => {
  const row = all[400] as MergedRow;
  await log.goTo({ at: row.ts });
  expect(log.view.current).toBe(all.find(({ ts }) => ts >= row.ts)?.position);
  await log.goTo({ at: Number.MAX_SAFE_INTEGER });
  expect(log.view.current).toBe(total - 1);
});

it("copies a link to a line in its own log", async () => {
  const row = all.find(({ source }) => source === 1) as MergedRow;
  await log.clipboard.copyLink(row);
  expect(writeText).toHaveBeenCalledWith(`solti://log/${sources[1]?.id}/1/${row.row}`);
});

it("says which attempt a line is of, where several of one task are read", async () => {
  const web = (await backend.listTasks({ query: { slot: "web" } })).rows[0]?.task.metadata.id ?? "";
  const attempts = new MergedLogs(backend, [
    { id: web, attempt: 5 },
    { id: web, attempt: 6 },
  ]);
  await attempts.open({ grew: () => {}, replaced: () => {} });
  expect(attempts.sources.map(({ name }) => name)).toEqual(["dev server · 5", "dev server · 6"]);
  attempts.close();
});

it("leaves a log out and takes it back, and never the last one", async () => {
  const first = chosen[0]?.info?.rows ?? 0;
  logs.toggle(1);
  await settled(() => expect(log.reader.rows?.known).toBe(first));
  await settled(() => expect(log.view.seen?.last).toBe(first - 1));
  expect(log.source.labelOf(log.drawn(first - 1) as MergedRow)?.text).toBe(logs.sources[0]?.name);
  logs.toggle(0);
  expect(logs.runs).toHaveLength(1);
  logs.toggle(1);
  await settled(() => expect(log.reader.rows?.known).toBe(total));
});

it("copies the name of a log before its whole lines only", async () => {
  const label = (row: MergedRow) => `${logs.sources[row.source]?.name ?? ""}: `;
  const [a, b, c] = all.slice(50, 53) as [MergedRow, MergedRow, MergedRow];
  log.view.select({ key: 50, column: 2 }, { key: 52, column: 3 });
  await log.clipboard.copy();
  expect(writeText).toHaveBeenLastCalledWith(
    [a.text.slice(2), label(b) + b.text, c.text.slice(0, 3)].join("\n"),
  );
});
