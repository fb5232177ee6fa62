import { afterEach, beforeEach, expect, test, vi } from "vitest";

const core = vi.hoisted(() => ({
  calls: [] as { command: string; args: Record<string, unknown> }[],
  answer: (_command: string): unknown => "stream-1",
}));
vi.mock("@tauri-apps/api/core", () => ({
  Channel: class {
    onmessage: (message: unknown) => void = () => {};
  },
  invoke: async (command: string, args: Record<string, unknown>) => {
    core.calls.push({ command, args });
    return core.answer(command);
  },
}));
const { tauriBackend } = await import("./tauri");

type Opened = { channel: { onmessage: (message: unknown) => void } };
const named = (command: string) => core.calls.filter((call) => call.command === command);

beforeEach(() => {
  core.calls = [];
  core.answer = () => "stream-1";
  vi.useFakeTimers();
});
afterEach(() => void vi.useRealTimers());

test("a frame is acknowledged after it was handed over and could be drawn, not before", async () => {
  const seen: number[] = [];
  await tauriBackend.watchTasks({}, (change) => seen.push(change.resourceVersion));
  const { channel } = named("watch_tasks")[0]!.args as unknown as Opened;
  channel.onmessage({ frame: 7, item: { resourceVersion: 70 } });
  expect(seen).toEqual([70]);
  expect(named("ack_frame")).toEqual([]);
  await vi.advanceTimersByTimeAsync(60);
  expect(named("ack_frame").map((call) => call.args)).toEqual([{ streamId: "stream-1", frame: 7 }]);
});

test("a closed watch delivers and acknowledges nothing more, and closes its stream once", async () => {
  const seen: unknown[] = [];
  const stop = await tauriBackend.watchTasks({}, (change) => seen.push(change));
  const { channel } = named("watch_tasks")[0]!.args as unknown as Opened;
  stop();
  stop();
  channel.onmessage({ frame: 1, item: {} });
  await vi.advanceTimersByTimeAsync(60);
  expect(seen).toEqual([]);
  expect(named("ack_frame")).toEqual([]);
  expect(named("close_stream").map((call) => call.args)).toEqual([{ streamId: "stream-1" }]);
});

test("what a command rejects with becomes an ApiError with its code and field", async () => {
  core.answer = () =>
    Promise.reject({ error: "InvalidRequest", message: "the command is empty", field: "kind" });
  await expect(tauriBackend.submitTask({ slot: "a", kind: { wasm: { module: "" } } })).rejects.toMatchObject({
    code: "InvalidRequest",
    field: "kind",
  });
  core.answer = () => Promise.reject("command not found");
  await expect(tauriBackend.getSummary()).rejects.toMatchObject({
    code: "Internal",
    message: "command not found",
  });
});

const channelOf = (command: string) => (named(command).at(-1)!.args as unknown as Opened).channel;

test("changes that are no longer told of are followed again, and what was missed is read again", async () => {
  const seen: boolean[] = [];
  const states: boolean[] = [];
  const stop = await tauriBackend.watchTasks(
    { text: "a" },
    (change) => seen.push(change.resync),
    (broken) => states.push(broken),
  );
  channelOf("watch_tasks").onmessage({ frame: 1, item: { resync: false } });
  // Twice it cannot be opened.
  let refused = 2;
  core.answer = (command) =>
    command === "watch_tasks" && refused-- > 0
      ? Promise.reject({ error: "Unavailable", message: "no" })
      : "s";
  channelOf("watch_tasks").onmessage({ frame: 2, ended: true });
  expect(states).toEqual([true]);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(states).toEqual([true, false]);
  expect(named("watch_tasks").map(({ args }) => args)).toEqual(
    Array(4).fill(expect.objectContaining({ query: { text: "a" } })),
  );
  channelOf("watch_tasks").onmessage({ frame: 1, item: { resync: false } });
  channelOf("watch_tasks").onmessage({ frame: 2, item: { resync: false } });
  expect(seen).toEqual([false, true, false]);
  // Who has left does not come back.
  stop();
  channelOf("watch_tasks").onmessage({ frame: 3, ended: true });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(named("watch_tasks").map(({ args }) => args)).toEqual(
    Array(4).fill(expect.objectContaining({ query: { text: "a" } })),
  );
});

test("a log that is over ends, and one that goes on is followed again", async () => {
  await tauriBackend.watchLog("t", 1, () => {});
  channelOf("watch_log").onmessage({ frame: 1, item: { live: true } });
  channelOf("watch_log").onmessage({ frame: 2, ended: true });
  await vi.advanceTimersByTimeAsync(1_000);
  expect(named("watch_log").length).toBe(2);
  channelOf("watch_log").onmessage({ frame: 1, item: { live: false } });
  channelOf("watch_log").onmessage({ frame: 2, ended: true });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(named("watch_log").length).toBe(2);
});

test("a log that is gone is not asked for again and again", async () => {
  await tauriBackend.watchLog("t", 1, () => {});
  core.answer = () => Promise.reject({ error: "TaskNotFound", message: "no task t" });
  channelOf("watch_log").onmessage({ frame: 1, ended: true });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(named("watch_log").length).toBe(2);
});

test("a search that breaks off says so", async () => {
  const errors: (string | undefined)[] = [];
  const query = { pattern: "x" } as never;
  await tauriBackend.openSearch("t", 1, query, 0, ({ error }) => errors.push(error));
  channelOf("open_search").onmessage({ frame: 1, ended: true });
  expect(errors).toEqual(["The search was cut off. Search again."]);
  let broken = 0;
  await tauriBackend.searchAll(
    query,
    undefined,
    () => {},
    () => broken++,
  );
  channelOf("search_all").onmessage({ frame: 1, item: { tasks: [], complete: true } });
  channelOf("search_all").onmessage({ frame: 2, ended: true });
  expect(broken).toBe(0);
  await tauriBackend.searchAll(
    query,
    undefined,
    () => {},
    () => broken++,
  );
  channelOf("search_all").onmessage({ frame: 1, ended: true });
  expect(broken).toBe(1);
});

test("what is asked of a machine by its name says so in each command, and this one is named by null", async () => {
  const { on } = tauriBackend;
  const runs = [{ id: "t", attempt: 1 }];
  await on("nas").tasksBetween({ from: 0, to: 9 });
  await on(null).tasksBetween({ from: 0, to: 9 });
  await tauriBackend.tasksBetween({ from: 0, to: 9 });
  await on("nas").openMergedWindow(runs, 3);
  expect(core.calls.map(({ args }) => args)).toEqual([
    { from: 0, to: 9, machine: "nas" },
    { from: 0, to: 9, machine: null },
    { from: 0, to: 9 },
    { machine: "nas", sources: runs, row: 3 },
  ]);
});
