import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createFakeBackend } from "../api/fake";
import { Deletions, UNDO_MS } from "./deletions.svelte";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function setUp() {
  const backend = createFakeBackend({ tasks: 10 });
  const sent = vi.spyOn(backend, "deleteTask");
  const onError = vi.fn();
  return { ids: backend.ids(), sent, onError, deletions: new Deletions(backend, onError), backend };
}

test("a deletion hides at once and is sent after ten seconds", async () => {
  const { ids, sent, deletions } = setUp();
  deletions.schedule([ids[0]!]);
  expect(deletions.hidden.has(ids[0]!)).toBe(true);
  await vi.advanceTimersByTimeAsync(UNDO_MS - 1);
  expect(sent).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(sent).toHaveBeenCalledExactlyOnceWith(ids[0]);
  expect(deletions.batches).toEqual([]);
});

test("undo brings the task back and sends nothing", async () => {
  const { ids, sent, deletions } = setUp();
  deletions.schedule(ids.slice(0, 3));
  expect(deletions.undo(deletions.batches[0]!.key)).toEqual(ids.slice(0, 3));
  expect(deletions.hidden.size).toBe(0);
  await vi.advanceTimersByTimeAsync(UNDO_MS * 2);
  expect(sent).not.toHaveBeenCalled();
});

test("what is sent stays hidden until it is answered, and cannot be undone", async () => {
  const { ids, deletions, backend } = setUp();
  const answers: (() => void)[] = [];
  backend.deleteTask = () => new Promise<void>((answer) => answers.push(answer));
  deletions.schedule([ids[0]!]);
  const { key } = deletions.batches[0]!;
  await vi.advanceTimersByTimeAsync(UNDO_MS);
  expect(deletions.batches).toEqual([]);
  expect(deletions.undo(key)).toEqual([]);
  expect(deletions.hidden.has(ids[0]!)).toBe(true);
  answers[0]!();
  await vi.advanceTimersByTimeAsync(0);
  expect(deletions.hidden.size).toBe(0);
});

test("a window that closes sends what still waits, once", async () => {
  const { ids, sent, deletions } = setUp();
  deletions.schedule([ids[0]!]);
  void deletions.flush();
  await vi.advanceTimersByTimeAsync(UNDO_MS * 2);
  expect(sent).toHaveBeenCalledOnce();
});

test("a deletion that is refused is said, and the task shows again", async () => {
  const { ids, onError, deletions, backend } = setUp();
  backend.deleteTask = () => Promise.reject({ error: "Unavailable", message: "the storage is read-only" });
  deletions.schedule([ids[0]!]);
  await vi.advanceTimersByTimeAsync(UNDO_MS);
  expect(onError).toHaveBeenCalledOnce();
  expect(deletions.hidden.size).toBe(0);
});
