// The backend inside the app. The only file that imports @tauri-apps/*.
// Frames of the streams are acknowledged here, after the page has had one chance to draw them, so that a
// slow window slows its own stream down and nothing piles up between the two. Of a stream that ends on the other side, however
// that came, the page is told; those that go on for as long as the page wants them are opened again here. Where a log stands is no drawing yet: the rows
// that it leads to are asked for at once, and the next frame may come meanwhile.
import { Channel, invoke as tauriInvoke, type InvokeArgs } from "@tauri-apps/api/core";
import type { Backend, OpenSearch, Unsubscribe } from "./backend";
import { ApiError } from "./errors";
import { onNextFrame } from "../shared/next-frame";
import { pauses, sleep } from "../shared/pauses";
import type {
  CloseQuestion,
  DoorStates,
  LogInfo,
  LogJump,
  OutputFrame,
  SearchProgress,
  TaskChange,
  TaskHits,
  ToldMachines,
  UsageSample,
  WindowAddress,
} from "./types";

async function invoke<T>(command: string, args?: InvokeArgs): Promise<T> {
  try {
    return await tauriInvoke<T>(command, args);
  } catch (thrown) {
    throw ApiError.from(thrown);
  }
}

const drawn = (): Promise<void> => new Promise((resolve) => onNextFrame(resolve));
/** At once where somebody may look; a hidden window need not keep up. */
const taken = (): Promise<void> => (document.hidden ? drawn() : Promise.resolve());

interface Handling {
  ready?: () => Promise<void>;
  /** The stream has ended on the other side. */
  ended?: () => void;
}

async function open<T extends { frame: number }>(
  command: string,
  channelName: string,
  args: Record<string, unknown>,
  deliver: (message: T) => void,
  { ready = drawn, ended }: Handling = {},
): Promise<{ id: string; close: Unsubscribe }> {
  let closed = false;
  let named: (id: string) => void = () => {};
  // A first frame may arrive before the invoke that opened the stream has returned its id.
  const streamId = new Promise<string>((resolve) => (named = resolve));

  const channel = new Channel<T | { frame: number; ended: true }>();
  channel.onmessage = (message) => {
    if (closed) return;
    if ("ended" in message) {
      closed = true;
      ended?.();
      return;
    }
    try {
      deliver(message);
    } finally {
      void ready()
        .then(() => streamId)
        .then((id) => (closed ? undefined : invoke("ack_frame", { streamId: id, frame: message.frame })))
        .catch((error: unknown) =>
          console.warn(`${command}: acknowledging frame ${message.frame} failed`, error),
        );
    }
  };
  const id = await invoke<string>(command, { ...args, [channelName]: channel });
  named(id);
  const close = () => {
    if (closed) return;
    closed = true;
    void invoke("close_stream", { streamId: id }).catch(() => {
      // The stream ended on the other side first: nothing is left to close.
    });
  };
  return { id, close };
}

interface Lasting {
  ready?: () => Promise<void>;
  /** Whether more was to come when it ended; if not, that is the end. */
  goesOn?: () => boolean;
  /** It has ended and is about to be opened again; with `false`, it is open again. */
  broken?: (broken: boolean) => void;
}

/** A stream that is opened again when it ends before its time. Only the first opening can fail. */
async function watch<T extends { frame: number }>(
  command: string,
  channelName: string,
  args: Record<string, unknown>,
  deliver: (message: T) => void,
  { ready, goesOn = () => true, broken }: Lasting = {},
): Promise<Unsubscribe> {
  let closed = false;
  let close: Unsubscribe = () => {};
  let waits = pauses();

  async function begin(): Promise<void> {
    let over = false;
    const opened = await open<T>(
      command,
      channelName,
      args,
      (message) => {
        waits = pauses();
        deliver(message);
      },
      {
        ready,
        ended: () => {
          over = true;
          if (!closed && goesOn()) void again();
        },
      },
    );
    if (closed) opened.close();
    else if (!over) close = opened.close;
  }

  async function again(): Promise<void> {
    broken?.(true);
    for (;;) {
      await sleep(waits.next().value);
      if (closed) return;
      try {
        await begin();
        broken?.(false);
        return;
      } catch (thrown) {
        // What it was of is gone: nothing more comes.
        if (ApiError.from(thrown).code === "TaskNotFound") return;
      }
    }
  }

  await begin();
  return () => {
    closed = true;
    close();
  };
}

