// The seam between the page and whatever answers it: one method per command. tauri.ts talks to the app,
// fake.ts answers from memory. Every method rejects with ApiError. Nothing else in the page knows the difference.
import type {
  AppInfo,
  Bookmark,
  CloseAnswer,
  CloseQuestion,
  Connection,
  ConnectionTest,
  DoorStates,
  Diagnosis,
  EventPage,
  ExportedLog,
  HistoryQuery,
  InheritedEnvironment,
  Lane,
  LineChunk,
  ListQuery,
  LogDensity,
  LogInfo,
  LogJump,
  LogQuery,
  LogRows,
  LogSource,
  LogText,
  MergedRows,
  OutputFrame,
  RowRanges,
  RunEnvironment,
  RunPage,
  SearchHit,
  SourceRow,
  SearchProgress,
  Settings,
  SettingsPatch,
  StopMode,
  Summary,
  Task,
  TaskChange,
  TaskEvent,
  TaskHits,
  TaskList,
  TaskPage,
  TaskQuery,
  TaskRow,
  TaskRun,
  TaskSpec,
  TextPosition,
  ToldMachines,
  UsageSample,
  WindowAddress,
} from "./types";

/** Ends a subscription. Safe to call twice; after it the callback is not called again. */
export type Unsubscribe = () => void;

