// The shapes that cross between the page and the backend: JSON in camelCase, times in Unix milliseconds,
// durations in milliseconds. They are generated from Rust: those of the model (bindings.ts), of the operations (operations.ts)
// and of the desktop's own commands (shell.ts). Here they get the names that the page uses. No behaviour; methods are in
// backend.ts.
import type * as wire from "./bindings";
import type { ApiErrorFields, Asks } from "./operations";

export type {
  AfterTask,
  AfterReboot,
  AfterWhen,
  AttemptsNotKept,
  BatchCluster,
  Bookmark,
  CalendarDay,
  Closing,
  ClusterPreview,
  ClusterRequest,
  CommandMode,
  Connection,
  DensityBucket,
  Diagnosis,
  DraftKind,
  EnvVar,
  EventPage,
  ComingRun,
  ExportedLog,
  FieldError,
  Firing,
  Foreseen,
  HistoryQuery,
  InheritedEnvironment,
  InheritedVariable,
  Job,
  JobCalendar,
  JobDetail,
  JobRevision,
  JobSecrets,
  JobRow,
  JobRun,
  JobStats,
  LabelCount,
  Lane,
  LaneForecast,
  LaneMachine,
  LaneRules,
  KeepAwake,
  LastLine,
  LeftOut,
  LineChunk,
  LinkedTask,
  LinkedTasks,
  LineMatch,
  ListQuery,
  LocalImage,
  LogDensity,
  LogInfo,
  LogLimit,
  LogQuery,
  LogRow,
  LogRows,
  LogText,
  MatchExpression,
  MatchedMergedRows,
  MatchedRows,
  MergedPosition,
  MergedRow,
  MergedRows,
  NotForeseen,
  OutputEvent,
  Parameter,
  Rank,
  RemovedRows,
  ResourceLimits,
  RowKey,
  RowNo,
  RowRanges,
  RunEnvironment,
  SavedView,
  SortBy,
  ListColumn,
  ListLayout,
  Hook,
  HookEvent,
  HookState,
  HookList,
  HookDelivery,
  StallThen,
  Digest,
  DigestSleep,
  NotificationRule,
  RunHits,
  RunCounts,
  RunMark,
  RunOfDay,
  RunPage,
  RunnerInfo,
  RunnerSelector,
  RunUsage,
  ScriptMode,
  Schedule,
  SchedulePreview,
  ScriptRuntime,
  SearchHit,
  SearchProgress,
  Severity,
  Settings,
  ShellCapture,
  SlurmSettings,
  SourceRow,
  SpecHead,
  Stdin,
  StopMode,
  SubprocessMode,
  Summary,
  Suspension,
  Task,
  TaskChange,
  TaskEvent,
  TaskEventKind,
  TaskForecast,
  TaskHits,
  TaskKind,
  TaskLink,
  TaskList,
  TaskQuery,
  TaskRow,
  TaskRun,
  TaskSpan,
  TaskSpans,
  TaskSpec,
  TextPosition,
  TimeRange,
  UnkeptLimit,
  UsageSample,
  Waiting,
} from "./bindings";
export type {
  AppInfo,
  CloseAnswer,
  CloseQuestion,
  ConnectionTest,
  DoorState,
  DoorStates,
  LineReading,
  OutputFrame,
  Reach,
  ServiceStatus,
  ListedMachine,
  MachineList,
} from "./shell";

export type RunId = wire.RunId;
/** What a forecast is asked with. */
export type ForecastQuery = Asks["forecast"]["request"];
export type SpansQuery = Asks["tasksBetween"]["request"];
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

export type TaskPage = wire.TaskPage<wire.Task>;
/** A part of the settings, merged into them; `null` means without a limit. A list is replaced as a whole. */
export type SettingsPatch = Partial<{
  [Part in keyof wire.Settings]: wire.Settings[Part] extends unknown[] | string
    ? wire.Settings[Part]
    : DeepPartial<wire.Settings[Part]>;
}>;
type DeepPartial<T> = T extends unknown[] ? T : T extends object ? { [K in keyof T]?: DeepPartial<T[K]> } : T;

// ---- errors -------------------------------------------------------------------------------------------------

/** The wire form of an error; what a method of Backend rejects with is an `ApiError` (errors.ts) holding this. */
export type ApiErrorBody = ApiErrorFields & { message: string };
export type ApiErrorCode = ApiErrorFields["error"];
