import { waitFor } from "@testing-library/svelte";
import { expect, test, vi } from "vitest";
import { createFakeBackend } from "../../api/fake";
import type { TaskList, TaskRow } from "../../api/types";
import { Notices } from "../notices.svelte";
import type { CommandHost } from "./host";
import { QueueCommands } from "./queue-commands";

/** A lane in which so many wait, the newest first in its list. */
async function lane(length: number) {
  const backend = createFakeBackend({ tasks: 12 });
  const [sample] = (await backend.listTasks({ query: { phases: ["pending"] } })).rows;
  const rows = Array.from({ length }, (_, n): TaskRow => {
    const { task } = sample!;
    return {
      ...sample!,
      task: { ...task, metadata: { ...task.metadata, id: `t${n + 1}` } },
      waiting: { reason: "lane", position: n + 1 } as TaskRow["waiting"],
    };
  }).reverse();
  backend.listTasks = async ({ query: { cursor, limit = 100 } }): Promise<TaskList> => {
    const from = Number(cursor ?? 0);
    const more = from + limit < length ? { nextCursor: String(from + limit) } : {};
    return { rows: rows.slice(from, from + limit), total: length, ...more };
  };
  const moved = vi.spyOn(backend, "moveTask").mockResolvedValue(undefined as never);
  const host = { backend, notices: new Notices(), targetRows: [] } as unknown as CommandHost;
  return { commands: new QueueCommands(host), row: (place: number) => rows[length - place]!, moved };
}

test.each([
  [2, "up", { id: "t2", before: "t1" }],
  [1, "down", { id: "t1", after: "t2" }],
  [1500, "up", { id: "t1500", before: "t1499" }],
  [2500, "up", { id: "t2500", before: "t2499" }],
] as const)("of 2,500 that wait the one at %d moves %s", async (place, to, expected) => {
  const { commands, row, moved } = await lane(2500);
  commands.moveInLane(row(place), to);
  await waitFor(() => expect(moved).toHaveBeenCalledWith(expected));
});