/** A search that is under way; `close` ends it and frees what it knows. */
export interface OpenSearch {
  searchId: string;
  close: Unsubscribe;
}

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
  /** Runs by the page: after an attempt the next ones, else the latest ones. */
  pageRuns(id: string, query: HistoryQuery): Promise<RunPage>;
  /** As `pageRuns`; the cursors are the numbers of events. */
  pageEvents(id: string, query: HistoryQuery): Promise<EventPage>;
  /** What a run was started with; `null` when that is not recorded. Secret values are left out. */
  runEnvironment(id: string, attempt: number): Promise<RunEnvironment | null>;
  /** `onBroken` hears when nothing is told for a while, and when it goes on; what was missed comes as `resync`. */
  watchTasks(
    onChange: (change: TaskChange) => void,
    onBroken?: (broken: boolean) => void,
  ): Promise<Unsubscribe>;
  /** What a running task uses, once a second; nothing for one that does not run. */
  watchUsage(id: string, onUsage: (sample: UsageSample) => void): Promise<Unsubscribe>;

  listLanes(): Promise<Lane[]>;
  setLane(slot: string, change: { capacity?: number; paused?: boolean }): Promise<Lane>;

  logInfo(id: string, attempt: number): Promise<LogInfo>;
  readLog(id: string, attempt: number, from: number, count: number): Promise<LogRows>;
  watchLog(id: string, attempt: number, onInfo: (info: LogInfo) => void): Promise<Unsubscribe>;
  /** The rest of a long row, in chunks of at most 1 MiB. */
  readLine(id: string, attempt: number, row: number, fromByte: number, count: number): Promise<LineChunk>;
  /** The exact text from `start` to before `end`; with a search, of its rows only. */
  readLogText(
    id: string,
    attempt: number,
    start: TextPosition,
    end: TextPosition,
    timestamps: boolean,
    searchId?: string,
  ): Promise<LogText>;
  logDensity(id: string, attempt: number, buckets: number, searchId?: string): Promise<LogDensity>;
  /** Asks where to save with the system's dialog; `null` when the person changes their mind. */
  exportLog(id: string, attempt: number, timestamps: boolean, searchId?: string): Promise<ExportedLog | null>;
  readMerged(sources: LogSource[], from: number, count: number): Promise<MergedRows>;
  /** As `logDensity`, of several logs as one. */
  mergedDensity(sources: LogSource[], buckets: number, searchId?: string): Promise<LogDensity>;
  /** Where rows (1,000 at most) stand in the order of all. */
  mergedPositions(sources: LogSource[], rows: SourceRow[]): Promise<number[]>;
  /** Where the first row of a time (Unix ms) or later stands in the order of all; of one log that is its number. */
  mergedPositionAt(sources: LogSource[], at: number): Promise<number>;
  /** As `exportLog`, of several logs as one: each line with the name of its task. */
  exportMerged(sources: LogSource[], timestamps: boolean, searchId?: string): Promise<ExportedLog | null>;

  /** Searches near row `near` first, then back to the beginning, then on to the end and as the log grows. */
  openSearch(
    id: string,
    attempt: number,
    query: LogQuery,
    near: number,
    onProgress: (progress: SearchProgress) => void,
  ): Promise<OpenSearch>;
  /** Searches several logs as one; what the search of each source alone answers is named `searchId-n`, from 0. */
  openMergedSearch(
    sources: LogSource[],
    query: LogQuery,
    near: number,
    onProgress: (progress: SearchProgress) => void,
  ): Promise<OpenSearch>;
  /** The next match strictly after (or before) `row`, going round at the ends; `null` without matches. In a search of several logs
   *  rows are positions of their merged order. */
  searchStep(searchId: string, row: number, forward: boolean): Promise<SearchHit | null>;
  /** Matching rows counted by rank; `total` is how many there are. */
  searchRows(searchId: string, from: number, count: number): Promise<LogRows>;
  /** As `searchRows`, of a search of several logs. */
  mergedSearchRows(searchId: string, from: number, count: number): Promise<MergedRows>;
  /** How many matches lie before `row`. */
  searchRank(searchId: string, row: number): Promise<number>;
  /** What to highlight in rows `from` to `from + count` of the log; rows without a match are left out. */
  searchRanges(searchId: string, from: number, count: number): Promise<RowRanges[]>;
  /** Searches every run of the tasks given, or of all tasks. `onBroken`: it has ended before it was complete. */
  searchAll(
    query: LogQuery,
    ids: string[] | undefined,
    onHits: (hits: TaskHits) => void,
    onBroken?: () => void,
  ): Promise<Unsubscribe>;

  listBookmarks(id: string): Promise<Bookmark[]>;
  setBookmark(id: string, attempt: number, row: number, note: string): Promise<Bookmark>;
  deleteBookmark(id: string, attempt: number, row: number): Promise<void>;

  openLogWindow(id: string, attempt?: number, row?: number): Promise<void>;
  openMergedWindow(sources: LogSource[]): Promise<void>;
  /** Shows the file of a log in the system's file manager. */
  revealLog(id: string, attempt: number): Promise<void>;
  /** Rows that this log window is asked to show after it was opened. */
  watchJumps(onJump: (jump: LogJump) => void): Promise<Unsubscribe>;

  /** What this window is to show, once it is known: it was made before anything was asked for. */
  watchAddress(onAddress: (told: WindowAddress) => void): Promise<Unsubscribe>;

  /** The machines and how they are, now and after every change. */
  watchMachines(onTold: (told: ToldMachines) => void): Promise<Unsubscribe>;
  /** From here on every method is about that machine, but for what is said to be of this one. */
  chooseMachine(name: string | null): Promise<void>;
  /** Adds a connection, or changes the one of that name. Without a token the kept one stays; an empty one is forgotten. */
  saveConnection(connection: Connection, token: string | undefined, isNew: boolean): Promise<void>;
  /** Rejects with the field that is wrong, or with `Unavailable` and a sentence. Without a token, tries with the kept one. */
  testConnection(connection: Connection, token: string | undefined): Promise<ConnectionTest>;
  removeConnection(name: string): Promise<void>;

  /** Of this machine's app, also while another machine's tasks are shown. */
  getSettings(): Promise<Settings>;
  /** Resolves with the settings as they are then; rejects with `InvalidRequest` and the field's path. */
  setSettings(patch: SettingsPatch): Promise<Settings>;

  /** What a task inherits when it is started now; secret values are left out. */
  inheritedEnvironment(): Promise<InheritedEnvironment>;

  /** What is asked before the last window closes; `undefined` when there is no question any more. */
  watchClosing(onQuestion: (question: CloseQuestion | undefined) => void): Promise<Unsubscribe>;
  /** `remember` makes the answer the setting. */
  answerClosing(answer: CloseAnswer, remember: boolean): Promise<void>;
  /** When the form for a new task is asked for from outside the page. */
  watchFormAsks(onAsk: () => void): Promise<Unsubscribe>;
  /** The doors for other programs, now and after every change. */
  watchDoors(onDoors: (doors: DoorStates) => void): Promise<Unsubscribe>;
  apiToken(): Promise<string>;
  /** Makes another token; the old one lets nobody in any more. */
  rotateApiToken(): Promise<string>;
  /** Bytes that the logs take on this machine's disk; counting them takes a moment. */
  logUsage(): Promise<number>;
  /** Looks at everything the app stands on; may take a moment. */
  diagnose(): Promise<Diagnosis>;

  appInfo(): Promise<AppInfo>;
}
