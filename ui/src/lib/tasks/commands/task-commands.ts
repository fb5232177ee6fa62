// Stop, rerun and delete: of the selected tasks, of some, or of all that match the filter; and when something is asked first.
// What is waited for with Undo is in deletions.svelte.ts, what is done with all page by page in all-matching.ts.
import { ApiError } from "../../api/errors";
import type { StopMode, TaskRow } from "../../api/types";
import { count, plural } from "../../shared/format";
import { isFinished, stopWord } from "../../shared/phase";
import type { Deletions } from "../deletions.svelte";
import { toQuery, type Filter } from "../filter";
import { besideItself } from "../like-spec";
import type { Selection } from "../selection.svelte";
import { actOnAll, ALL_ACTS, type AllAct } from "./all-matching";
import { each, idOf, named, type CommandHost } from "./host";

/** More than this many at once is asked about first. */
const MANY = 5;

export interface TaskCommandHost extends CommandHost {
  readonly selection: Selection;
  readonly deletions: Deletions;
  readonly filter: Filter;
  readonly filterText: string;
  /** The ids of the tasks that are listed, from the top. */
  readonly order: readonly string[];
  choose(id: string): void;
}

/** Each takes the selected tasks unless told otherwise. */
export class TaskCommands {
  readonly #host: TaskCommandHost;

  constructor(host: TaskCommandHost) {
    this.#host = host;
  }

