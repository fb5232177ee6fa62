// The backend inside the app. The only file that imports @tauri-apps/*.
// Frames of the streams are acknowledged here, after the page has had one chance to draw them, so that a
// slow window slows its own stream down and nothing piles up between the two. Of a stream that ends on the other side, however
// that came, the page is told; those that go on for as long as the page wants them are opened again here. Where a log stands is no drawing yet: the rows
// that it leads to are asked for at once, and the next frame may come meanwhile.
import { Channel, invoke as tauriInvoke, type InvokeArgs } from "@tauri-apps/api/core";
import type { AskMethods, Backend, OpenSearch, Unsubscribe } from "./backend";
import { ApiError } from "./errors";
import { ASKS, type Downloads, type Topics } from "./operations";
import type { Message, ShellCommands } from "./shell";
import { onNextFrame } from "../shared/next-frame";
import { pauses, sleep } from "../shared/pauses";
import type {
  CloseQuestion,
  DoorStates,
  ExportedLog,
  LogInfo,
  OutputFrame,
  SearchProgress,
  TaskChange,
  TaskHits,
  MachineList,
  UsageSample,
} from "./types";

async function invoke<T>(command: string, args?: InvokeArgs): Promise<T> {
  try {
    return await tauriInvoke<T>(command, args);
  } catch (thrown) {
    throw ApiError.from(thrown);
  }
}

/** A command that is no operation. One without arguments is asked with an empty object. */
const shell = <Name extends keyof ShellCommands>(
  name: Name,
  args: ShellCommands[Name]["arguments"],
): Promise<ShellCommands[Name]["answer"]> => invoke(name, args);

const drawn = (): Promise<void> => new Promise((resolve) => onNextFrame(resolve));
/** At once where somebody may look; a hidden window need not keep up. */
const taken = (): Promise<void> => (document.hidden ? drawn() : Promise.resolve());

interface Handling {
  ready?: () => Promise<void>;
  /** The stream has ended on the other side. */
  ended?: () => void;
}

