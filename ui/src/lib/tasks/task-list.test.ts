import { describe, expect, test } from "vitest";
import { createFakeBackend } from "../api/fake";
import { command } from "../api/fake-data";
import { TaskList } from "./task-list.svelte";

const settled = () => new Promise<void>((resolve) => queueMicrotask(() => queueMicrotask(resolve)));
const ids = (list: TaskList) => list.rows.map((row) => row.task.metadata.id);

async function started(tasks: number) {
  const backend = createFakeBackend({ tasks });
  const list = new TaskList(backend);
  await list.start();
  return { backend, list };
}

describe("the task list", () => {
  test("reads further pages through the cursor, without gaps or doubles", async () => {
    const { list } = await started(250);
    expect(list.rows).toHaveLength(100);
    expect(list.total).toBe(250);
    await list.loadMore();
    await list.loadMore();
    expect(new Set(ids(list)).size).toBe(250);
    expect(list.hasMore).toBe(false);
  });

  test("a change replaces its row in place and re-reads nothing", async () => {
    const { backend, list } = await started(20);
    const before = ids(list);
    const running = list.rows.find((row) => row.task.status.phase === "running");
    let reads = 0;
    const read = backend.listTasks;
    backend.listTasks = (query) => (reads++, read(query));
    backend.setPhase(running!.task.metadata.id, "failed", { exitCode: 3 });
    await settled();
    expect(ids(list)).toEqual(before);
    expect(
      list.rows.find((row) => row.task.metadata.id === running!.task.metadata.id)?.task.status,
    ).toMatchObject({ phase: "failed", exitCode: 3 });
    expect(list.summary?.byPhase.running).toBeGreaterThanOrEqual(0);
    expect(reads).toBe(0);
  });

  test("a new task takes its place at the top; while held it waits and the rows stay", async () => {
    const { backend, list } = await started(5);
    const first = await backend.submitTask(command("echo 1", "a1"));
    await settled();
    expect(ids(list)[0]).toBe(first);

    list.held = true;
    const second = await backend.submitTask(command("echo 2", "a2"));
    await settled();
    expect(ids(list)[0]).toBe(first);
    expect(list.arrived.map((row) => row.task.metadata.id)).toEqual([second]);
    expect(list.total).toBe(7);
    list.held = false;
    expect(ids(list)[0]).toBe(second);
  });

  test("a task that this window made shows at once, although the list is held", async () => {
    const { backend, list } = await started(5);
    list.held = true;
    const id = await backend.submitTask(command("echo mine", "mine"));
    list.admit(id);
    await settled();
    expect(ids(list)[0]).toBe(id);
    expect(list.arrived).toEqual([]);
  });

  test("under a filter, a task that no longer matches goes, but not from under the pointer", async () => {
    const { backend, list } = await started(20);
    await list.show({ phases: ["running"] });
    const [gone, stays] = ids(list);
    list.held = true;
    backend.setPhase(gone!, "succeeded", { exitCode: 0 });
    await settled();
    expect(ids(list)).toContain(gone);
    list.held = false;
    expect(ids(list)).not.toContain(gone);
    expect(ids(list)).toContain(stays);
    expect(list.total).toBe(list.rows.length);
  });

  test("deleted tasks leave and are no longer counted", async () => {
    const { backend, list } = await started(10);
    const id = ids(list)[4]!;
    await backend.deleteTask(id);
    await settled();
    expect(ids(list)).not.toContain(id);
    expect(list.total).toBe(9);
  });

  test("an old change does not overwrite a newer row", async () => {
    const { list } = await started(5);
    const row = list.rows[0]!;
    const old = structuredClone(row);
    old.task.metadata.resourceVersion = row.task.metadata.resourceVersion - 1;
    old.task.status.phase = "canceled";
    list.apply({
      resourceVersion: 1,
      frame: 1,
      changed: [old],
      deleted: [],
      summary: list.summary!,
      resync: false,
    });
    expect(list.rows[0]!.task.status.phase).toBe(row.task.status.phase);
  });
});