  stop(mode: StopMode = "graceful", some?: TaskRow[]) {
    const { backend, notices } = this.#host;
    if (some === undefined && this.#host.selection.whole) return this.#all(mode === "kill" ? "kill" : "stop");
    const rows = some ?? this.#host.targetRows;
    const active = rows.filter((row) => !isFinished(row.task.status.phase));
    if (active.length === 0) return;
    const act = () => void each(notices, active, (row) => backend.stopTask({ id: idOf(row), mode }));
    if (mode === "graceful" && active.length <= MANY) return act();
    const word = mode === "kill" ? "Kill" : stopWord(active);
    const body = {
      Kill: "The processes end at once and cannot clean up after themselves.",
      Stop: "Each is asked to end, and killed if it has not ended after its grace period. Waiting tasks will not start.",
      Cancel: "They will not start.",
    }[word];
    this.#host.ask({
      title: `${word} ${named(active)}?`,
      body,
      verb: `${word} ${active.length === 1 ? "task" : plural(active.length, "task")}`,
      back: word === "Cancel" ? "Keep them" : undefined,
      act,
    });
  }

  /** Of several, those that still run or wait are left alone; of one alone it is asked what to do. */
  rerun(some?: TaskRow[]) {
    const { backend, notices } = this.#host;
    if (some === undefined && this.#host.selection.whole) return this.#all("rerun");
    const rows = some ?? this.#host.targetRows;
    const [only] = rows;
    if (only === undefined) return;
    if (rows.length === 1 && !isFinished(only.task.status.phase)) return this.#rerunActive(only);
    const over = rows.filter((row) => isFinished(row.task.status.phase));
    const left = rows.length - over.length;
    if (over.length === 0) return notices.say("plain", "All of them are still running or waiting");
    const act = () => {
      void each(notices, over, async (row) => {
        const id = await backend.rerunTask({ id: idOf(row) });
        if (rows.length === 1) this.#host.reveal(id);
      });
      if (left > 0 && rows.length <= MANY)
        notices.say("plain", `${plural(left, "task")} still running or waiting left alone`);
    };
    if (rows.length <= MANY) return act();
    const alone =
      left > 0
        ? ` ${plural(left, "other is still running or waiting and is", "others are still running or waiting and are")} left alone.`
        : "";
    this.#host.ask({
      title: `Rerun ${named(over)}?`,
      body: `Each runs again as a new task with the same settings.${alone}`,
      verb: `Rerun ${plural(over.length, "task")}`,
      harmless: true,
      act,
    });
  }

  /** What runs would be in the way of itself: it is stopped first, or the other one gets a lane of its own. */
  #rerunActive(row: TaskRow) {
    const { backend, list } = this.#host;
    const id = idOf(row);
    const waits = row.task.status.phase === "pending";
    const again = async (): Promise<void> => {
      await backend.stopTask({ id, mode: "graceful" });
      await list.whenOver(id);
      this.#host.reveal(await backend.rerunTask({ id }));
    };
    const beside = async (): Promise<void> => {
      const task = await backend.getTaskStatus(id);
      if (task) this.#host.reveal(await backend.submitTask(besideItself(task.spec)));
    };
    const shared = !row.task.spec.ownLane;
    this.#host.ask({
      title: `${named([row])} ${waits ? "is still waiting" : "is still running"}`,
      body: waits
        ? "Cancel it and submit it again, or submit a second one beside it."
        : shared
          ? `Stop it and run it again, or run a second one beside it. The second one gets a lane of its own instead of ${row.task.spec.slot}.`
          : "Stop it and run it again, or run a second one beside it.",
      verb: waits ? "Cancel and run again" : "Stop and run again",
      act: () => this.#tell(again()),
      other: { verb: "Run beside it", act: () => this.#tell(beside()) },
    });
  }

  remove(some?: TaskRow[]) {
    const { deletions } = this.#host;
    if (some === undefined && this.#host.selection.whole) return this.#all("remove");
    const rows = some ?? this.#host.targetRows;
    if (rows.length === 0) return;
    const active = rows.filter((row) => !isFinished(row.task.status.phase));
    const ids = rows.map(idOf);
    const act = () => {
      const activeIds = active.map(idOf);
      const finished = rows.filter((row) => !activeIds.includes(idOf(row)));
      this.#stepAside(ids);
      const [only, ...others] = finished;
      const name = others.length === 0 ? only?.task.spec.name : undefined;
      if (only) deletions.schedule(finished.map(idOf), name);
      if (activeIds.length) void deletions.now(activeIds);
    };
    if (active.length === 0 && rows.length <= MANY) return act();
    const running = active.filter((row) => row.task.status.phase === "running").length;
    const waiting = active.length - running;
    const one = rows.length === 1;
    const consequence = one
      ? [
          running ? "It is stopped first." : waiting ? "It will not start." : "",
          "Its runs and log are deleted for good.",
        ]
      : [
          running ? `${plural(running, "running task is", "running tasks are")} stopped first.` : "",
          waiting ? `${plural(waiting, "waiting task")} will not start.` : "",
          active.length ? "Their runs and logs are deleted for good." : "Their runs and logs go with them.",
        ];
    this.#host.ask({
      title: `Delete ${named(rows)}?`,
      body: consequence.filter(Boolean).join(" "),
      verb: `Delete ${rows.length === 1 ? "task" : plural(rows.length, "task")}`,
      act,
    });
  }

  undo(key: number) {
    const ids = this.#host.deletions.undo(key);
    if (ids[0] !== undefined) this.#host.choose(ids[0]);
  }

  /** Takes back the deletion that was last asked for, while it waits. */
  undoLast() {
    const last = this.#host.deletions.batches.at(-1);
    if (last) this.undo(last.key);
    else this.#host.notices.say("plain", "There is nothing to undo");
  }

  /** Does it with all that match the filter, once somebody has said yes to their number. */
  #all(act: AllAct) {
    const { backend, notices, selection, filterText } = this.#host;
    // In the order in which nothing is passed over, whatever changes meanwhile.
    const query = toQuery({ ...this.#host.filter, order: undefined }, Date.now());
    const { title, body, verb, done, harmless, phases } = ALL_ACTS[act];
    const meant = query.phases ? phases.filter((phase) => query.phases?.includes(phase)) : [...phases];
    const asked = { ...query, phases: meant };
    const ask = async (): Promise<void> => {
      const { total } =
        meant.length > 0 ? await backend.listTasks({ query: { ...asked, limit: 1 } }) : { total: 0 };
      if (total === 0) return notices.say("plain", "This applies to none of them");
      this.#host.ask({
        title: `${title} ${plural(total, "task")}?`,
        body: `This applies to every task ${filterText ? "that matches the filter" : "in the list"}, including those not loaded yet. ${body}`,
        verb: `${verb} ${plural(total, "task")}`,
        harmless,
        act: () => {
          selection.clearPicked();
          this.#tell(actOnAll(backend, asked, act).then((came) => this.#tellAll(done, came)));
        },
      });
    };
    this.#tell(ask());
  }

  #tellAll(done: string, { acted, failed, first }: Awaited<ReturnType<typeof actOnAll>>) {
    const { notices } = this.#host;
    const text = `${plural(acted, "task")} ${done}`;
    if (failed === 0) notices.say("plain", text);
    else notices.say("error", `${text}, ${count(failed)} failed. The first: ${ApiError.from(first).message}`);
  }

  /** Before rows go: moves the selection to the next row that stays. */
  #stepAside(ids: string[]) {
    const { order, selection, list } = this.#host;
    const gone = new Set(ids);
    if (selection.current !== undefined && gone.has(selection.current)) {
      const at = order.indexOf(selection.current);
      const next =
        order.slice(at).find((id) => !gone.has(id)) ??
        order.slice(0, Math.max(0, at)).findLast((id) => !gone.has(id));
      selection.forget(ids);
      if (next !== undefined) this.#host.choose(next);
      else list.pin(undefined);
    }
    selection.forget(ids);
  }

  #tell(done: Promise<unknown>) {
    done.catch((thrown: unknown) => this.#host.notices.report(thrown));
  }
}