async function open<T>(
  command: string,
  args: Record<string, unknown>,
  deliver: (item: T) => void,
  { ready = drawn, ended }: Handling = {},
): Promise<{ id: string; close: Unsubscribe }> {
  let closed = false;
  let named: (id: string) => void = () => {};
  // A first frame may arrive before the invoke that opened the stream has returned its id.
  const streamId = new Promise<string>((resolve) => (named = resolve));

  const channel = new Channel<Message<T>>();
  channel.onmessage = (message) => {
    if (closed) return;
    if ("ended" in message) {
      closed = true;
      ended?.();
      return;
    }
    try {
      deliver(message.item);
    } finally {
      void ready()
        .then(() => streamId)
        .then((id) => (closed ? undefined : shell("ack_frame", { streamId: id, frame: message.frame })))
        .catch((error: unknown) =>
          console.warn(`${command}: acknowledging frame ${message.frame} failed`, error),
        );
    }
  };
  const id = await invoke<string>(command, { ...args, channel });
  named(id);
  const close = () => {
    if (closed) return;
    closed = true;
    void shell("close_stream", { streamId: id }).catch(() => {
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
async function watch<T>(
  command: string,
  args: Record<string, unknown>,
  deliver: (item: T) => void,
  { ready, goesOn = () => true, broken }: Lasting = {},
): Promise<Unsubscribe> {
  let closed = false;
  let close: Unsubscribe = () => {};
  let waits = pauses();

  async function begin(): Promise<void> {
    let over = false;
    const opened = await open<T>(
      command,
      args,
      (item) => {
        waits = pauses();
        deliver(item);
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

/** The name of a command: that of the operation, as Rust writes it. */
const commandOf = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const watchTopic = <Name extends keyof Topics>(
  name: Name,
  request: Topics[Name]["request"],
  deliver: (item: Topics[Name]["item"]) => void,
  lasting: Lasting = {},
): Promise<Unsubscribe> => watch(commandOf(name), request, deliver, lasting);

const download = <Name extends keyof Downloads>(name: Name, request: Downloads[Name]["request"]) =>
  invoke<ExportedLog | null>(commandOf(name), request);

/** Of the machine that the window is on, or the one that is named. */
const asksOf = (named: { machine?: string | null } = {}) =>
  Object.fromEntries(
    ASKS.map((name) => [name, (request = {}) => invoke(commandOf(name), { ...request, ...named })]),
  ) as unknown as AskMethods;

/** A search answers for as long as its stream is open: one that has ended finds nothing more, and says so. */
async function openSearch<Name extends "openSearch" | "openMergedSearch">(
  name: Name,
  request: Topics[Name]["request"],
  onProgress: (progress: SearchProgress) => void,
): Promise<OpenSearch> {
  let last: SearchProgress | undefined;
  const deliver = (progress: SearchProgress) => {
    last = progress;
    onProgress(progress);
  };
  const nothing = { matches: 0, searchedBytes: 0, totalBytes: 0, complete: false, live: false };
  const ended = () =>
    onProgress({ ...(last ?? nothing), live: false, error: "The search was cut off. Search again." });
  const search = await open(commandOf(name), request, deliver, { ended });
  return { searchId: search.id, close: search.close };
}

/** For streams that are over with what they are of. */
const once = () => false;

export const tauriBackend: Backend = {
  submitTask: (spec) => shell("submit_task", { spec }),
  getTaskStatus: (id) => shell("get_task_status", { id }),
  queryTasks: (query) => shell("query_tasks", { query }),
  listTaskRuns: (id) => shell("list_task_runs", { id }),
  deleteTask: (id) => shell("delete_task", { id }),
  streamTaskLogs: (id, onFrame) => watch<OutputFrame>("stream_task_logs", { id }, onFrame, { goesOn: once }),

  ...asksOf(),
  exportLog: (request) => download("exportLog", request),
  exportMerged: (request) => download("exportMerged", request),

  watchTasks: (query, onChange, onBroken) => {
    // What lay between two streams nobody told of.
    let missed = false;
    const deliver = (change: TaskChange) => {
      const resync = change.resync || missed;
      missed = false;
      onChange({ ...change, resync });
    };
    return watchTopic("watchTasks", { query }, deliver, {
      broken: (broken) => {
        missed = true;
        onBroken?.(broken);
      },
    });
  },
  watchJobs: (onChange) => watchTopic("watchJobs", {}, onChange),
  watchUsage: (id, onUsage) => {
    // One that ends before it has said anything is of a task that is over.
    let said = false;
    const deliver = (sample: UsageSample) => {
      said = true;
      onUsage(sample);
    };
    return watchTopic("watchUsage", { id }, deliver, {
      goesOn: () => {
        const goesOn = said;
        said = false;
        return goesOn;
      },
    });
  },

  watchLog: (id, attempt, onInfo) => {
    let live = true;
    const deliver = (info: LogInfo) => {
      live = info.live;
      onInfo(info);
    };
    const request = { run: { id, attempt } };
    return watchTopic("watchLog", request, deliver, { ready: taken, goesOn: () => live });
  },
  openSearch: (id, attempt, query, near, onProgress) =>
    openSearch("openSearch", { run: { id, attempt }, query, near }, onProgress),
  openMergedSearch: (sources, query, near, onProgress) =>
    openSearch("openMergedSearch", { sources, query, near }, onProgress),
  searchAll: async (query, ids, onHits, onBroken) => {
    let complete = false;
    const deliver = (hits: TaskHits) => {
      complete = hits.complete;
      onHits(hits);
    };
    const request: Topics["searchAll"]["request"] = { query, ids };
    const ended = () => void (complete || onBroken?.());
    return (await open(commandOf("searchAll"), request, deliver, { ended })).close;
  },

  openLogWindow: (id, attempt, row) =>
    shell("open_log_window", { id, attempt: attempt ?? null, row: row ?? null }),
  openMergedWindow: (sources, row) => shell("open_merged_window", { sources, row: row ?? null }),
  revealLog: (id, attempt) => shell("reveal_log", { id, attempt }),
  pickDirectory: (from) => shell("pick_directory", { from }),
  readCommandLine: (line) => shell("read_command_line", { line }),
  openLink: (address) => shell("open_link", { address }),
  openFile: (id, { path, line, column }) => shell("open_file", { id, path, line, column }),
  closeWindow: () => invoke("plugin:window|close", { label: null }),
  toggleFullScreen: async () => {
    const full = await invoke<boolean>("plugin:window|is_fullscreen", { label: null });
    await invoke("plugin:window|set_fullscreen", { label: null, value: !full });
  },
  watchJumps: (onJump) => watch<number>("watch_jumps", {}, onJump, { goesOn: once }),
  watchAddress: (onAddress) => watch<string>("watch_address", {}, onAddress, { goesOn: once }),

  watchMachines: (onList, all = false) => watch<MachineList>("watch_machines", { all }, onList),
  on: (machine) => ({
    ...asksOf({ machine }),
    openLogWindow: (id, attempt, row) =>
      shell("open_log_window", { machine, id, attempt: attempt ?? null, row: row ?? null }),
    openMergedWindow: (sources, row) => shell("open_merged_window", { machine, sources, row: row ?? null }),
  }),
  chooseMachine: (machine) => shell("choose_machine", { machine }),
  saveConnection: (connection, token, isNew) =>
    shell("save_connection", { connection, token: token ?? null, new: isNew }),
  testConnection: (connection, token) => shell("test_connection", { connection, token: token ?? null }),
  removeConnection: (name) => shell("remove_connection", { name }),

  getSettings: () => shell("get_settings", {}),
  setSettings: (patch) => shell("set_settings", { patch }),
  checkSettings: (patch) => shell("check_settings", { patch }),
  watchClosing: (onQuestion) =>
    watch<CloseQuestion | null>("watch_closing", {}, (question) => onQuestion(question ?? undefined)),
  answerClosing: (answer, remember) => shell("answer_closing", { answer, remember }),
  watchFormAsks: (onAsk) => watch<null>("watch_form_asks", {}, onAsk),
  watchDoors: (onDoors) => watch<DoorStates>("watch_doors", {}, onDoors),
  apiToken: () => shell("api_token", {}),
  rotateApiToken: () => shell("rotate_api_token", {}),
  logUsage: () => shell("log_usage", {}),
  serviceStatus: () => shell("service_status", {}),
  setService: (enabled) => shell("set_service", { enabled }),
  linger: () => shell("linger", {}),
  diagnose: () => shell("diagnose", {}),
  inheritedEnvironment: () => shell("inherited_environment", {}),

  setZoom: (factor) => invoke("plugin:webview|set_webview_zoom", { label: null, value: factor }),

  appInfo: () => shell("app_info", {}),
  useUsualRenderer: async () => void (await shell("use_usual_renderer", {})),
};
