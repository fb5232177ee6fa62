import { waitFor } from "@testing-library/svelte";
import { knownBy } from "../rows/numbers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { LogRow } from "../../api";
import { createFakeBackend } from "../../api/fake";
import { OneLog } from "../one/one-log.svelte";
import { LogWindow } from "./log-window.svelte";

const backend = createFakeBackend({ tasks: 1 });
const id = backend.ids()[0] ?? "";
const { rows: total } = await backend.getLogInfo({ run: { id, attempt: 1 } });
const { rows } = await backend.readLog({ run: { id, attempt: 1 }, from: 0, count: total });
const stderr = rows.filter((row) => row.stream === "stderr").map((row) => knownBy(row.row));
const errors = rows.filter((row) => row.text.includes("error:")).map((row) => knownBy(row.row));
const plain = (row: number): string => rows[row]?.text ?? "";

let source: OneLog;
let log: LogWindow<OneLog>;
const writeText = vi.fn();

/** What the pane does, without drawing. */
function settle(): void {
  log.view.size = { width: 800, height: 380 };
  log.view.settle();
}
async function settled(check: () => void): Promise<void> {
  await waitFor(() => {
    settle();
    check();
  });
}

beforeEach(async () => {
  writeText.mockReset().mockResolvedValue(undefined);
  Object.defineProperty(navigator, "clipboard", { value: { writeText }, configurable: true });
  source = new OneLog(backend, id, 1);
  log = new LogWindow(source);
  await log.open();
  await settled(() => expect(log.view.seen?.last).toBe(total - 1));
});
afterEach(() => log.close());

it("shows one stream as a filter, at the same place, and all of it again", async () => {
  await log.go(300);
  await settled(() => expect(log.view.seen?.first).toBeGreaterThan(200));
  log.stream = "stderr";
  await settled(() => expect(log.reader.rows?.known).toBe(stderr.length));
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
  await settled(() => expect(log.reader.rows?.known).toBe(stderr.length));
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
  log.view.select({ key: 7, column: 3 }, { key: 300, column: 4 });
  await log.clipboard.copy();
  const expected = Array.from({ length: 294 }, (_, i) => plain(7 + i));
  expected[0] = expected[0]?.slice(3) ?? "";
  expected[293] = expected[293]?.slice(0, 4) ?? "";
  expect(writeText).toHaveBeenCalledExactlyOnceWith(expected.join("\n"));
  expect(log.told.notice?.text).toBe("Copied 294 lines");
});

it("copies only what a filter leaves, and whole blocks around a hit", async () => {
  log.stream = "stderr";
  await settled(() => expect(log.reader.rows?.known).toBe(stderr.length));
  await log.clipboard.copyAll();
  expect(writeText).toHaveBeenLastCalledWith(`${stderr.map(plain).join("\n")}\n`);
  const hit = stderr[2] ?? 0;
  await log.widen(hit);
  log.view.select({ key: hit - 1, column: 0 }, { key: hit + 1, column: Infinity });
  await log.clipboard.copy();
  expect(writeText).toHaveBeenLastCalledWith(`${[hit - 1, hit, hit + 1].map(plain).join("\n")}\n`);
});

it("says when a copy is not all of it, and offers to save instead", async () => {
  vi.spyOn(backend, "readLogText").mockResolvedValueOnce({ text: "a\nb", truncated: true });
  const save = vi.spyOn(backend, "exportLog");
  await log.clipboard.copyAll();
  expect(log.told.notice?.text).toContain("Copied the first 2 lines");
  log.told.notice?.act?.run();
  await waitFor(() => expect(log.told.notice?.text).toContain("Saved"));
  expect(save).toHaveBeenCalledWith({ run: { id, attempt: 1 }, timestamps: false, searchId: undefined });
});

