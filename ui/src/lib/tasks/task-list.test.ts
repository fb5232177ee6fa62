import { waitFor } from "@testing-library/svelte";
import { describe, expect, test, vi } from "vitest";
import { ApiError } from "../api/errors";
import { createFakeBackend } from "../api/fake";
import { command } from "../api/fake-data";
import type { TaskRow } from "../api/types";
import { TaskList } from "./task-list.svelte";

const settled = () => new Promise<void>((resolve) => queueMicrotask(() => queueMicrotask(resolve)));
const ids = (list: TaskList) => list.rows.map((row) => row.task.metadata.id);

const idIs = (a: TaskRow, b: TaskRow) => a.task.metadata.id === b.task.metadata.id;
const nothing = ({ summary }: TaskList) => ({
  resourceVersion: 0,
  summary: summary!,
  changed: [],
  deleted: [],
});

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

  test("a change that overtakes the page being read is not undone by that page", async () => {
    const { backend, list } = await started(250);
    const running = list.rows.find((row) => row.task.status.phase === "running")!.task.metadata.id;
    const doomed = ids(list).find((id) => id !== running);
    const read = backend.listTasks;
    let arrive = () => {};
    backend.listTasks = async (query) => {
      const page = structuredClone(await read(query));
      await new Promise<void>((resolve) => (arrive = resolve));
      return page;
    };
    const reading = list.revive();
    await settled();
    backend.setPhase(running, "succeeded", { exitCode: 0 });
    await backend.deleteTask(doomed!);
    await settled();
    arrive();
    await reading;
    expect(list.rows.find((row) => row.task.metadata.id === running)?.task.status.phase).toBe("succeeded");
    expect(ids(list)).not.toContain(doomed);
    expect(list.total).toBe(249);

    // The same of a further page.
    const further = list.loadMore();
    await settled();
    const beyond = (await read({ query: { limit: 150 } })).rows.at(-1)!;
    backend.setPhase(beyond.task.metadata.id, "failed", { exitCode: 7 });
    await settled();
    arrive();
    await further;
    expect(list.rows.find((row) => idIs(row, beyond))?.task.status).toMatchObject({ exitCode: 7 });
  });

  test("a page that cannot be read is asked for after pauses, and what was said of it goes with the answer", async () => {
    vi.useFakeTimers();
    try {
      const { backend, list } = await started(250);
      const { listTasks } = backend;
      const refuse = vi.fn(() =>
        Promise.reject(new ApiError({ error: "Unavailable", message: "not there" })),
      );
      backend.listTasks = refuse;
      void list.loadMore();
      for (let i = 0; i < 100; i++) {
        await vi.advanceTimersByTimeAsync(20);
        // As the view does with each change.
        void list.loadMore();
      }
      expect(refuse.mock.calls.length).toBeLessThan(5);
      expect(list.error?.code).toBe("Unavailable");
      backend.listTasks = listTasks;
      await vi.advanceTimersByTimeAsync(10_000);
      expect([list.rows.length, list.error, list.loading]).toEqual([200, undefined, false]);

      // One that will not pass is not asked for again.
      const never = vi.fn(() =>
        Promise.reject(
          new ApiError({ error: "InvalidRequest", field: "query.cursor", message: "no cursor" }),
        ),
      );
      backend.listTasks = never;
      for (let i = 0; i < 5; i++) await list.loadMore();
      expect(never).toHaveBeenCalledOnce();
      backend.listTasks = listTasks;
      await list.revive();
      expect([list.rows.length, list.error]).toEqual([200, undefined]);
    } finally {
      vi.useRealTimers();
    }
  });

  test("what is said of a question is taken back by its answer, and of an earlier query nothing is said", async () => {
    const { backend, list } = await started(250);
    const refused = new ApiError({ error: "Unavailable", message: "busy" });
    const { listTasks } = backend;
    let refuse = () => {};
    backend.listTasks = () => new Promise((_, reject) => (refuse = () => reject(refused)));
    const further = list.loadMore();
    backend.listTasks = listTasks;
    await list.show({ text: "no such task" });
    refuse();
    await further;
    expect([list.error, list.loading]).toEqual([undefined, false]);

    const { getSummary, getTaskRow } = backend;
    backend.getSummary = () => Promise.reject(refused);
    await list.readSummary();
    expect([list.error, list.rowsError]).toEqual([refused, undefined]);
    list.apply({ ...nothing(list), resync: false });
    expect(list.error).toBeUndefined();
    backend.getSummary = getSummary;

    backend.getTaskRow = () => Promise.reject(refused);
    list.pin("elsewhere");
    await waitFor(() => expect(list.error).toBe(refused));
    backend.getTaskRow = getTaskRow;
    list.pin(undefined);
    expect(list.error).toBeUndefined();
  });

  test("what cannot be read for a passing reason is read as soon as it can", async () => {
    vi.useFakeTimers();
    try {
      const { backend, list } = await started(3);
      const { listTasks, watchTasks } = backend;
      const away = () => Promise.reject(new ApiError({ error: "Unavailable", message: "not there" }));
      backend.listTasks = away;
      list.apply({ ...nothing(list), resync: true });
      await vi.advanceTimersByTimeAsync(1_000);
      expect(list.error?.code).toBe("Unavailable");
      const id = await backend.submitTask(command("echo 1", "a1"));
      backend.listTasks = listTasks;
      await vi.advanceTimersByTimeAsync(10_000);
      expect([ids(list)[0], list.error]).toEqual([id, undefined]);

      // The feed itself cannot be opened at first.
      const late = new TaskList(backend);
      backend.watchTasks = away;
      const starting = late.start();
      await vi.advanceTimersByTimeAsync(1_000);
      backend.watchTasks = watchTasks;
      await vi.advanceTimersByTimeAsync(10_000);
      await starting;
      expect(late.rows).toHaveLength(4);

      // A question that is wrong stays wrong.
      let asked = 0;
      backend.listTasks = () => {
        asked++;
        return Promise.reject(
          new ApiError({ error: "InvalidRequest", message: "is no cursor", field: "cursor" }),
        );
      };
      await list.revive();
      await vi.advanceTimersByTimeAsync(60_000);
      expect(asked).toBe(1);
    } finally {
      vi.useRealTimers();
    }
  });

  const MANY = 1500;
  /** A list of nothing, and what makes it hear of many new tasks, a few at a time; then their ids, newest first. */
  async function burst() {
    const { backend, list: all } = await started(MANY);
    await loadAll(all);
    const read = backend.listTasks;
    backend.listTasks = () => Promise.resolve({ rows: [], total: 0 });
    const list = new TaskList(backend);
    await list.start();
    backend.listTasks = read;
    const told = (changed: TaskRow[]) =>
      list.apply({
        resourceVersion: 0,
        summary: all.summary!,
        changed,
        deleted: [],
        resync: false,
      });
    const come = () => {
      for (let to = MANY; to > 0; to -= 7) told(all.rows.slice(Math.max(0, to - 7), to));
    };
    return { list, told, come, all: all.rows };
  }
  async function loadAll(list: TaskList) {
    for (let reads = 0; list.hasMore && reads < 50; reads++) await list.loadMore();
  }

  test("however many tasks come, few rows are held, and all are there when they are looked for", async () => {
    const { list, told, come, all } = await burst();
    come();
    expect(list.rows.length).toBeLessThan(500);
    expect(list.rows).toEqual(all.slice(0, list.rows.length));
    expect(list.total).toBe(MANY);
    expect(list.hasMore).toBe(true);
    told(all.slice(-1)); // One that is not held any more.
    expect(list.total).toBe(MANY);
    await loadAll(list);
    expect(ids(list)).toEqual(all.map((row) => row.task.metadata.id));
  });

  test("what comes while the list is held is counted and not kept", async () => {
    const { list, told, come, all } = await burst();
    list.held = true;
    come();
    expect(list.arrived.length).toBeLessThan(700);
    told(all.slice(-1));
    expect([list.arrivals, list.total]).toEqual([MANY, MANY]);
    list.held = false;
    expect(list.rows).toEqual(all.slice(0, list.rows.length));
    await loadAll(list);
    expect(ids(list)).toEqual(all.map((row) => row.task.metadata.id));
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

  test("whether a changed row belongs into the list is for the backend to say", async () => {
    const { backend, list } = await started(20);
    const [gone, stays] = ids(list);
    // By what the page sees of them both would match.
    const changed = list.rows.slice(0, 2).map((row) => structuredClone(row));
    list.apply({ ...nothing(list), resync: false, changed, unmatched: [gone!] });
    expect(ids(list)).not.toContain(gone);
    expect(ids(list)).toContain(stays);
    expect(list.total).toBe(19);

    // A query by a text that no row shows: the backend knows of more.
    backend.listTasks = () => Promise.resolve({ rows: [], total: 0 });
    await list.show({ text: "beyond what a row shows" });
    list.apply({ ...nothing(list), resync: false, changed });
    expect(ids(list)).toEqual([gone, stays]);
  });

  test("another query is followed before its rows are read, and the feed of the one before ends", async () => {
    const { backend, list } = await started(20);
    const log: string[] = [];
    const { listTasks, watchTasks } = backend;
    backend.listTasks = (asked) => (log.push(`read ${asked.query.slot}`), listTasks(asked));
    backend.watchTasks = async (query, ...told) => {
      const stop = await watchTasks(query, ...told);
      log.push(`follow ${query.slot}`);
      return () => (log.push(`stop ${query.slot}`), stop());
    };
    await Promise.all([list.show({ slot: "etl" }), list.show({ slot: "build" })]);
    expect(log).toEqual(["follow etl", "follow build", "stop etl", "read build"]);
    const id = ids(list)[0]!;
    backend.setPhase(id, "failed", { exitCode: 7 });
    await backend.submitTask(command("echo other", "other"));
    await settled();
    expect(list.rows.map((row) => row.task.spec.slot)).toEqual(ids(list).map(() => "build"));
    expect(list.rows.find((row) => row.task.metadata.id === id)?.task.status.exitCode).toBe(7);
    list.stop();
    expect(log.at(-1)).toBe("stop build");
  });

  const names = (list: TaskList) => list.rows.map((row) => row.task.spec.name);
  const byName = (list: TaskList) => {
    const sorted = names(list).map((name) => name.toLowerCase());
    return sorted.every((name, i) => i === 0 || sorted[i - 1]! <= name);
  };

  test("a sorted list has each page in its place, and a new task between those that it belongs between", async () => {
    const { backend, list } = await started(250);
    await list.show({ sort: "name" });
    await list.loadMore();
    expect([list.rows.length, byName(list)]).toEqual([200, true]);
    const middle = list.rows[100]!.task.spec.name;
    const id = await backend.submitTask({ ...command("true", "lane-x"), labels: { name: `${middle}0` } });
    await settled();
    expect(byName(list)).toBe(true);
    expect(ids(list)).toContain(id);
    // One that belongs behind all that is loaded comes with its page.
    const last = await backend.submitTask({ ...command("true", "lane-y"), labels: { name: "~~" } });
    await settled();
    expect(ids(list)).not.toContain(last);
    while (list.hasMore) await list.loadMore();
    expect(ids(list).at(-1)).toBe(last);
    expect(new Set(ids(list)).size).toBe(252);
  });

  test("a row that belongs elsewhere by now goes there, but not from under the pointer", async () => {
    const { backend, list } = await started(20);
    await list.show({ sort: "state" });
    const [first] = ids(list);
    list.held = true;
    backend.setPhase(first!, "succeeded", { exitCode: 0 });
    await settled();
    expect(ids(list)[0]).toBe(first);
    expect(list.displaced).toBe(true);
    list.held = false;
    expect(ids(list)[0]).not.toBe(first);
    expect(list.displaced).toBe(false);
    expect(list.rows.findLast((row) => row.task.status.phase === "running")).toBeDefined();
    expect(list.total).toBe(20);
  });

  test("how many there are in a sorted list is asked for, once for many changes", async () => {
    vi.useFakeTimers();
    try {
      const { backend, list } = await started(20);
      await list.show({ sort: "lane" });
      let asked = 0;
      const read = backend.listTasks;
      backend.listTasks = (query) => (asked++, read(query));
      for (let n = 0; n < 5; n++) await backend.submitTask(command("true", `many-${n}`));
      await vi.advanceTimersByTimeAsync(5_000);
      expect([list.total, asked]).toEqual([25, 1]);
    } finally {
      vi.useRealTimers();
    }
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
      changed: [old],
      deleted: [],
      summary: list.summary!,
      resync: false,
    });
    expect(list.rows[0]!.task.status.phase).toBe(row.task.status.phase);
  });
});
