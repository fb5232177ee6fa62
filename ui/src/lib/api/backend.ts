// The seam between the page and whatever answers it: one method per command, most of them from the table of operations (operations.ts,
// which also documents them). tauri.ts talks to the app, fake.ts answers from memory. Every method rejects with ApiError. Nothing else in the page knows the difference.
import type { Asks, Downloads } from "./operations";
import type {
  AppInfo,
  CloseAnswer,
  CloseQuestion,
  Connection,
  ConnectionTest,
  DoorStates,
  Diagnosis,
  ExportedLog,
  InheritedEnvironment,
  LineReading,
  ListQuery,
  LogInfo,
  LogQuery,
  OutputFrame,
  RunId,
  SearchProgress,
  ServiceStatus,
  Settings,
  SettingsPatch,
  Task,
  TaskChange,
  TaskHits,
  TaskPage,
  TaskQuery,
  TaskRun,
  TaskSpec,
  MachineList,
  UsageSample,
} from "./types";

/** Ends a subscription. Safe to call twice; after it the callback is not called again. */
export type Unsubscribe = () => void;

/** A search that is under way; `close` ends it and frees what it knows. */
export interface OpenSearch {
  searchId: string;
  close: Unsubscribe;
}

/** Of one machine among several that are shown together. */
export type MachineAsks = Pick<
  Backend,
  "tasksBetween" | "upcoming" | "getSummary" | "mergedPositionAt" | "openLogWindow" | "openMergedWindow"
>;

/** One method for each operation that is answered once, named and typed by the table in crates/api. */
export type AskMethods = {
  [Name in keyof Asks]: Method<
    Asks[Name]["request"],
    [Asks[Name]["answer"]] extends [null] ? void : Asks[Name]["answer"]
  >;
};

/** Asks where to save with the system's dialog; `null` when the person changes their mind. */
type DownloadMethods = {
  [Name in keyof Downloads]: Method<Downloads[Name]["request"], ExportedLog | null>;
};

/** Without fields there is nothing to give. */
type Method<Request, Answer> =
  Record<never, never> extends Request
    ? (request?: Request) => Promise<Answer>
    : (request: Request) => Promise<Answer>;

export interface Backend extends AskMethods, DownloadMethods {
  submitTask(spec: TaskSpec): Promise<string>;
  getTaskStatus(id: string): Promise<Task | null>;
  queryTasks(query: TaskQuery): Promise<TaskPage>;
  listTaskRuns(id: string): Promise<TaskRun[]>;
  deleteTask(id: string): Promise<void>;
  streamTaskLogs(id: string, onFrame: (frame: OutputFrame) => void): Promise<Unsubscribe>;

  /** Of each changed row it is said whether the query lists it (`unmatched`); its cursor and limit do not count. `onBroken` hears
   *  when nothing is told for a while, and when it goes on; what was missed comes as `resync`. */
  watchTasks(
    query: ListQuery,
    onChange: (change: TaskChange) => void,
    onBroken?: (broken: boolean) => void,
  ): Promise<Unsubscribe>;
  /** What a running task uses, once a second; nothing for one that does not run. */
  watchUsage(id: string, onUsage: (sample: UsageSample) => void): Promise<Unsubscribe>;

  /** Told whenever something about the saved jobs has changed, and at once; what is shown of them is read again then. */
  watchJobs(onChange: () => void): Promise<Unsubscribe>;

  watchLog(id: string, attempt: number, onInfo: (info: LogInfo) => void): Promise<Unsubscribe>;
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
    sources: RunId[],
    query: LogQuery,
    near: number,
    onProgress: (progress: SearchProgress) => void,
  ): Promise<OpenSearch>;
  /** Searches every run of the tasks given, or of all tasks. `onBroken`: it has ended before it was complete. */
  searchAll(
    query: LogQuery,
    ids: string[] | undefined,
    onHits: (hits: TaskHits) => void,
    onBroken?: () => void,
  ): Promise<Unsubscribe>;

  /** Without an attempt the latest, and later ones as they begin. */
  openLogWindow(id: string, attempt?: number, row?: number): Promise<void>;
  /** At a row of their merged order if one is given. */
  openMergedWindow(sources: RunId[], row?: number): Promise<void>;
  /** Shows the file of a log in the system's file manager. */
  revealLog(id: string, attempt: number): Promise<void>;
  /** What a shell would do with a command line; it is read by bash's grammar, and nothing is run. */
  readCommandLine(line: string): Promise<LineReading>;
  /** Opens an address of the web in the browser; no other is. */
  openLink(address: string): Promise<void>;
  /** Asks for a directory of this machine in the system's dialog, beginning with `from` where that is a path; `null` when none
   *  was chosen. */
  pickDirectory(from: string): Promise<string | null>;
  /** Opens a file that a line of this task's log names, in the editor that the settings name. */
  openFile(id: string, place: { path: string; line: number; column?: number }): Promise<void>;
  /** Closes this window, as its cross does. */
  closeWindow(): Promise<void>;
  /** Lets this window fill the screen, or no longer. */
  toggleFullScreen(): Promise<void>;
  /** Rows that this log window is asked to show after it was opened: of a link, say, that the window shows already. */
  watchJumps(onJump: (row: number) => void): Promise<Unsubscribe>;

  /** What this window is to show, once it is known: it was made before anything was asked for. It is the query that a window of
   *  its own would have. */
  watchAddress(onAddress: (address: string) => void): Promise<Unsubscribe>;

  /** The machines and how they are, now and after every change. With `all` each of them is reached, or tried, as long as that is
   *  watched; else those alone that a window is on. */
  watchMachines(onList: (told: MachineList) => void, all?: boolean): Promise<Unsubscribe>;
  /** What can be asked of a machine whichever one the window is on; `null` is this one. */
  on(machine: string | null): MachineAsks;
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
  /** Rejects as `setSettings` would, and changes nothing. */
  checkSettings(patch: SettingsPatch): Promise<void>;

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
  /** Whether this user's session starts the engine, without the window. */
  serviceStatus(): Promise<ServiceStatus>;
  setService(enabled: boolean): Promise<ServiceStatus>;
  /** Has it run from boot on and after log-out too; the system may ask for a password. */
  linger(): Promise<ServiceStatus>;
  /** Looks at everything the app stands on; may take a moment. */
  diagnose(): Promise<Diagnosis>;

  /** Draws this window larger or smaller; 1 is the usual size. */
  setZoom(factor: number): Promise<void>;

  appInfo(): Promise<AppInfo>;
  /** From the next start on. */
  useUsualRenderer(): Promise<void>;
}
