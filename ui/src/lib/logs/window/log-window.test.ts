import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { LogRow } from "../../api";
import { createFakeBackend } from "../../api/fake";
import { LogWindow } from "./log-window.svelte";

const backend = createFakeBackend({ tasks: 1 });
const id = backend.ids()[0] ?? "";
const { rows: total } = await backend.getLogInfo({ run: { id, attempt: 1 } });
const { rows } = await backend.readLog({ run: { id, attempt: 1 }, from: 0, count: total });
const stderr = rows.filter((row) => row.stream === "stderr").map((row) => row.row);
const errors = rows.filter((row) => row.text.includes("error:")).map((row) => row.row);
const plain = (row: number): string => rows[row]?.text ?? "";

let log: LogWindow;
const writeText = vi.fn();

/** What the pane does, without drawing. */
function settle(): void {
  log.view.size = { width: 800, height: 380 };
  log.view.settle();
}
async function settled(check: () => void): Promise<void> {
  await vi.waitFor(() => {
    settle();
    check();
  });
}

beforeEach(async () => {
  writeText.mockReset().mockResolvedValue(undefined);
  Object.defineProperty(navigator, "clipboard", { value: { writeText }, configurable: true });
  log = new LogWindow(backend, id, 1);
  await log.open();
  await settled(() => expect(log.view.seen?.last).toBe(total - 1));
});
afterEach(() => log.close());

it("shows one stream as a filter, at the same place, and all of it again", async () => {
  await log.go(300);
  await settled(() => expect(log.view.seen?.first).toBeGreaterThan(200));
  log.stream = "stderr";
  await settled(() => expect(log.session.rows?.known).toBe(stderr.length));
  await settled(() => expect(stderr).toContain(log.view.seen?.first));
  const first = log.view.seen?.first ?? 0;
  expect(Math.abs(first - 300)).toBeLessThan(60);
  log.stream = "both";
  await settled(() => expect(log.filtered).toBe(false));
  await settled(() => expect(log.view.seen?.first).toBe(first));
});

it("goes from error to error both ways, and says when there are none", async () => {
  await log.go(0);
  await log.problem(true);
  expect(log.view.current).toBe(errors[0]);
  await log.problem(true);
  expect(log.view.current).toBe(errors[1]);
  await log.problem(false);
  expect(log.view.current).toBe(errors[0]);
});

it("leaves a filter for a row that is not in it, and stays for one that is", async () => {
  log.stream = "stderr";
  await settled(() => expect(log.session.rows?.known).toBe(stderr.length));
  await log.go(stderr[3] ?? 0);
  expect(log.filtered).toBe(true);
  await log.go((stderr[3] ?? 0) + 1);
  expect(log.filtered).toBe(false);
  expect(log.stream).toBe("both");
});

it("shows what was found in its place in the log, and rows around it", async () => {
  log.find.mode = "filter";
  log.find.typed("warning");
  await settled(() => expect(log.filtered).toBe(true));
  await settled(() => expect(log.view.seen).not.toBeNull());
  const hit = log.view.seen?.first ?? 0;
  await log.widen(hit);
  expect(log.contexts.of(hit)?.before.map((row) => row.row)).toEqual([hit - 3, hit - 2, hit - 1]);
  expect(log.contexts.of(hit)?.after.map((row) => row.row)).toEqual([hit + 1, hit + 2, hit + 3]);
  log.showInLog(hit);
  await settled(() => expect(log.filtered).toBe(false));
  expect(log.view.current).toBe(hit);
  expect(log.contexts.any).toBe(false);
  log.find.mode = "highlight";
});

it("goes back to where finding began", async () => {
  await log.go(40);
  await settled(() => expect(log.view.seen?.first).toBeLessThan(40));
  const first = log.view.seen?.first;
  log.find.typed("payload");
  await settled(() => expect(log.view.current).toBeGreaterThan(40));
  log.find.leave();
  await settled(() => expect(log.view.seen?.first).toBe(first));
});

it("copies the exact text of a selection, colours left out, drawn or not", async () => {
  log.view.select({ row: 7, column: 3 }, { row: 300, column: 4 });
  await log.copy();
  const expected = Array.from({ length: 294 }, (_, i) => plain(7 + i));
  expected[0] = expected[0]?.slice(3) ?? "";
  expected[293] = expected[293]?.slice(0, 4) ?? "";
  expect(writeText).toHaveBeenCalledExactlyOnceWith(expected.join("\n"));
  expect(log.told.notice?.text).toBe("Copied 294 lines");
});

it("copies only what a filter leaves, and whole blocks around a hit", async () => {
  log.stream = "stderr";
  await settled(() => expect(log.session.rows?.known).toBe(stderr.length));
  await log.copyAll();
  expect(writeText).toHaveBeenLastCalledWith(`${stderr.map(plain).join("\n")}\n`);
  const hit = stderr[2] ?? 0;
  await log.widen(hit);
  log.view.select({ row: hit - 1, column: 0 }, { row: hit + 1, column: Infinity });
  await log.copy();
  expect(writeText).toHaveBeenLastCalledWith(`${[hit - 1, hit, hit + 1].map(plain).join("\n")}\n`);
});

it("says when a copy is not all of it, and offers to save instead", async () => {
  vi.spyOn(backend, "readLogText").mockResolvedValueOnce({ text: "a\nb", truncated: true });
  const save = vi.spyOn(backend, "exportLog");
  await log.copyAll();
  expect(log.told.notice?.text).toContain("Copied the first 2 lines");
  log.told.notice?.act?.run();
  await vi.waitFor(() => expect(log.told.notice?.text).toContain("Saved"));
  expect(save).toHaveBeenCalledWith({ run: { id, attempt: 1 }, timestamps: false, searchId: undefined });
});

it("keeps bookmarks with notes, steps between them and takes them away", async () => {
  log.toggleBookmark(30);
  log.toggleBookmark(10);
  await vi.waitFor(() => expect(log.bookmarks.all.map((one) => one.row)).toEqual([10, 30]));
  await log.bookmarks.set(1, 30, "here");
  expect(log.bookmarks.at(1, 30)?.note).toBe("here");
  await log.go(10);
  void log.bookmark(true);
  await vi.waitFor(() => expect(log.view.current).toBe(30));
  settle();
  void log.bookmark(true);
  await vi.waitFor(() => expect(log.view.current).toBe(10));
  log.toggleBookmark(10);
  log.toggleBookmark(30);
  await vi.waitFor(() => expect(log.bookmarks.all).toEqual([]));
});

it("copies a link to a line, and opens at the line of a link", async () => {
  await log.copyLink(rows[77] as LogRow);
  expect(writeText).toHaveBeenCalledWith(`solti://log/${id}/1/77`);
  log.machine = "Mü & co";
  await log.copyLink(rows[77] as LogRow);
  expect(writeText).toHaveBeenLastCalledWith(`solti://log/${id}/1/77?machine=M%C3%BC%20%26%20co`);
  log.machine = undefined;
  const other = new LogWindow(backend, id, 1, 77);
  await other.open();
  other.arrived();
  await vi.waitFor(() => expect(other.view.current).toBe(77));
  expect(other.session.follow.following).toBe(false);
  other.close();
});

it("hides lines above, in the log and under a filter, and shows them again", async () => {
  log.hideBefore(200);
  expect(log.session.rows?.known).toBe(total - 200);
  log.stream = "stderr";
  await settled(() => expect(log.session.rows?.known).toBe(stderr.filter((row) => row >= 200).length));
  log.hideBefore(0);
  await settled(() => expect(log.session.rows?.known).toBe(stderr.length));
  log.stream = "both";
});
