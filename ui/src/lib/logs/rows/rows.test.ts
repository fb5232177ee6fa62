import { waitFor } from "@testing-library/svelte";
import { describe, expect, it, vi } from "vitest";
import type { Asks, Backend, LogInfo, LogRow, SearchProgress } from "../../api";
import { MergedLogs } from "../merged/merged-logs.svelte";
import { OneLog } from "../one/one-log.svelte";
import { LogReader } from "../window/reader.svelte";
import { AllRows } from "./all-rows.svelte";
import { MatchRows } from "./match-rows.svelte";

const line = (row: number, more: Partial<LogRow> = {}): LogRow => ({
  row,
  stream: "stdout",
  ts: row,
  text: `line ${row}`,
  fullLen: 8,
  partial: false,
  continued: false,
  ...more,
});
const info = (rows: number): LogInfo => ({
  attempt: 1,
  rows,
  bytes: rows * 10,
  live: true,
  phase: "running",
  startedAt: 0,
  attempts: 1,
});

describe("a log whose beginning was removed", () => {
  const REMOVED = { from: 100, rows: 900 };
  const backend = {
    readLog: async ({ from, count }: Asks["readLog"]["request"]) => {
      const rows: LogRow[] = [];
      for (let row = from; rows.length < count && row < 2000; row += 1) {
        const gone = row >= REMOVED.from && row < REMOVED.from + REMOVED.rows;
        rows.push(gone ? line(REMOVED.from, { text: "", removed: { rows: 900, bytes: 9000 } }) : line(row));
        if (gone) row = REMOVED.from + REMOVED.rows - 1;
      }
      return { from, total: 2000, rows };
    },
  } as unknown as Backend;

  it("shows what is gone as one row, and keeps the numbers of the others", async () => {
    const rows = new AllRows(new OneLog(backend, "t", 1));
    rows.extend(info(2000), 0);
    rows.want(90, 130, 0);
    await waitFor(() => expect(rows.get(101)?.row).toBe(1000));
    expect(rows.get(100)?.removed?.rows).toBe(900);
    expect(rows.get(99)?.row).toBe(99);
    expect(rows.total).toBe(1101);
    expect(rows.placeOf(1500)).toBe(601);
  });

  it("lets what is shown stand still when it learns of the gap above", async () => {
    const rows = new AllRows(new OneLog(backend, "t", 1));
    rows.extend(info(2000), 0);
    rows.want(1500, 1540, 0);
    await waitFor(() => expect(rows.get(1500)?.row).toBe(1500));
    expect(rows.takeShift()).toBe(0);
    rows.want(1500, 1540, 0);
    rows.want(500, 540, 0); // A jump into what is gone.
    await waitFor(() => expect(rows.total).toBe(1101));
    expect(rows.takeShift()).toBe(100 - 500);
    expect(rows.get(601)?.row).toBe(1500);
  });

  it("leaves out what the reader hid, until it is shown again", async () => {
    const rows = new AllRows(new OneLog(backend, "t", 1));
    rows.extend(info(2000), 0);
    rows.want(1500, 1540, 0);
    await waitFor(() => expect(rows.get(1500)).toBeDefined());
    rows.hideBefore(1490);
    expect(rows.takeShift()).toBe(-1490);
    expect(rows.get(10)?.row).toBe(1500);
    expect(rows.total).toBe(510);
    rows.hideBefore(0);
    expect(rows.total).toBe(2000);
  });
});

