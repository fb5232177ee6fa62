// What is done with all tasks that match a filter, however many: page by page, a few at a time, so that neither the page holds them
// all nor the engine gets them at once.
import type { Backend } from "../../api/backend";
import type { ListQuery, Phase } from "../../api/types";
import { isFinished, PHASES } from "../../shared/phase";

export type AllAct = "stop" | "kill" | "rerun" | "remove";

const ACTIVE = PHASES.filter((phase) => !isFinished(phase));
const OVER = PHASES.filter(isFinished);

interface Words {
  readonly title: string;
  readonly body: string;
  readonly verb: string;
  /** After the number: "9,500 tasks deleted". */
  readonly done: string;
  readonly harmless?: true;
  /** Whom it can be done with. */
  readonly phases: readonly Phase[];
}
export const ALL_ACTS: Readonly<Record<AllAct, Words>> = {
  stop: {
    title: "Stop",
    body: "Each is asked to end, and killed if it has not ended after its grace period. Waiting tasks will not start.",
    verb: "Stop",
    done: "asked to end",
    phases: ACTIVE,
  },
  kill: {
    title: "Kill",
    body: "The processes end at once and cannot clean up after themselves.",
    verb: "Kill",
    done: "killed",
    phases: ACTIVE,
  },
  rerun: {
    title: "Rerun",
    body: "Each runs again as a new task with the same settings. Tasks that are still running or waiting are left alone.",
    verb: "Rerun",
    done: "run again",
    harmless: true,
    phases: OVER,
  },
  remove: {
    title: "Delete",
    body: "Running tasks are stopped first, and waiting tasks will not start. Their runs and logs are deleted for good, without Undo.",
    verb: "Delete",
    done: "deleted",
    phases: PHASES,
  },
};

const PAGE = 500;
const AT_ONCE = 16;

type Asked = Pick<Backend, "listTasks" | "stopTask" | "rerunTask" | "deleteTask">;

/** From the newest to the oldest; what is made meanwhile is newer, and so none of them. */
export async function actOnAll(
  backend: Asked,
  query: ListQuery,
  act: AllAct,
): Promise<{ acted: number; failed: number; first: unknown }> {
  const came = { acted: 0, failed: 0, first: undefined as unknown };
  let cursor: string | null | undefined;
  do {
    const page = await backend.listTasks({ query: { ...query, limit: PAGE, cursor: cursor ?? undefined } });
    const ids = page.rows.map(({ task }) => task.metadata.id);
    const next = async (): Promise<void> => {
      for (let id = ids.shift(); id !== undefined; id = ids.shift()) {
        try {
          await one(backend, id, act);
          came.acted += 1;
        } catch (thrown) {
          came.failed += 1;
          came.first ??= thrown;
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, next));
    cursor = page.nextCursor;
  } while (cursor);
  return came;
}

async function one(backend: Asked, id: string, act: AllAct): Promise<void> {
  switch (act) {
    case "stop":
      return backend.stopTask({ id, mode: "graceful" });
    case "kill":
      return backend.stopTask({ id, mode: "kill" });
    case "rerun":
      return void (await backend.rerunTask({ id }));
    case "remove":
      return backend.deleteTask(id);
  }
}
