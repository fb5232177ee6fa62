import { waitFor } from "@testing-library/svelte";
import { describe, expect, it, vi } from "vitest";
import type { Asks, Backend, LogInfo, LogRow } from "../../api";
import { LogReader } from "../window/reader.svelte";
import { OneLog } from "./one-log.svelte";

function stand(rows = 1000) {
  let tell: (info: LogInfo) => void = () => {};
  let change: (change: unknown) => void = () => {};
  const reads: [number, number, number][] = [];
  const state = { rows, attempts: 1 };
  const info = (attempt: number): LogInfo => ({
    attempt,
    rows: state.rows,
    bytes: state.rows * 10,
    live: true,
    phase: "running",
    startedAt: 0,
    attempts: state.attempts,
  });
  const line = (row: number): LogRow => ({
    row,
    stream: "stdout",
    ts: row,
    text: `line ${row}`,
    fullLen: 8,
    partial: false,
    continued: false,
  });
  const backend = {
    getTaskRow: async () => ({ task: { spec: { name: "t" }, status: { attempt: state.attempts } } }),
    listTaskRuns: async () => Array.from({ length: state.attempts }, (_, i) => ({ attempt: i + 1 })),
    watchTasks: async (_query: unknown, onChange: (change: unknown) => void) => {
      change = onChange;
      return () => {};
    },
    watchLog: async (_id: string, attempt: number, onInfo: (info: LogInfo) => void) => {
      tell = onInfo;
      onInfo(info(attempt));
      return () => {};
    },
    readLog: async ({ run: { attempt }, from, count }: Asks["readLog"]["request"]) => {
      reads.push([attempt, from, count]);
      const length = Math.max(0, Math.min(count, state.rows - from));
      return { from, total: state.rows, rows: Array.from({ length }, (_, i) => line(from + i)) };
    },
  } as unknown as Backend;
  return {
    backend,
    reads,
    state,
    grow: (to: number) => ((state.rows = to), tell(info(1))),
    tell: () => tell(info(1)),
    /** Another attempt, of which the log of the one before does not tell. */
    begin: (attempt: number) => {
      state.attempts = attempt;
      const task = { metadata: { id: "t" }, spec: { name: "t" }, status: { attempt, phase: "running" } };
      change({ changed: [{ task }], deleted: [], resync: false });
    },
  };
}

describe("a log session", () => {
  it("opens at the tail of the latest attempt and pulls only that", async () => {
    const { backend, reads } = stand(100_000_000);
    const session = new LogReader(new OneLog(backend, "t"));
    await session.open();
    await waitFor(() => expect(session.rows?.total).toBe(100_000_000));
    expect(reads).toEqual([[1, 99_999_940, 60]]);
    expect(session.rows?.get(99_999_999)?.text).toBe("line 99999999");
  });

  it("keeps the reader's place and counts new lines once the reader scrolls up", async () => {
    const { backend, grow, reads } = stand(1000);
    const session = new LogReader(new OneLog(backend, "t"));
    await session.open();
    await waitFor(() => expect(session.rows?.total).toBe(1000));
    session.on("scrolledUp");
    session.want(100, 140, 40);
    await waitFor(() => expect(session.rows?.get(139)).toBeDefined());
    const before = reads.length;
    grow(2204);
    expect(session.newRows()).toBe(1204);
    expect(session.rows?.total).toBe(2204);
    expect(reads.length).toBe(before);
    session.on("resume");
    await waitFor(() => expect(session.rows?.get(2203)).toBeDefined());
    expect(session.newRows()).toBe(0);
  });

  it("moves on to the next attempt and says so, but stays when pinned", async () => {
    const world = stand(10);
    const log = new OneLog(world.backend, "t");
    const pinned = new OneLog(world.backend, "t", 1);
    await new LogReader(log).open();
    world.state.attempts = 2;
    world.tell();
    await waitFor(() => expect(log.attempt).toBe(2));
    expect(log.moved).toEqual({ from: 1, to: 2 });
    await new LogReader(pinned).open();
    expect(pinned.attempt).toBe(1);
    expect(pinned.moved).toBeNull();
  });

  it("follows the task from the attempt that it was opened with, when it was opened for the task", async () => {
    const world = stand(10);
    const log = new OneLog(world.backend, "t", 1, true);
    await new LogReader(log).open();
    expect(log.attempt).toBe(1);
    world.begin(2);
    await waitFor(() => expect(log.attempt).toBe(2));
    expect(log.moved).toEqual({ from: 1, to: 2 });
  });

  it("knows of later attempts, though it stays with the one that it was opened for", async () => {
    const world = stand(10);
    const log = new OneLog(world.backend, "t", 1);
    await new LogReader(log).open();
    await waitFor(() => expect(log.history).toHaveLength(1));
    world.begin(2);
    await waitFor(() => expect(log.history).toHaveLength(2));
    expect([log.attempt, log.attempts, log.moved]).toEqual([1, 2, null]);
  });

  it("holds a bounded number of rows however far the reader scrolls", async () => {
    const { backend } = stand(1_000_000);
    const session = new LogReader(new OneLog(backend, "t"));
    await session.open();
    session.on("scrolledUp");
    for (let from = 0; from < 40 * 128; from += 128) {
      session.want(from, from + 100, 100);
      await waitFor(() => expect(session.rows?.get(from + 99)).toBeDefined());
    }
    expect(session.rows?.get(0)).toBeUndefined();
  });

  it("shows an error, asks no more by itself, and recovers on retry", async () => {
    const { backend } = stand(10);
    const read = backend.readLog;
    backend.readLog = vi.fn().mockRejectedValue({ error: "Internal", message: "disk gone" });
    const session = new LogReader(new OneLog(backend, "t"));
    await session.open();
    await waitFor(() => expect(session.rows?.error?.message).toBe("disk gone"));
    expect(backend.readLog).toHaveBeenCalledTimes(1);
    backend.readLog = read;
    session.rows?.retry();
    await waitFor(() => expect(session.rows?.get(9)).toBeDefined());
  });
});