describe("what a search found", () => {
  let hits: number[] = [];
  const backend = {
    searchRank: async ({ row }: Asks["searchRank"]["request"]) => hits.filter((hit) => hit < row).length,
    searchRows: async ({ from, count }: Asks["searchRows"]["request"]) => ({
      from,
      total: hits.length,
      rows: hits.slice(from, from + count).map((row) => line(row)),
    }),
  } as unknown as Backend;
  const progress = (complete: boolean): SearchProgress => ({
    matches: hits.length,
    searchedBytes: 1,
    totalBytes: 1,
    complete,
    live: false,
  });
  const evens = (from: number, to: number) => Array.from({ length: (to - from) / 2 }, (_, i) => from + i * 2);

  it("begins at the row one comes from", async () => {
    hits = evens(0, 1000);
    const rows = new MatchRows(new OneLog(backend, "t", 1), "s", 501, 0);
    rows.progress(progress(true), 0);
    await waitFor(() => expect(rows.total).toBe(500));
    expect(rows.takeShift()).toBe(251);
    expect(rows.get(251)?.row).toBe(502);
  });

  it("stands still while earlier matches turn up", async () => {
    hits = evens(800, 1000);
    const rows = new MatchRows(new OneLog(backend, "t", 1), "s", 800, 0);
    rows.progress(progress(false), 0);
    await waitFor(() => expect(rows.total).toBe(100));
    rows.want(10, 40, 0);
    expect(rows.get(10)?.row).toBe(820);
    hits = evens(200, 1000);
    rows.progress(progress(false), 0);
    await waitFor(() => expect(rows.total).toBe(400));
    expect(rows.takeShift()).toBe(300);
    expect(rows.get(310)?.row).toBe(820);
    expect(rows.keyAt(310)).toBe(820);
  });

  it("follows its end", async () => {
    hits = evens(0, 200);
    const rows = new MatchRows(new OneLog(backend, "t", 1), "s", 0, 0);
    rows.progress(progress(true), 20);
    await waitFor(() => expect(rows.get(99)?.row).toBe(198));
    hits = evens(0, 300);
    rows.progress(progress(true), 20);
    await waitFor(() => expect(rows.get(149)?.row).toBe(298));
    expect(rows.total).toBe(150);
  });

  it("leaves out what the reader hid above, and knows what it has", async () => {
    hits = evens(0, 1000);
    const rows = new MatchRows(new OneLog(backend, "t", 1), "s", 0, 500);
    rows.progress(progress(true), 0);
    await waitFor(() => expect(rows.get(0)?.row).toBe(500));
    expect(rows.total).toBe(250);
    expect(await rows.placeOf(510)).toBe(5);
    expect(await rows.has(510)).toBe(true);
    expect(await rows.has(511)).toBe(false);
    expect(await rows.has(100)).toBe(false);
  });
});

describe("several logs in one order", () => {
  it("waits until each has told its length, and reads the unsettled end again", async () => {
    const read = vi.fn(async ({ from, count }: Asks["readMerged"]["request"]) => ({
      from,
      total: 40,
      rows: Array.from({ length: Math.min(count, 40 - from) }, (_, i) => ({
        ...line(from + i),
        source: (from + i) % 2,
        position: from + i,
      })),
    }));
    const tells: ((info: LogInfo) => void)[] = [];
    const backend = {
      readMerged: read,
      getTaskRow: async () => null,
      watchLog: async (_id: string, _attempt: number, onInfo: (info: LogInfo) => void) => {
        tells.push(onInfo);
        return () => {};
      },
    } as unknown as Backend;
    const sources = [
      { id: "a", attempt: 1 },
      { id: "b", attempt: 1 },
    ];
    const reader = new LogReader(new MergedLogs(backend, sources));
    reader.on("pause");
    await reader.open();
    const rows = reader.all as AllRows;
    tells[0]?.(info(20));
    expect(rows.total).toBe(0);
    tells[1]?.(info(20));
    expect(rows.total).toBe(40);
    rows.want(0, 40, 0);
    await waitFor(() => expect(rows.get(39)?.source).toBe(1));
    expect(read).toHaveBeenCalledTimes(1);
    rows.want(0, 40, 0);
    expect(read).toHaveBeenCalledTimes(1);
    tells[1]?.({ ...info(20), bytes: 999 });
    expect(read).toHaveBeenCalledTimes(2);
  });

  it("shows what retention removed from one of them as one row", async () => {
    const gap = { ...line(0, { text: "", removed: { rows: 30, bytes: 900 } }), source: 0, position: 5 };
    const read = async ({ from, count }: Asks["readMerged"]["request"]) => {
      const rows = [];
      for (let at = from; rows.length < count && at < 100; at += 1) {
        const gone = at >= 5 && at < 35;
        rows.push(gone ? gap : { ...line(at), source: 1, position: at });
        if (gone) at = 34;
      }
      return { from, total: 100, rows };
    };
    const backend = { readMerged: read } as unknown as Backend;
    const rows = new AllRows(new MergedLogs(backend, [{ id: "a", attempt: 1 }]));
    rows.extend(info(100), 0);
    rows.want(0, 40, 0);
    await waitFor(() => expect(rows.get(6)?.row).toBe(35));
    expect(rows.get(5)?.removed?.rows).toBe(30);
    expect([rows.total, rows.keyAt(6), rows.placeOf(40)]).toEqual([71, 35, 11]);
  });
});
