// Where the latest tasks were run: suggestions for the directory of the next one.
import type { Backend } from "../api";

/** Tasks that are looked at, and directories that are offered. */
const TASKS = 60;
const MOST = 12;

export async function recentDirectories(backend: Pick<Backend, "queryTasks">): Promise<readonly string[]> {
  const { tasks } = await backend.queryTasks({ limit: TASKS });
  const paths = tasks.flatMap(({ spec: { kind } }) =>
    "subprocess" in kind && kind.subprocess.cwd !== undefined ? [kind.subprocess.cwd] : [],
  );
  return [...new Set(paths)].slice(0, MOST);
}
