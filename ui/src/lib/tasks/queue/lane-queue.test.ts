import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createFakeBackend } from "../../api/fake";
import type { TaskSpec } from "../../api/types";
import { LaneQueue } from "./lane-queue.svelte";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

const spec = (name: string, priority?: number): TaskSpec => ({
  slot: "press",
  kind: { subprocess: { mode: { command: { command: "print" } } } },
  admission: "queue",
  labels: { name },
  priority,
});

/** A lane in which `a` runs and the others wait, `z` before all of them. */
async function press() {
  const backend = createFakeBackend({ tasks: 0 });
  const ids: Record<string, string> = {};
  for (const name of ["a", "b", "c", "d"]) ids[name] = await backend.submitTask(spec(name));
  ids.z = await backend.submitTask(spec("z", 5));
  const reported: unknown[] = [];
  const queue = new LaneQueue(backend, (thrown) => reported.push(thrown));
  await queue.read();
  const names = () => queue.lanes[0]!.tasks.map(({ row }) => row?.task.spec.name).join("");
  return { backend, queue, ids, names, reported };
}

test("a lane is shown in its order, and what waits can be moved among its like alone", async () => {
  const { queue, ids, names } = await press();
  expect(names()).toBe("azbcd");
  expect(queue.lanes[0]!.lane).toMatchObject({ slot: "press", running: 1, waiting: 4 });
  expect(queue.block(ids.c!)).toEqual([ids.b, ids.c, ids.d]);
  expect(queue.block(ids.a!)).toEqual([]);
  expect(queue.pick(ids.a!)).toBe(false);
  expect(queue.pick(ids.z!)).toBe(false);
});

test("what is held over another place shows what that does to the others, and moves nothing", async () => {
  const { backend, queue, ids, names } = await press();
  const moves = vi.spyOn(backend, "moveTask");
  expect(queue.pick(ids.d!)).toBe(true);
  queue.over(-5);
  expect(names()).toBe("azdbc");
  await vi.advanceTimersByTimeAsync(200);
  const later = Object.fromEntries(
    queue.lanes[0]!.tasks.map(({ row, later }) => [row?.task.spec.name, later]),
  );
  expect(later.d).toBeLessThan(0);
  expect(later.b).toBeGreaterThan(0);
  expect(later.c).toBeGreaterThan(0);
  expect(Math.abs(later.z!)).toBeLessThan(1000);
  queue.cancel();
  expect(names()).toBe("azbcd");
  expect(moves).not.toHaveBeenCalled();
});

test("a drop moves it before the one that it was dropped on, and behind all where it is the last", async () => {
  const { backend, queue, ids, names } = await press();
  const moves = vi.spyOn(backend, "moveTask");
  queue.pick(ids.d!);
  queue.over(0);
  void queue.drop();
  await vi.advanceTimersByTimeAsync(0);
  expect(moves).toHaveBeenLastCalledWith({ id: ids.d, before: ids.b });
  expect(names()).toBe("azdbc");
  queue.pick(ids.d!);
  queue.over(9);
  void queue.drop();
  await vi.advanceTimersByTimeAsync(0);
  expect(moves).toHaveBeenLastCalledWith({ id: ids.d, after: ids.c });
  expect(names()).toBe("azbcd");
  queue.pick(ids.d!);
  void queue.drop();
  expect(queue.held).toBeUndefined();
  expect(moves).toHaveBeenCalledTimes(2);
});

test("a move that is refused is told, and everything is as it was", async () => {
  const { backend, queue, ids, names, reported } = await press();
  vi.spyOn(backend, "moveTask").mockRejectedValue(new Error("it has begun meanwhile"));
  queue.pick(ids.b!);
  queue.over(2);
  void queue.drop();
  await vi.advanceTimersByTimeAsync(0);
  expect(reported).toHaveLength(1);
  expect(names()).toBe("azbcd");
});

test("nothing is read anew under somebody's hand, nor asked for again and again", async () => {
  const { backend, queue, ids } = await press();
  const reads = vi.spyOn(backend, "forecast");
  const stop = queue.follow();
  await vi.advanceTimersByTimeAsync(0);
  reads.mockClear();
  queue.pick(ids.b!);
  queue.touch();
  await vi.advanceTimersByTimeAsync(5000);
  expect(reads).not.toHaveBeenCalled();
  expect(vi.getTimerCount()).toBeLessThanOrEqual(1);
  queue.cancel();
  await vi.advanceTimersByTimeAsync(1100);
  expect(reads).toHaveBeenCalled();
  stop();
  expect(vi.getTimerCount()).toBe(0);
});

test("what was dropped stays where it was let go until the lanes are read again, and is not picked up meanwhile", async () => {
  const { backend, queue, ids, names } = await press();
  const seen: string[] = [];
  const { moveTask, forecast } = backend;
  let arrive: () => void = () => {};
  vi.spyOn(backend, "moveTask").mockImplementation(async (move) => {
    await new Promise<void>((done) => (arrive = done));
    await moveTask(move);
    seen.push(names());
  });
  vi.spyOn(backend, "forecast").mockImplementation(async (query) => {
    const answer = await forecast(query);
    seen.push(names());
    return answer;
  });
  queue.pick(ids.d!);
  queue.over(0);
  const dropped = queue.drop();
  expect(queue.pick(ids.b!)).toBe(false);
  queue.over(2);
  queue.cancel();
  await vi.advanceTimersByTimeAsync(10);
  arrive();
  await dropped;
  seen.push(names());
  expect(seen.length).toBeGreaterThan(2);
  expect(new Set(seen)).toEqual(new Set(["azdbc"]));
  expect(queue.held).toBeUndefined();
});

test("one that has begun while another was dropped leaves no hole", async () => {
  const { backend, queue, ids, names } = await press();
  queue.pick(ids.d!);
  queue.over(0);
  backend.setPhase(ids.b!, "running");
  await queue.drop();
  expect(names().split("").sort().join("")).toBe("abcdz");
});

test("each task that is foreseen has its row, however many wait", async () => {
  const backend = createFakeBackend({ tasks: 0 });
  for (let n = 0; n < 1200; n++) await backend.submitTask(spec(`task ${n}`));
  const queue = new LaneQueue(backend, () => {});
  await queue.read();
  const [lane] = queue.lanes;
  expect(lane!.tasks).toHaveLength(1000);
  expect(lane!.tasks.filter(({ row }) => row === undefined)).toEqual([]);
  expect([queue.more, lane!.tasks[1]!.row?.task.spec.name]).toEqual([true, "task 1"]);
});