it("keeps bookmarks with notes, steps between them and takes them away", async () => {
  log.bookmarks.toggle(30);
  log.bookmarks.toggle(10);
  await waitFor(() => expect(source.marks.bookmarks.all.map((one) => one.row)).toEqual([10, 30]));
  await source.marks.bookmarks.set(1, 30, "here");
  expect(source.marks.bookmarks.at(1, 30)?.note).toBe("here");
  await log.go(10);
  void log.bookmarks.step(true);
  await waitFor(() => expect(log.view.current).toBe(30));
  settle();
  void log.bookmarks.step(true);
  await waitFor(() => expect(log.view.current).toBe(10));
  log.bookmarks.toggle(10);
  log.bookmarks.toggle(30);
  await waitFor(() => expect(source.marks.bookmarks.all).toEqual([]));
});

it("copies a link to a line, and opens at the line of a link", async () => {
  await log.clipboard.copyLink(rows[77] as LogRow);
  expect(writeText).toHaveBeenCalledWith(`solti://log/${id}/1/77`);
  const there = new LogWindow(source, "Mü & co");
  await there.clipboard.copyLink(rows[77] as LogRow);
  expect(writeText).toHaveBeenLastCalledWith(`solti://log/${id}/1/77?machine=M%C3%BC%20%26%20co`);
  const other = new LogWindow(new OneLog(backend, id, 1));
  await other.open(77);
  await waitFor(() => expect(other.view.current).toBe(77));
  expect(other.reader.follow.following).toBe(false);
  other.close();
});

it("hides lines above, in the log and under a filter, and shows them again", async () => {
  log.hideBefore(200);
  expect(log.reader.rows?.known).toBe(total - 200);
  log.stream = "stderr";
  await settled(() => expect(log.reader.rows?.known).toBe(stderr.filter((row) => row >= 200).length));
  log.hideBefore(0);
  await settled(() => expect(log.reader.rows?.known).toBe(stderr.length));
  log.stream = "both";
});

it("goes on from the line that one is at, not from one that was clicked before", async () => {
  await log.go(errors[0] ?? 0);
  await settled(() => expect(log.view.seen).not.toBeNull());
  const clicked = log.view.seen?.first ?? 0;
  log.view.stand(clicked);
  log.view.select({ key: clicked, column: 2 }, { key: clicked, column: 2 });
  await log.problem(true);
  await log.problem(true);
  expect(log.view.current).toBe(errors.filter((row) => row > clicked)[1]);
});

it("copies times before whole lines only", async () => {
  log.choices.copyTimes.value = true;
  const time = (row: number) => `${new Date(rows[row]?.ts ?? 0).toISOString()} `;
  log.view.select({ key: 7, column: 3 }, { key: 7, column: 9 });
  await log.clipboard.copy();
  expect(writeText).toHaveBeenLastCalledWith(plain(7).slice(3, 9));
  log.view.select({ key: 7, column: 3 }, { key: 10, column: 4 });
  await log.clipboard.copy();
  expect(writeText).toHaveBeenLastCalledWith(
    [plain(7).slice(3), time(8) + plain(8), time(9) + plain(9), plain(10).slice(0, 4)].join("\n"),
  );
  log.view.select({ key: 7, column: 0 }, { key: 8, column: Infinity });
  await log.clipboard.copy();
  expect(writeText).toHaveBeenLastCalledWith([7, 8].map((row) => `${time(row) + plain(row)}\n`).join(""));
  log.choices.copyTimes.value = false;
});

it("copies in a filter what is lit: its rows, and those that are shown around one of them", async () => {
  log.stream = "stderr";
  await settled(() => expect(log.reader.rows?.known).toBe(stderr.length));
  const [first, second, third] = stderr.slice(4) as [number, number, number];
  await log.widen(second);
  const around = log.contexts.ranges[0];
  log.view.select({ key: first, column: 0 }, { key: third, column: Infinity });
  await log.clipboard.copy();
  const lit = rows
    .map(({ row }) => knownBy(row))
    .filter((row) => {
      const shown = stderr.includes(row) || (around && row >= around.from && row <= around.to);
      return shown && row >= first && row <= third;
    });
  expect(lit.length).toBeGreaterThan(6);
  expect(writeText).toHaveBeenLastCalledWith(`${lit.map(plain).join("\n")}\n`);
});

it("leaves the clipboard alone when nothing is selected", async () => {
  log.view.select({ key: 7, column: 3 }, { key: 7, column: 3 });
  await log.clipboard.copy();
  log.view.selection = null;
  await log.clipboard.copy();
  expect(writeText).not.toHaveBeenCalled();
});

