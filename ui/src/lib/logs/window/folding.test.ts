import { waitFor } from "@testing-library/svelte";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createFakeBackend } from "../../api/fake";
import { OneLog } from "../one/one-log.svelte";
import { LogWindow } from "./log-window.svelte";

const backend = createFakeBackend({ tasks: 1 });
const id = backend.ids()[0] ?? "";
const { rows: total } = await backend.getLogInfo({ run: { id, attempt: 1 } });
const readLog = backend.readLog;

const TRACE = [
  "Traceback (most recent call last):",
  '  File "x.py", line 3, in <module>',
  "    main()",
  "E: no",
];
/** Where what a log says begins: a trace, a long group with another trace in it, and a group that never ends. */
const TEXTS = new Map<number, string>();
const put = (at: number, lines: readonly string[]): void =>
  lines.forEach((line, i) => void TEXTS.set(at + i, line));
put(100, TRACE);
put(200, ["::group::Install"]);
put(1_000, TRACE);
put(1_400, ["::endgroup::"]);
put(5_000, ["::group::Never ends"]);

let log: LogWindow<OneLog>;
let reads: number;

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
const keys = (): (number | undefined)[] => {
  const { from, to } = log.view.place;
  return Array.from({ length: to - from }, (_, i) => log.reader.rows?.keyAt(from + i));
};

beforeEach(async () => {
  reads = 0;
  backend.readLog = async (ask) => {
    const page = await readLog(ask);
    reads += page.rows.length;
    return { ...page, rows: page.rows.map((row) => ({ ...row, text: TEXTS.get(row.row) ?? row.text })) };
  };
  log = new LogWindow(new OneLog(backend, id, 1));
  await log.open();
  await settled(() => expect(log.view.seen?.last).toBe(total - 1));
});
afterEach(() => log.close());

it("folds a trace from any of its lines to the first, and unfolds it", async () => {
  await log.go(102);
  await settled(() => expect(log.drawn(102)).toBeDefined());
  await log.fold(102);
  await settled(() => expect(keys()).toEqual(expect.arrayContaining([99, 100, 104])));
  expect(keys()).not.toContain(101);
  expect(log.view.current).toBe(100);
  expect(log.folding.of(100, log.drawn(100), undefined)?.folded).toMatchObject({
    from: 100,
    to: 104,
    said: "E: no",
  });
  // The rows below are read and are the right ones.
  await settled(() => expect(log.drawn(104)?.row).toBe(104));
  expect(log.reader.all?.total).toBe(total - 3);
  await log.fold(100);
  await settled(() => expect(keys()).toContain(101));
  expect(log.folding.any).toBe(false);
});

it("opens what is folded for a hit in it, and copies all of what is folded", async () => {
  await log.fold(100);
  await log.go(103);
  await settled(() => expect(keys()).toContain(103));
  expect(log.folding.any).toBe(false);

  await log.fold(100);
  const read = vi.spyOn(backend, "readLogText").mockResolvedValue({ text: "", truncated: false });
  log.view.select({ key: 100, column: 0 }, { key: 100, column: Infinity });
  await log.clipboard.copy();
  expect(read.mock.lastCall?.[0]).toMatchObject({ start: { row: 100, column: 0 }, end: { row: 103 } });
  // A part of the first line is no more than that.
  await settled(() => expect(log.drawn(100)).toBeDefined());
  log.view.select({ key: 100, column: 0 }, { key: 100, column: 5 });
  await log.clipboard.copy();
  expect(read.mock.lastCall?.[0]).toMatchObject({ end: { row: 100, column: 5 } });
  read.mockRestore();
});

it("takes the innermost block, and folds a long one around what is folded in it", async () => {
  await log.fold(1_001);
  expect(log.reader.all?.foldOf(1_001)).toMatchObject({ from: 1_000, to: 1_004 });
  await log.fold(1_200);
  expect(log.reader.all?.foldOf(1_200)).toMatchObject({ kind: "group", from: 200, to: 1_401 });
  expect(log.reader.all?.total).toBe(total - 1_200);
  expect(log.reader.all?.keyAt(201)).toBe(1_401);
});

it("says of a block without an end within bounds that it cannot be folded, and reads no more", async () => {
  const before = reads;
  await log.fold(5_000);
  expect(log.told.notice?.text).toContain("Nothing to fold here");
  expect(reads - before).toBeLessThan(8_000);
});

it("folds what begins in view", async () => {
  await log.go(100);
  await settled(() => expect(log.drawn(101)).toBeDefined());
  await log.foldShown();
  expect(log.told.notice?.text).toBe("Folded 1 block");
  expect(log.reader.all?.foldOf(101)).toBeDefined();
  log.folding.unfoldAll();
  expect(log.folding.any).toBe(false);
});

it("folds behind a filter what that shows of a block, and nothing of it where that is one line", async () => {
  const { rows } = await readLog({ run: { id, attempt: 1 }, from: 200, count: 1_201 });
  const lit = rows.filter(({ stream }) => stream === "stdout").map(({ row }) => row);
  expect([lit[0], lit.length < rows.length]).toEqual([200, true]);

  log.stream = "stdout";
  await settled(() => expect(log.reader.matches?.total).toBeGreaterThan(lit.length));
  const before = log.reader.matches?.total ?? 0;
  await log.go(300);
  await settled(() => expect(log.drawn(300)).toBeDefined());
  await log.fold(300);
  await settled(() => expect(log.reader.matches?.total).toBe(before - lit.length + 1));
  const folded = log.folding.foldOf(300);
  expect(folded).toMatchObject({ kind: "group", from: 200, rows: lit.length });
  expect(log.view.current).toBe(200);
  // What stands behind it is what the filter shows next.
  await settled(() => expect(log.drawn(200)).toBeDefined());
  const at = keys().indexOf(200);
  await settled(() => expect(keys()[at + 1]).toBeGreaterThan(1_400));
  expect(log.folding.of(200, log.drawn(200), undefined)?.folded).toEqual(folded);

  // Copied whole, as is what is folded in the log itself.
  const read = vi.spyOn(backend, "readLogText").mockResolvedValue({ text: "", truncated: false });
  log.view.select({ key: 200, column: 0 }, { key: 200, column: Infinity });
  await log.clipboard.copy();
  expect(read.mock.lastCall?.[0]).toMatchObject({ start: { row: 200 }, end: { row: 1_400 } });
  read.mockRestore();

  // A hit in it shows it again.
  await log.go(300);
  await settled(() => expect(keys()).toContain(300));
  await settled(() => expect(log.reader.matches?.total).toBe(before));

  log.stream = "stderr";
  const alone = log.source.keyOf(rows.find(({ stream }) => stream === "stderr") ?? rows[0]!);
  TEXTS.set(alone, "Traceback (most recent call last):");
  TEXTS.set(alone + 1, "E: no");
  await settled(() => expect(log.reader.matches?.total).toBeLessThan(before));
  await log.fold(alone);
  expect(log.told.notice?.text).toContain("the filter shows fewer than two lines");
});
