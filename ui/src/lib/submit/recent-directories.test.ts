import { expect, test } from "vitest";
import type { Task } from "../api";
import { recentDirectories } from "./recent-directories";

test("the directories of the latest tasks, each once, and a few of them", async () => {
  const command = { command: { command: "make" } };
  const of = (cwd?: string) =>
    ({ spec: { slot: "s", kind: { subprocess: { mode: command, cwd } } } }) as Task;
  const many = Array.from({ length: 30 }, (_, n) => of(`/srv/${n}`));
  const tasks = [of("/a"), of(), of("/b"), of("/a"), ...many];
  const found = await recentDirectories({ queryTasks: async () => ({ tasks, total: tasks.length }) });
  expect(found.slice(0, 3)).toEqual(["/a", "/b", "/srv/0"]);
  expect(found).toHaveLength(12);
});
