// The seam between the page and whatever answers it: one method per command. tauri.ts talks to the app,
// fake.ts answers from memory. Every method rejects with ApiError. Nothing else in the page knows the difference.
import type {
  AppInfo,
  Lane,
  ListQuery,
  LogInfo,
  LogRows,
  OutputFrame,
  StopMode,
  Summary,
  Task,
  TaskChange,
  TaskEvent,
  TaskList,
  TaskPage,
  TaskQuery,
  TaskRow,
  TaskRun,
  TaskSpec,
} from "./types";

/** Ends a subscription. Safe to call twice; after it the callback is not called again. */
export type Unsubscribe = () => void;

export interface Backend {
  submitTask(spec: TaskSpec): Promise<string>;
  getTaskStatus(id: string): Promise<Task | null>;
  queryTasks(query: TaskQuery): Promise<TaskPage>;
  listTaskRuns(id: string): Promise<TaskRun[]>;
  deleteTask(id: string): Promise<void>;
  streamTaskLogs(id: string, onFrame: (frame: OutputFrame) => void): Promise<Unsubscribe>;

  /** Resolves when the spec is good; rejects with `InvalidRequest` and the field when it is not. */
  validateSpec(spec: TaskSpec): Promise<void>;
  stopTask(id: string, mode: StopMode): Promise<void>;
  /** A new task with the same spec; resolves with its id. */
  rerunTask(id: string): Promise<string>;

  listTasks(query: ListQuery): Promise<TaskList>;
  getTaskRow(id: string): Promise<TaskRow | null>;
  summary(): Promise<Summary>;
  taskEvents(id: string): Promise<TaskEvent[]>;
  watchTasks(onChange: (change: TaskChange) => void): Promise<Unsubscribe>;

  listLanes(): Promise<Lane[]>;
  setLane(slot: string, change: { capacity?: number; paused?: boolean }): Promise<Lane>;

  logInfo(id: string, attempt: number): Promise<LogInfo>;
  readLog(id: string, attempt: number, from: number, count: number): Promise<LogRows>;
  watchLog(id: string, attempt: number, onInfo: (info: LogInfo) => void): Promise<Unsubscribe>;
  openLogWindow(id: string, attempt?: number): Promise<void>;

  appInfo(): Promise<AppInfo>;
}
