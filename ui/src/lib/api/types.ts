// The shapes that cross between the page and the backend: JSON in camelCase, times in Unix milliseconds,
// durations in milliseconds. Those of the model are generated (bindings.ts); here they get the names that the page
// uses, and beside them stands what only the desktop's commands have. No behaviour; methods are in backend.ts.
import type * as wire from "./bindings";
import type { ApiErrorFields } from "./operations";

export type {
  AttemptsNotKept,
  Bookmark,
  Closing,
  CommandMode,
  Connection,
  DensityBucket,
  Diagnosis,
  EnvVar,
  EventPage,
  ExportedLog,
  FieldError,
  HistoryQuery,
  InheritedEnvironment,
  InheritedVariable,
  LabelCount,
  Lane,
  LineChunk,
  ListQuery,
  LogDensity,
  LogLimit,
  LogQuery,
  LogRow,
  LogRows,
  LogText,
  MatchExpression,
  MergedRow,
  MergedRows,
  OutputEvent,
  RemovedRows,
  ResourceLimits,
  RunEnvironment,
  RowRanges,
  RunHits,
  RunMark,
  RunPage,
  RunnerSelector,
  RunUsage,
  ScriptMode,
  ScriptRuntime,
  SearchHit,
  Settings,
  ShellCapture,
  SourceRow,
  SpecHead,
  StopMode,
  SubprocessMode,
  Summary,
  Task,
  TaskEvent,
  TaskEventKind,
  TaskKind,
  TaskList,
  TaskQuery,
  TaskRow,
  TaskRun,
  TaskSpec,
  TextPosition,
  UnkeptLimit,
  UsageSample,
  Waiting,
} from "./bindings";

/** One of the logs that are shown as one. */
export type LogSource = wire.RunId;
export type Phase = wire.TaskPhase;
export type Stream = wire.OutputStreamKind;
export type SubprocessSpec = wire.SubprocessTask;
export type ContainerSpec = wire.ContainerTask;
export type WasmSpec = wire.WasmTask;
export type RestartPolicy = wire.RestartStrategy;
export type Jitter = wire.JitterStrategy;
export type Backoff = wire.BackoffStrategy;
export type Admission = wire.AdmissionStrategy;
export type AfterMain = wire.AfterMain;

export interface TaskPage {
  tasks: wire.Task[];
  total: number;
}

/** One coalesced change of the task set. `resync` means: some were missed, read the list again. */
export type TaskChange = wire.TaskChange & { frame: number };
/** `frame` numbers what watch_log sends; an answer of log_info has none. */
export type LogInfo = wire.LogInfo & { frame?: number };
/** How far a search is; each message replaces the one before. */
export type SearchProgress = wire.SearchProgress & { frame: number };
/** What a search over many tasks has found since the message before. */
export type TaskHits = wire.TaskHits & { frame: number };
/** Someone asks this log window for a row: a link was opened that the window shows already. */
export interface LogJump {
  frame: number;
  row: number;
}
/** What a window that was made before is to show: the query of a window of its own. */
export interface WindowAddress {
  frame: number;
  address: string;
}
export interface OutputFrame {
  frame: number;
  events: wire.OutputEvent[];
  end: boolean;
}
/** A door for other programs. `address` is a URL, or the socket's path; `fingerprint` that of the certificate. */
export type DoorState =
  | { state: "shut" }
  | { state: "open"; address: string; fingerprint?: string }
  | { state: "failed"; problem: string };
export interface DoorStates {
  socket: DoorState;
  http: DoorState;
  grpc: DoorState;
}
/** How another machine is; `problem` is a sentence. Nobody knows of one that no window is on. */
export type Reach =
  { state: "idle" } | { state: "connecting" } | { state: "reached" } | { state: "lost"; problem: string };
/** A connection as a window is told of it. Another `link` is another client: what was opened before is to be opened anew. */
export interface ToldMachine extends wire.Connection {
  hasToken: boolean;
  reach: Reach;
  link: number;
}
/** Which machine this window is on (null: this one), and all others. `removed`: its connection is gone. */
export interface ToldMachines {
  chosen: string | null;
  removed: boolean;
  machines: ToldMachine[];
}
/** What trying a connection has shown; it is an error when nothing answers, or not as it should. */
export type ConnectionTest =
  { outcome: "reached"; running: number } | { outcome: "unknownCertificate"; fingerprint: string };
/** Tasks that run, and that wait, as the last window is about to close, and what follows when they are kept. */
export interface CloseQuestion {
  running: number;
  waiting: number;
  /** To the tray, where waiting tasks start too; or to the end of the app. */
  leads: "toTray" | "toEnd";
}
export type CloseAnswer = "cancel" | "background" | "stopAll";
/** A part of the settings, merged into them; `null` means without a limit. A list is replaced as a whole. */
export type SettingsPatch = Partial<{
  [Part in keyof wire.Settings]: wire.Settings[Part] extends unknown[] | string
    ? wire.Settings[Part]
    : DeepPartial<wire.Settings[Part]>;
}>;
type DeepPartial<T> = T extends unknown[] ? T : T extends object ? { [K in keyof T]?: DeepPartial<T[K]> } : T;
export interface AppInfo {
  version: string;
  dataDir: string;
  homeDir: string;
  platform: string;
  /** The database was damaged at the start; without `backupTakenAt` it began empty. */
  recovered?: { setAside?: string; backupTakenAt?: number };
}

// ---- errors -------------------------------------------------------------------------------------------------

/** The wire form of an error; what a method of Backend rejects with is an `ApiError` (errors.ts) holding this. */
export type ApiErrorBody = ApiErrorFields & { message: string };
export type ApiErrorCode = ApiErrorFields["error"];