it("learns from an overview what retention has removed, and says so", async () => {
  const read = vi.spyOn(backend, "readLog").mockImplementation(async ({ from }) => ({
    from,
    total,
    rows: [{ ...(rows[from] as LogRow), row: 1000, text: "", removed: { rows: 4000, bytes: 9 } }],
  }));
  const bucket = (stdout: number) => ({ stdout, stderr: 0, matches: 0 });
  const buckets = [
    bucket(10),
    bucket(0),
    bucket(0),
    bucket(10),
    bucket(10),
    bucket(10),
    bucket(10),
    bucket(10),
  ];
  await log.lookForGaps({ rows: total, buckets });
  expect(read).toHaveBeenCalledTimes(1);
  expect(log.reader.all?.gaps).toEqual([{ from: 1000, to: 5000, shown: 1 }]);
  expect(log.extent).toContain("4,000 removed");
  read.mockRestore();
});

it("leaves out what a second pattern matches", async () => {
  log.find.mode = "filter";
  log.find.typed("error:");
  log.find.excluded("refused");
  const left = rows.filter(({ text }) => text.includes("error:") && !text.includes("refused"));
  expect(left.length).toBeLessThan(errors.length);
  await settled(() => expect(log.reader.rows?.known).toBe(left.length));
  log.find.excluded("");
  await settled(() => expect(log.reader.rows?.known).toBe(errors.length));
  log.find.leave();
  await settled(() => expect(log.filtered).toBe(false));
});

it("steps from match to match within a line before it goes to the next", async () => {
  const twice = rows
    .filter(({ text }) => (text.match(/o/gi) ?? []).length > 1)
    .map(({ row }) => knownBy(row));
  const first = twice[0] ?? 0;
  const matches = (plain(first).match(/o/gi) ?? []).length;
  await log.go(Math.max(0, first - 1));
  log.find.typed("o");
  await settled(() => expect(log.find.hit).not.toBeNull());
  await log.go(first);
  log.find.hit = { key: first, index: 1, total: 1 };
  log.find.from = null;
  await settled(() => {
    log.find.highlights?.want([log.drawn(first)].flatMap((row) => row ?? []));
    const row = log.drawn(first);
    expect(row && log.find.highlights?.of(row)).toHaveLength(matches);
  });
  for (let part = 1; part < matches; part += 1) {
    await log.find.step(true);
    expect([log.find.hit?.key, log.find.part]).toEqual([first, part]);
  }
  await log.find.step(true);
  expect(log.find.hit?.key).toBeGreaterThan(first);
  expect(log.find.part).toBe(0);
});

it("lists what was found below the whole log, and each leads to the other", async () => {
  log.find.mode = "split";
  log.find.typed("error:");
  await settled(() => expect(log.below?.matches?.known).toBe(errors.length));
  expect(log.filtered).toBe(false);
  const { below } = log;
  if (!below) throw new Error("there is a list");
  below.view.size = { width: 800, height: 100 };
  // A click on a hit goes there in the log.
  below.view.stand(errors[3] ?? 0);
  await settled(() => expect(log.view.current).toBe(errors[3]));
  // A click in the log shows what was found near it.
  log.view.stand(errors[7] ?? 0);
  await waitFor(() => expect(below.view.current).toBe(errors[7]));
  log.find.mode = "highlight";
  expect(log.below).toBeNull();
});

it("keeps highlighters in colours of their own while something else is looked for", async () => {
  log.find.typed("error:");
  log.kept.keep(log.find.query);
  log.find.typed("warning");
  log.kept.keep(log.find.query);
  const [first, second] = log.kept.all;
  if (!first || !second) throw new Error("two are kept");
  expect(first.color).not.toBe(second.color);
  await waitFor(() => expect(first.search.matches).toBe(errors.length));
  await log.go(0);
  await log.stepTo(first, true);
  expect(log.view.current).toBe(errors[0]);
  log.kept.drop(first);
  log.kept.keep({ ...log.find.query, pattern: "rows" });
  expect(log.kept.all[1]?.color).toBe(first.color);
});
