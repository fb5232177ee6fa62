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

type Opened = { onChange: { onmessage: (message: unknown) => void } };
const named = (command: string) => core.calls.filter((call) => call.command === command);

beforeEach(() => {
  core.calls = [];
  core.answer = () => "stream-1";
  vi.useFakeTimers();
});
afterEach(() => void vi.useRealTimers());

test("a frame is acknowledged after it was handed over and could be drawn, not before", async () => {
  const seen: number[] = [];
  await tauriBackend.watchTasks((change) => seen.push(change.frame));
  const { onChange } = named("watch_tasks")[0]!.args as unknown as Opened;
  onChange.onmessage({ frame: 7 });
  expect(seen).toEqual([7]);
  expect(named("ack_frame")).toEqual([]);
  await vi.advanceTimersByTimeAsync(60);
  expect(named("ack_frame").map((call) => call.args)).toEqual([{ streamId: "stream-1", frame: 7 }]);
});

test("a closed watch delivers and acknowledges nothing more, and closes its stream once", async () => {
  const seen: unknown[] = [];
  const stop = await tauriBackend.watchTasks((change) => seen.push(change));
  const { onChange } = named("watch_tasks")[0]!.args as unknown as Opened;
  stop();
  stop();
  onChange.onmessage({ frame: 1 });
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
  await expect(tauriBackend.summary()).rejects.toMatchObject({
    code: "Internal",
    message: "command not found",
  });
});
