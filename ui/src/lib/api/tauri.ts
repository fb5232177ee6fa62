// The backend inside the app. The only file that imports @tauri-apps/*.
// Frames of the streams are acknowledged here, after the page has had one chance to draw them, so that a
// slow window slows its own stream down and nothing piles up between the two. Where a log stands is no drawing yet: the rows
// that it leads to are asked for at once, and the next frame may come meanwhile.
import { Channel, invoke as tauriInvoke, type InvokeArgs } from "@tauri-apps/api/core";
import type { Backend, OpenSearch, Unsubscribe } from "./backend";
import { ApiError } from "./errors";
import { onNextFrame } from "../shared/next-frame";
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

async function open<T extends { frame: number }>(
  command: string,
  channelName: string,
  args: Record<string, unknown>,
  deliver: (message: T) => void,
  ready = drawn,
): Promise<{ id: string; close: Unsubscribe }> {
  let closed = false;
  let named: (id: string) => void = () => {};
  // A first frame may arrive before the invoke that opened the stream has returned its id.
  const streamId = new Promise<string>((resolve) => (named = resolve));

  const channel = new Channel<T>();
  channel.onmessage = (message) => {
    if (closed) return;
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

async function watch<T extends { frame: number }>(
  command: string,
  channelName: string,
  args: Record<string, unknown>,
  deliver: (message: T) => void,
  ready = drawn,
): Promise<Unsubscribe> {
  return (await open(command, channelName, args, deliver, ready)).close;
}

export const tauriBackend: Backend = {
  submitTask: (spec) => invoke("submit_task", { spec }),
  getTaskStatus: (id) => invoke("get_task_status", { id }),
  queryTasks: (query) => invoke("query_tasks", { query }),
  listTaskRuns: (id) => invoke("list_task_runs", { id }),
  deleteTask: (id) => invoke("delete_task", { id }),
  streamTaskLogs: (id, onFrame) => watch<OutputFrame>("stream_task_logs", "onEvents", { id }, onFrame),

  validateSpec: (spec) => invoke("validate_spec", { spec }),
  stopTask: (id, mode) => invoke("stop_task", { id, mode }),
  rerunTask: (id) => invoke("rerun_task", { id }),

  listTasks: (query) => invoke("list_tasks", { query }),
  getTaskRow: (id) => invoke("get_task_row", { id }),
  summary: () => invoke("summary"),
  taskEvents: (id) => invoke("task_events", { id }),
  runEnvironment: (id, attempt) => invoke("run_environment", { id, attempt }),
  watchTasks: (onChange) => watch<TaskChange>("watch_tasks", "onChange", {}, onChange),
  watchUsage: (id, onUsage) =>
    watch<UsageSample & { frame: number }>("watch_usage", "onUsage", { id }, onUsage),

  listLanes: () => invoke("list_lanes"),
  setLane: (slot, change) =>
    invoke("set_lane", { slot, capacity: change.capacity ?? null, paused: change.paused ?? null }),

  logInfo: (id, attempt) => invoke("log_info", { id, attempt }),
  readLog: (id, attempt, from, count) => invoke("read_log", { id, attempt, from, count }),
  watchLog: (id, attempt, onInfo) =>
    watch<LogInfo & { frame: number }>("watch_log", "onInfo", { id, attempt }, onInfo, taken),
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
    const args = { id, attempt, query, near };
    const search = await open<SearchProgress>("open_search", "onProgress", args, onProgress);
    return { searchId: search.id, close: search.close };
  },
  openMergedSearch: async (sources, query, near, onProgress): Promise<OpenSearch> => {
    const args = { sources, query, near };
    const search = await open<SearchProgress>("open_merged_search", "onProgress", args, onProgress);
    return { searchId: search.id, close: search.close };
  },
  mergedSearchRows: (searchId, from, count) => invoke("merged_search_rows", { searchId, from, count }),
  searchStep: (searchId, row, forward) => invoke("search_step", { searchId, row, forward }),
  searchRows: (searchId, from, count) => invoke("search_rows", { searchId, from, count }),
  searchRank: (searchId, row) => invoke("search_rank", { searchId, row }),
  searchRanges: (searchId, from, count) => invoke("search_ranges", { searchId, from, count }),
  searchAll: (query, ids, onHits) =>
    watch<TaskHits>("search_all", "onHits", { query, ids: ids ?? null }, onHits),

  listBookmarks: (id) => invoke("list_bookmarks", { id }),
  setBookmark: (id, attempt, row, note) => invoke("set_bookmark", { id, attempt, row, note }),
  deleteBookmark: (id, attempt, row) => invoke("delete_bookmark", { id, attempt, row }),

  openLogWindow: (id, attempt, row) =>
    invoke("open_log_window", { id, attempt: attempt ?? null, row: row ?? null }),
  openMergedWindow: (sources) => invoke("open_merged_window", { sources }),
  revealLog: (id, attempt) => invoke("reveal_log", { id, attempt }),
  watchJumps: (onJump) => watch<LogJump>("watch_jumps", "onJump", {}, onJump),
  watchAddress: (onAddress) => watch<WindowAddress>("watch_address", "onAddress", {}, onAddress),

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
