// The shapes that cross between the page and the backend: JSON in camelCase, times in Unix milliseconds,
// durations in milliseconds, as the API contract fixes them. No behaviour here; methods are in backend.ts.

export type Phase = "pending" | "running" | "succeeded" | "failed" | "timeout" | "canceled" | "exhausted";
export type Stream = "stdout" | "stderr";

// ---- the model ----------------------------------------------------------------------------------------------

export interface EnvVar {
  key: string;
  value: string;
}
export type ScriptRuntime = "bash" | "python" | "node" | { custom: { command: string; flag: string } };
/** `body` is standard base64 of UTF-8 text. */
export type SubprocessMode =
  | { command: { command: string; args?: string[] } }
  | { script: { runtime: ScriptRuntime; body: string; args?: string[] } };
export interface SubprocessSpec {
  mode: SubprocessMode;
  env?: EnvVar[];
  cwd?: string;
  failOnNonZero?: boolean;
}
export interface ContainerSpec {
  image: string;
  command?: string[];
  args?: string[];
  env?: EnvVar[];
}
export interface WasmSpec {
  module: string;
  args?: string[];
  env?: EnvVar[];
}
export type TaskKind = { subprocess: SubprocessSpec } | { container: ContainerSpec } | { wasm: WasmSpec };
export type RestartPolicy =
  { type: "never" } | { type: "onFailure" } | { type: "always"; intervalMs?: number };
export type Jitter = "none" | "full" | "equal" | "decorrelated";
export interface Backoff {
  jitter: Jitter;
  firstMs: number;
  maxMs: number;
  factor: number;
}
export type Admission = "dropIfRunning" | "replace" | "queue";
export interface MatchExpression {
  key: string;
  operator: "In" | "NotIn" | "Exists" | "DoesNotExist";
  values?: string[];
}
export interface RunnerSelector {
  matchLabels?: Record<string, string>;
  matchExpressions?: MatchExpression[];
}
export interface TaskSpec {
  slot: string;
  kind: TaskKind;
  timeout?: number;
  restart?: RestartPolicy;
  backoff?: Backoff;
  admission?: Admission;
  maxRetries?: number;
  runnerSelector?: RunnerSelector;
  labels?: Record<string, string>;
}
export interface Task {
  metadata: { id: string; resourceVersion: number; createdAt: number; updatedAt: number };
  spec: TaskSpec;
  status: { phase: Phase; attempt: number; exitCode?: number; error?: string };
}
export interface TaskRun {
  attempt: number;
  phase: Phase;
  startedAt: number;
  finishedAt?: number;
  error?: string;
  exitCode?: number;
}
export type OutputEvent =
  | { type: "runStarted"; attempt: number; startedAt: number }
  | { type: "chunk"; attempt: number; stream: Stream; seq: number; ts: number; line: string }
  | { type: "runFinished"; attempt: number; exitCode?: number; finishedAt: number }
  | { type: "lagged"; skipped: number };
export interface TaskQuery {
  slot?: string;
  status?: Phase[];
  limit?: number;
  offset?: number;
}
export interface TaskPage {
  tasks: Task[];
  total: number;
}

// ---- what the desktop needs beyond the model ----------------------------------------------------------------

export interface ListQuery {
  phases?: Phase[];
  slot?: string;
  labels?: Record<string, string>;
  text?: string;
  exitCode?: number;
  sinceMs?: number;
  cursor?: string;
  limit?: number;
}
export interface TaskList {
  rows: TaskRow[];
  total: number;
  nextCursor?: string;
}
export interface RunMark {
  attempt: number;
  phase: Phase;
  durationMs?: number;
}
export interface TaskRow {
  task: Task;
  startedAt?: number;
  finishedAt?: number;
  nextAttemptAt?: number;
  waiting?: Waiting;
  stopping: boolean;
  recentRuns: RunMark[];
}
export type Waiting =
  | { reason: "lane"; position: number; behind: string }
  | { reason: "backoff"; until: number }
  | { reason: "lanePaused" }
  | { reason: "starting" };
export interface Lane {
  slot: string;
  capacity: number;
  running: number;
  queued: number;
  paused: boolean;
}
export interface LabelCount {
  key: string;
  value: string;
  count: number;
}
export interface Summary {
  byPhase: Record<Phase, number>;
  lanes: Lane[];
  labels: LabelCount[];
  resourceVersion: number;
  logBytes: number;
  storage: "ok" | "readOnly";
}
/** One coalesced change of the task set. `resync` means: some were missed, read the list again. */
export interface TaskChange {
  resourceVersion: number;
  frame: number;
  changed: TaskRow[];
  deleted: string[];
  summary: Summary;
  resync: boolean;
}
export type TaskEventKind =
  | "queued"
  | "admitted"
  | "started"
  | "stopRequested"
  | "exited"
  | "startFailed"
  | "retryScheduled"
  | "finished"
  | "lost"
  | "attached";
export interface TaskEvent {
  seq: number;
  at: number;
  attempt?: number;
  kind: TaskEventKind;
  detail?: string;
}
export interface LogInfo {
  frame: number;
  attempt: number;
  rows: number;
  bytes: number;
  live: boolean;
  phase: Phase;
  exitCode?: number;
  error?: string;
  startedAt: number;
  finishedAt?: number;
  attempts: number;
}
/** One display line of the merged log. `row` counts from 0 per attempt; `text` may be clipped (see `fullLen`). */
export interface LogRow {
  row: number;
  stream: Stream;
  ts: number;
  text: string;
  fullLen: number;
  partial: boolean;
  continued: boolean;
}
export interface LogRows {
  from: number;
  total: number;
  rows: LogRow[];
}
export interface OutputFrame {
  frame: number;
  events: OutputEvent[];
  end: boolean;
}
export interface AppInfo {
  version: string;
  dataDir: string;
  homeDir: string;
  platform: string;
}
export type StopMode = "graceful" | "kill";

// ---- errors -------------------------------------------------------------------------------------------------

export type ApiErrorCode =
  | "InvalidRequest"
  | "Unauthenticated"
  | "PermissionDenied"
  | "TaskNotFound"
  | "SlotBusy"
  | "Conflict"
  | "PayloadTooLarge"
  | "RateLimited"
  | "Unavailable"
  | "Internal";
/** The wire form of an error; what a method of Backend rejects with is an `ApiError` (errors.ts) holding this. */
export interface ApiErrorBody {
  error: ApiErrorCode;
  message: string;
  field?: string;
  slot?: string;
  running?: string;
  retryAfterMs?: number;
  incident?: string;
}