/** A search answers for as long as its stream is open: one that has ended finds nothing more, and says so. */
async function openSearch(
  command: string,
  args: Record<string, unknown>,
  onProgress: (progress: SearchProgress) => void,
): Promise<OpenSearch> {
  let last: SearchProgress | undefined;
  const deliver = (progress: SearchProgress) => {
    last = progress;
    onProgress(progress);
  };
  const nothing = { frame: 0, matches: 0, searchedBytes: 0, totalBytes: 0, complete: false, live: false };
  const ended = () =>
    onProgress({ ...(last ?? nothing), live: false, error: "The search broke off. Search again." });
  const search = await open<SearchProgress>(command, "onProgress", args, deliver, { ended });
  return { searchId: search.id, close: search.close };
}

/** For streams that are over with what they are of. */
const once = () => false;

export const tauriBackend: Backend = {
  submitTask: (spec) => invoke("submit_task", { spec }),
  getTaskStatus: (id) => invoke("get_task_status", { id }),
  queryTasks: (query) => invoke("query_tasks", { query }),
  listTaskRuns: (id) => invoke("list_task_runs", { id }),
  deleteTask: (id) => invoke("delete_task", { id }),
  streamTaskLogs: (id, onFrame) =>
    watch<OutputFrame>("stream_task_logs", "onEvents", { id }, onFrame, { goesOn: once }),

  validateSpec: (spec) => invoke("validate_spec", { spec }),
  stopTask: (id, mode) => invoke("stop_task", { id, mode }),
  rerunTask: (id) => invoke("rerun_task", { id }),

  listTasks: (query) => invoke("list_tasks", { query }),
  getTaskRow: (id) => invoke("get_task_row", { id }),
  summary: () => invoke("summary"),
  taskEvents: (id) => invoke("task_events", { id }),
  pageRuns: (id, query) => invoke("page_runs", { id, query }),
  pageEvents: (id, query) => invoke("page_events", { id, query }),
  runEnvironment: (id, attempt) => invoke("run_environment", { id, attempt }),
  watchTasks: (onChange, onBroken) => {
    // What lay between two streams nobody told of.
    let missed = false;
    const deliver = (change: TaskChange) => {
      const resync = change.resync || missed;
      missed = false;
      onChange({ ...change, resync });
    };
    return watch<TaskChange>("watch_tasks", "onChange", {}, deliver, {
      broken: (broken) => {
        missed = true;
        onBroken?.(broken);
      },
    });
  },
  watchUsage: (id, onUsage) => {
    // One that ends before it has said anything is of a task that is over.
    let said = false;
    const deliver = (sample: UsageSample & { frame: number }) => {
      said = true;
      onUsage(sample);
    };
    return watch("watch_usage", "onUsage", { id }, deliver, {
      goesOn: () => {
        const goesOn = said;
        said = false;
        return goesOn;
      },
    });
  },

  listLanes: () => invoke("list_lanes"),
  setLane: (slot, change) =>
    invoke("set_lane", { slot, capacity: change.capacity ?? null, paused: change.paused ?? null }),

  logInfo: (id, attempt) => invoke("log_info", { id, attempt }),
  readLog: (id, attempt, from, count) => invoke("read_log", { id, attempt, from, count }),
  watchLog: (id, attempt, onInfo) => {
    let live = true;
    const deliver = (info: LogInfo & { frame: number }) => {
      live = info.live;
      onInfo(info);
    };
    return watch("watch_log", "onInfo", { id, attempt }, deliver, { ready: taken, goesOn: () => live });
  },
  readLine: (id, attempt, row, fromByte, count) => invoke("read_line", { id, attempt, row, fromByte, count }),
  readLogText: (id, attempt, start, end, timestamps, searchId) =>
    invoke("read_log_text", { id, attempt, start, end, timestamps, searchId: searchId ?? null }),
  logDensity: (id, attempt, buckets, searchId) =>
    invoke("log_density", { id, attempt, buckets, searchId: searchId ?? null }),
  exportLog: (id, attempt, timestamps, searchId) =>
    invoke("export_log", { id, attempt, timestamps, searchId: searchId ?? null }),
  readMerged: (sources, from, count) => invoke("read_merged", { sources, from, count }),
  mergedDensity: (sources, buckets, searchId) =>
    invoke("merged_density", { sources, buckets, searchId: searchId ?? null }),
  mergedPositions: (sources, rows) => invoke("merged_positions", { sources, rows }),
  mergedPositionAt: (sources, at) => invoke("merged_position_at", { sources, at }),
  exportMerged: (sources, timestamps, searchId) =>
    invoke("export_merged", { sources, timestamps, searchId: searchId ?? null }),

  openSearch: async (id, attempt, query, near, onProgress): Promise<OpenSearch> => {
    return openSearch("open_search", { id, attempt, query, near }, onProgress);
  },
  openMergedSearch: async (sources, query, near, onProgress): Promise<OpenSearch> => {
    return openSearch("open_merged_search", { sources, query, near }, onProgress);
  },
  mergedSearchRows: (searchId, from, count) => invoke("merged_search_rows", { searchId, from, count }),
  searchStep: (searchId, row, forward) => invoke("search_step", { searchId, row, forward }),
  searchRows: (searchId, from, count) => invoke("search_rows", { searchId, from, count }),
  searchRank: (searchId, row) => invoke("search_rank", { searchId, row }),
  searchRanges: (searchId, from, count) => invoke("search_ranges", { searchId, from, count }),
  searchAll: async (query, ids, onHits, onBroken) => {
    let complete = false;
    const deliver = (hits: TaskHits) => {
      complete = hits.complete;
      onHits(hits);
    };
    const args = { query, ids: ids ?? null };
    const ended = () => void (complete || onBroken?.());
    return (await open<TaskHits>("search_all", "onHits", args, deliver, { ended })).close;
  },

  listBookmarks: (id) => invoke("list_bookmarks", { id }),
  setBookmark: (id, attempt, row, note) => invoke("set_bookmark", { id, attempt, row, note }),
  deleteBookmark: (id, attempt, row) => invoke("delete_bookmark", { id, attempt, row }),

  openLogWindow: (id, attempt, row) =>
    invoke("open_log_window", { id, attempt: attempt ?? null, row: row ?? null }),
  openMergedWindow: (sources) => invoke("open_merged_window", { sources }),
  revealLog: (id, attempt) => invoke("reveal_log", { id, attempt }),
  watchJumps: (onJump) => watch<LogJump>("watch_jumps", "onJump", {}, onJump, { goesOn: once }),
  watchAddress: (onAddress) =>
    watch<WindowAddress>("watch_address", "onAddress", {}, onAddress, { goesOn: once }),

  watchMachines: (onTold) =>
    watch<ToldMachines & { frame: number }>("watch_machines", "onMachines", {}, onTold),
  chooseMachine: (machine) => invoke("choose_machine", { machine }),
  saveConnection: (connection, token, isNew) =>
    invoke("save_connection", { connection, token: token ?? null, new: isNew }),
  testConnection: (connection, token) => invoke("test_connection", { connection, token: token ?? null }),
  removeConnection: (name) => invoke("remove_connection", { name }),

  getSettings: () => invoke("get_settings"),
  setSettings: (patch) => invoke("set_settings", { patch }),
  watchClosing: (onQuestion) =>
    watch<{ frame: number; asked: CloseQuestion | null }>("watch_closing", "onQuestion", {}, ({ asked }) =>
      onQuestion(asked ?? undefined),
    ),
  answerClosing: (answer, remember) => invoke("answer_closing", { answer, remember }),
  watchFormAsks: (onAsk) => watch<{ frame: number }>("watch_form_asks", "onAsk", {}, onAsk),
  watchDoors: (onDoors) =>
    watch<{ frame: number; doors: DoorStates }>("watch_doors", "onDoors", {}, ({ doors }) => onDoors(doors)),
  apiToken: () => invoke("api_token"),
  rotateApiToken: () => invoke("rotate_api_token"),
  logUsage: () => invoke("log_usage"),
  diagnose: () => invoke("diagnose"),
  inheritedEnvironment: () => invoke("inherited_environment"),

  appInfo: () => invoke("app_info"),
};
