// Generated from the table of operations in crates/api by `make bindings`. Do not edit.
import type { Bookmark, ClusterPreview, ComingRun, ComingRuns, Digest, DraftKind, EventPage, FieldError, FolderCheck, Foreseen, HistoryQuery, Hook, HookDelivery, HookList, HookState, Job, JobCalendar, JobChange, JobDetail, JobList, JobQuery, JobRevision, JobSecrets, JobTasks, Lane, LaneRules, LastLine, LineChunk, LineMatch, LinkedTasks, ListLayout, ListQuery, LocalImage, LogDensity, LogInfo, LogQuery, LogRows, LogText, MatchedMergedRows, MatchedRows, MergedPosition, MergedRows, Rank, RowKey, RowNo, RowRanges, RunEnvironment, RunId, RunPage, RunnerInfo, SavedView, Schedule, SchedulePreview, SearchHit, SearchProgress, SourceRow, StopMode, Summary, TaskChange, TaskEvent, TaskHits, TaskList, TaskRow, TaskSpans, TaskSpec, TextPosition, UsageSample } from "./bindings";

type ListTasks = { query: ListQuery, };
type GetTaskRow = { id: string, };
type GetTaskRows = { ids: Array<string>, };
type TasksBetween = { from: number, to: number, 
/**
 * Those of saved jobs alone.
 */
ofJobs?: boolean, 
/**
 * As many at most; 1,000 when it is left out, and 10,000 at most.
 */
limit?: number | null, };
type TaskOrder = { id: string, };
type GetSummary = Record<symbol, never>;
type TaskEvents = { id: string, };
type PageRuns = { id: string, query: HistoryQuery, };
type PageEvents = { id: string, query: HistoryQuery, };
type GetRunEnvironment = { run: RunId, };
type HasDirectory = { path: string, };
type CompleteProgram = { prefix: string, };
type CompleteDirectory = { prefix: string, };
type CountExpired = { keepDays?: number | null, keepTasks?: number | null, };
type ValidateSpec = { spec: TaskSpec, };
type StopTask = { id: string, mode: StopMode, };
type RerunTask = { id: string, };
type ReadDraft = { draft: DraftKind, };
type SaveDraft = { draft: DraftKind, text?: string | null, };
type ReadViews = Record<symbol, never>;
type SaveViews = { views: Array<SavedView>, };
type ReadListLayout = Record<symbol, never>;
type SaveListLayout = { layout: ListLayout, };
type HoldTask = { id: string, };
type ReleaseTask = { id: string, };
type SetPriority = { id: string, priority: number, };
type MoveTask = { id: string, before?: string | null, after?: string | null, first?: boolean, last?: boolean, };
type RunNow = { id: string, };
type RetryNow = { id: string, };
type EditTask = { id: string, spec: TaskSpec, resourceVersion: number, };
type SuspendTask = { id: string, };
type ResumeTask = { id: string, };
type HoldAll = { held: boolean, };
type Forecast = { 
/**
 * Tasks of this lane alone.
 */
slot?: string | null, 
/**
 * These tasks alone, 1,000 at most; all when it is empty.
 */
tasks?: Array<string>, 
/**
 * 100 at most.
 */
moves?: Array<MoveTask>, };
type ListJobs = { 
/**
 * All jobs when it is left out.
 */
query: JobQuery, };
type GetJob = { name: string, revision?: number | null, };
type SaveJob = { job: Job, expectedRevision?: number | null, };
type DeleteJob = { name: string, };
type RenameJob = { name: string, to: string, };
type RunJob = { name: string, 
/**
 * Values by the names of the parameters.
 */
parameters?: { [key in string]: string }, };
type ListJobSecrets = { name: string, };
type KeepJobSecret = { name: string, parameter: string, 
/**
 * Text of 64 KiB at most.
 */
value: string, };
type ForgetJobSecret = { name: string, parameter: string, };
type JobHistory = { name: string, 
/**
 * `nextCursor` of the page before; opaque.
 */
cursor?: string | null, 
/**
 * As many at most; 100 when absent.
 */
limit?: number | null, };
type JobRevisions = { name: string, };
type PreviewSchedule = { schedule: Schedule, 
/**
 * Times after this one, in Unix milliseconds; after now when it is left out.
 */
from?: number, 
/**
 * How many times, 100 at most; 5 when it is left out.
 */
count?: number | null, };
type SkipNext = { name: string, schedule?: string | null, };
type JobDays = { 
/**
 * Where each day begins, and behind them the end of the last, in Unix milliseconds; 63 days at most, of the
 * clock of whoever asks.
 */
bounds: number[], };
type Upcoming = { name?: string | null, from: number, to: number, };
type ListLanes = Record<symbol, never>;
type SetLane = { slot: string, capacity?: number | null, paused?: boolean | null, };
type SetLaneRules = { slot: string, rules: LaneRules, };
type ForgetLane = { slot: string, };
type ListRunners = Record<symbol, never>;
type ListImages = Record<symbol, never>;
type PreviewOnCluster = { spec: TaskSpec, };
type CheckClusterFolder = Record<symbol, never>;
type GetLogInfo = { run: RunId, };
type LastLines = { ids: Array<string>, };
type SetLogEncoding = { run: RunId, encoding?: string | null, };
type ReadLog = { run: RunId, from: RowNo, count: number, };
type ReadLine = { run: RunId, row: RowNo, fromByte: number, count: number, 
/**
 * An open search over this log, whose matches are told.
 */
searchId?: string | null, };
type ReadLogText = { run: RunId, start: TextPosition, end: TextPosition, 
/**
 * A time before each row.
 */
timestamps: boolean, 
/**
 * Of matching rows of this open search only.
 */
searchId?: string | null, };
type GetLogDensity = { run: RunId, 
/**
 * 4,096 at most.
 */
buckets: number, 
/**
 * An open search over this log.
 */
searchId?: string | null, };
type SearchStep = { searchId: string, row: RowKey, forward: boolean, };
type SearchRows = { searchId: string, from: Rank, count: number, };
type MergedSearchRows = { searchId: string, from: Rank, count: number, };
type SearchRank = { searchId: string, row: RowKey, };
type SearchRanges = { searchId: string, from: RowNo, count: number, };
type SearchLine = { searchId: string, row: RowNo, fromByte: number, forward: boolean, };
type ReadMerged = { sources: Array<RunId>, from: MergedPosition, count: number, };
type MergedDensity = { sources: Array<RunId>, 
/**
 * 4,096 at most.
 */
buckets: number, 
/**
 * An open search of all of them.
 */
searchId?: string | null, };
type MergedPositions = { sources: Array<RunId>, rows: Array<SourceRow>, };
type MergedPositionAt = { sources: Array<RunId>, at: number, };
type ListBookmarks = { id: string, };
type SetBookmark = { run: RunId, row: RowNo, note: string, };
type DeleteBookmark = { run: RunId, row: RowNo, };
type ListHooks = Record<symbol, never>;
type SaveHook = { hook: Hook, };
type DeleteHook = { name: string, };
type TestHook = { name: string, };
type ReadDigest = { 
/**
 * Unix milliseconds.
 */
since: number, };
type WatchTasks = { 
/**
 * All tasks when it is left out.
 */
query: ListQuery, };
type WatchUsage = { id: string, };
type WatchJobs = Record<symbol, never>;
type WatchLog = { run: RunId, };
type OpenSearch = { run: RunId, query: LogQuery, near: RowNo, };
type OpenMergedSearch = { sources: Array<RunId>, query: LogQuery, near: MergedPosition, };
type SearchAll = { query: LogQuery, ids?: Array<string> | null, };
type ExportLog = { run: RunId, 
/**
 * A time before each row.
 */
timestamps: boolean, 
/**
 * Matching rows of this open search only.
 */
searchId?: string | null, };
type ExportMerged = { sources: Array<RunId>, 
/**
 * A time before each row.
 */
timestamps: boolean, 
/**
 * Matching rows of this open search of all of them only.
 */
searchId?: string | null, };
type SearchEvent = { "type": "opened", id: string, } | { "type": "progress" } & SearchProgress;

/** What an error holds beside its message. */
export type ApiErrorFields = { "error": "InvalidRequest", field: string, 
/**
 * Without the field, so that a form can show it beside that.
 */
message: string, 
/**
 * What else is wrong, where a whole spec was checked.
 */
others?: Array<FieldError>, } | { "error": "Unauthenticated" } | { "error": "PermissionDenied", message: string, } | { "error": "TaskNotFound", id: string, } | { "error": "SlotBusy", slot: string, running: string, message: string, } | { "error": "Conflict", message: string, } | { "error": "PayloadTooLarge", limitBytes: number, } | { "error": "RateLimited", retryAfterMs: number, } | { "error": "Unavailable", message: string, } | { "error": "Internal", incident: string, };

/** What is answered once, by the name of the method that asks it. */
export interface Asks {
  /** A page of rows, newest first. */
  listTasks: { request: ListTasks; answer: TaskList };
  /** A task as a list shows it; nothing when there is none of that id. */
  getTaskRow: { request: GetTaskRow; answer: TaskRow | null };
  /** Tasks as a list shows them, in the order in which they are asked for, 500 at most; an id of no task is passed over. */
  getTaskRows: { request: GetTaskRows; answer: Array<TaskRow> };
  /** The tasks that waited or ran between two times, in Unix milliseconds, newest first. */
  tasksBetween: { request: TasksBetween; answer: TaskSpans };
  /** A task with all that it waited for, by way of others too, and all that waits for it; `TaskNotFound` when there is none of that id. */
  taskOrder: { request: TaskOrder; answer: LinkedTasks };
  /** Counts by phase, lanes and labels. */
  getSummary: { request: GetSummary; answer: Summary };
  /** The history of a task, oldest first, as far as it is kept and one answer holds it; `page_events` has more. `TaskNotFound` when there is none of that id. */
  taskEvents: { request: TaskEvents; answer: Array<TaskEvent> };
  /** Runs of a task by the page, and how many are not kept. After an attempt the next ones, else the latest ones. */
  pageRuns: { request: PageRuns; answer: RunPage };
  /** The history of a task by the page; the cursors are the numbers of events. */
  pageEvents: { request: PageEvents; answer: EventPage };
  /** Every variable that a run was started with, and where it came from; secret values are left out. Nothing when that is not recorded, or there was no attempt yet. */
  getRunEnvironment: { request: GetRunEnvironment; answer: RunEnvironment | null };
  /** Whether there is a directory of this path that tasks can be run in. */
  hasDirectory: { request: HasDirectory; answer: boolean };
  /** Programs whose names begin so, where tasks look for them, in order; 50 at most, and none for what has a slash. */
  completeProgram: { request: CompleteProgram; answer: Array<string> };
  /** Directories whose paths begin so, in order, without a slash at the end; 50 at most. Those whose names begin with a dot only where the prefix says it. */
  completeDirectory: { request: CompleteDirectory; answer: Array<string> };
  /** How many finished tasks would be deleted now if these were the limits: those that finished more than `keep_days` days ago, and the oldest over `keep_tasks` in number. One with a bookmark stays. A limit that is left out deletes nothing; at most 100,000 are counted. */
  countExpired: { request: CountExpired; answer: number };
  /** Checks a spec without taking it on: the same rules, and whether a runner takes its kind. `InvalidRequest` names the first field that is wrong, and in `others` all the rest. */
  validateSpec: { request: ValidateSpec; answer: null };
  /** Asks for the end of a task; answered when that is stored. Its runs and logs stay. A second one with `kill` shortens the grace. `Conflict` when the task is over already. */
  stopTask: { request: StopTask; answer: null };
  /** Submits the task's spec again, as a new task, and answers its id. It starts at once: a time or other tasks that the first one waited for are left out. */
  rerunTask: { request: RerunTask; answer: string };
  /** The draft as it was kept last; nothing when there is none. */
  readDraft: { request: ReadDraft; answer: string | null };
  /** Keeps a text of the form, 3 MiB at most, in the place of the one before; without one, drops that. Secrets do not belong in it. */
  saveDraft: { request: SaveDraft; answer: null };
  /** The filters that were given names, in their order. */
  readViews: { request: ReadViews; answer: Array<SavedView> };
  /** Keeps these in the place of those before, 50 at most. */
  saveViews: { request: SaveViews; answer: null };
  /** How the list of tasks was left: its columns, and by what it is sorted. */
  readListLayout: { request: ReadListLayout; answer: ListLayout };
  /** Keeps that. */
  saveListLayout: { request: SaveListLayout; answer: null };
  /** Keeps a task that waits from starting until it is released. It keeps its place in its lane. Also fine when it is held already. `Conflict` when it runs or is over. */
  holdTask: { request: HoldTask; answer: null };
  /** Lets a held task start again when it is its turn. Also fine when it is not held. `Conflict` when it is over. */
  releaseTask: { request: ReleaseTask; answer: null };
  /** Sets the priority of a task that waits for its lane. `Conflict` when it has been started. */
  setPriority: { request: SetPriority; answer: null };
  /** Moves a waiting task within its lane, among those of its priority: before or behind another one, to the front, or to the end. Exactly one of these is given. `Conflict` when the task has been started, and when the other one does not wait in the same lane or has another priority. */
  moveTask: { request: MoveTask; answer: null };
  /** Starts a waiting task now, whatever it waits for, and past the capacity of its lane; answered when that is stored. `Conflict` when it has been started. */
  runNow: { request: RunNow; answer: null };
  /** Begins the next attempt of a task that waits for it. `Conflict` when it does not. */
  retryNow: { request: RetryNow; answer: null };
  /** Gives a task that has not been started another spec. What is secret in it may be masked. It keeps its place, unless it goes to another lane. `Conflict` when it has been started, and when it is at another version than the one that it was read at. */
  editTask: { request: EditTask; answer: null };
  /** Has the processes of a running task stand still, and its timeout with them. Also fine when they do already. `Conflict` when it does not run. */
  suspendTask: { request: SuspendTask; answer: null };
  /** Has the processes of a task that stand still go on. */
  resumeTask: { request: ResumeTask; answer: null };
  /** Lets nothing start in any lane, until it is called with `held` as false. What runs goes on. */
  holdAll: { request: HoldAll; answer: null };
  /** When what waits will probably start, and what is in the lanes will probably end: by how long the last runs of the same job took, or of the same command. With moves as it would be after them, one after the other; nothing is moved. `Conflict` for a move that `move_task` would refuse. */
  forecast: { request: Forecast; answer: Foreseen };
  /** A page of the saved jobs, by name. */
  listJobs: { request: ListJobs; answer: JobList };
  /** A job with what its schedules mean now and what came of them; nothing when there is none of that name. What is secret in its spec is masked, and can be saved so. With a revision the job as it was saved then. */
  getJob: { request: GetJob; answer: JobDetail | null };
  /** Saves a job in the place of the one of that name, if there is one, and answers it as it is stored: with a revision of its own, and with ids for its schedules. One that says nothing new stays as it is. `Conflict` when it is at another revision than the expected one, where 0 expects that there is none; and when one that was saved before comes by a name that its job has no more. */
  saveJob: { request: SaveJob; answer: Job };
  /** Removes a job with its revisions and schedules. Its tasks stay, and keep its name. Also fine when there is none. */
  deleteJob: { request: DeleteJob; answer: null };
  /** Gives a job another name and answers it. Its tasks, its revisions and what came of its schedules follow. What is asked of it by the old name is refused with the new one, until a job is saved under that. `Conflict` when there is a job of the new name. */
  renameJob: { request: RenameJob; answer: Job };
  /** Makes a task of the job now, and answers its id. A parameter that is not given has its default; a secret one the value that is kept in the keyring of the machine. */
  runJob: { request: RunJob; answer: string };
  /** Which secret parameters of a job are kept in the keyring of the machine. Their values are never answered. */
  listJobSecrets: { request: ListJobSecrets; answer: JobSecrets };
  /** Keeps the value of a secret parameter in the keyring of the machine, for all runs of the job for which none is given, also those that a schedule makes. The system may ask the person at the machine to unlock the keyring. `Conflict` where there is no keyring, or nobody unlocks it. */
  keepJobSecret: { request: KeepJobSecret; answer: null };
  /** Forgets what is kept for a secret parameter of a job. Also fine when nothing is. */
  forgetJobSecret: { request: ForgetJobSecret; answer: null };
  /** The tasks of a job, newest first, also of one that was deleted. */
  jobHistory: { request: JobHistory; answer: JobTasks };
  /** The states in which a job was saved, newest first, 100 at most, and what each has changed. */
  jobRevisions: { request: JobRevisions; answer: Array<JobRevision> };
  /** What a schedule would do: in words, its next times, and what a person may not expect of it. */
  previewSchedule: { request: PreviewSchedule; answer: SchedulePreview };
  /** Has the next time of a schedule pass without a run, or the next of any schedule of the job, and answers which that is. `Conflict` when there is none to come. */
  skipNext: { request: SkipNext; answer: ComingRun };
  /** What a calendar shows of the jobs: of each day which of them ran or will, how often, and how that ended. A job that runs more than three times on a day is told by counts, however often that is. */
  jobDays: { request: JobDays; answer: JobCalendar };
  /** The times at which jobs, or the one of a name, will be run by themselves, from one time up to another, in Unix milliseconds. */
  upcoming: { request: Upcoming; answer: ComingRuns };
  /** Every lane that runs or queues a task, or that was set to something else than the default. */
  listLanes: { request: ListLanes; answer: Array<Lane> };
  /** Changes what is given and answers the lane as it is then. A paused lane starts no task; its running tasks go on. */
  setLane: { request: SetLane; answer: Lane };
  /** Has a lane ask this of the machine before it starts a task, and nothing else, and answers the lane as it is then. */
  setLaneRules: { request: SetLaneRules; answer: Lane };
  /** Takes a shared lane off the lists until something is in it again. Also fine for one that is not there. `Conflict` when a task is in it, or it was set to something else than the default. */
  forgetLane: { request: ForgetLane; answer: null };
  /** The runners of the machine, in the order in which a task is offered to them: labels, kinds, and what they stand on or why they cannot be used. Looks anew each time. */
  listRunners: { request: ListRunners; answer: Array<RunnerInfo> };
  /** The images that are on the machine, by name; 1,000 at most. */
  listImages: { request: ListImages; answer: Array<LocalImage> };
  /** When and where its cluster would start a task, which is not handed over. `InvalidRequest` names the field because of which the cluster would refuse it, or that it is for none; `Unavailable` when the cluster does not answer. */
  previewOnCluster: { request: PreviewOnCluster; answer: ClusterPreview };
  /** Has a job of its own write a file on a node into the folder that is shared with the cluster, and looks whether it is seen here. `Conflict` says what is wrong, `Unavailable` that the cluster has not done it within 25 seconds. */
  checkClusterFolder: { request: CheckClusterFolder; answer: FolderCheck };
  /** Where the log of a run stands. */
  getLogInfo: { request: GetLogInfo; answer: LogInfo };
  /** The last line that says something of the latest run of each of these tasks, of 100 at most; of one that has printed nothing, or is gone, there is none. In the order of the request. */
  lastLines: { request: LastLines; answer: Array<LastLine> };
  /** Reads a log in this encoding from now on, by one of its names in the Encoding Standard; without one in what its bytes look like. What is shown, found and copied follows; what was printed stays. */
  setLogEncoding: { request: SetLogEncoding; answer: LogInfo };
  /** A range of rows, 1,000 at most. */
  readLog: { request: ReadLog; answer: LogRows };
  /** At most so many bytes (1 MiB at most) of one row, however long the row is. `InvalidRequest` when there is no such row. */
  readLine: { request: ReadLine; answer: LineChunk };
  /** The text from `start` to before `end` as a window shows it: without escape sequences, carriage returns carried out. A column behind a row's end means its end. */
  readLogText: { request: ReadLogText; answer: LogText };
  /** The log in equal slices: rows of each stream, and matches of a search. */
  getLogDensity: { request: GetLogDensity; answer: LogDensity };
  /** The next match strictly after or before a row, going round at the ends; nothing without matches. In a search of several logs rows are positions of their merged order. */
  searchStep: { request: SearchStep; answer: SearchHit | null };
  /** Matching rows of one log by rank, 1,000 at most. */
  searchRows: { request: SearchRows; answer: MatchedRows };
  /** Matching rows of several logs by rank, 1,000 at most. */
  mergedSearchRows: { request: MergedSearchRows; answer: MatchedMergedRows };
  /** How many matches lie before a row; in a search of several logs, before a position of the merged order. */
  searchRank: { request: SearchRank; answer: Rank };
  /** Where the matches are in a range of rows (1,000 at most) of one log; rows without one are left out. */
  searchRanges: { request: SearchRanges; answer: Array<RowRanges> };
  /** The first match in one row of one log, however long the row is, that begins at this byte of its text or behind it; without `forward` the last that begins before it. Nothing when there is none in the first 32 MiB. */
  searchLine: { request: SearchLine; answer: LineMatch | null };
  /** A range of rows, 1,000 at most, in the order of their times. */
  readMerged: { request: ReadMerged; answer: MergedRows };
  /** The logs in equal slices of their merged order: rows of each stream, and matches of a search. */
  mergedDensity: { request: MergedDensity; answer: LogDensity };
  /** Where rows (1,000 at most) stand in the merged order, in the order in which they are given. Near the end of logs that grow it may still change. `InvalidRequest` for a source that is not among them. */
  mergedPositions: { request: MergedPositions; answer: Array<MergedPosition> };
  /** Where the first row of a time (Unix milliseconds) or later stands in the merged order; the last row when all are earlier. Of one log alone that is the row's number. */
  mergedPositionAt: { request: MergedPositionAt; answer: MergedPosition };
  /** The marked rows of a task, by attempt and row. */
  listBookmarks: { request: ListBookmarks; answer: Array<Bookmark> };
  /** Marks a row, or changes the note (4 KiB at most) of a marked one. */
  setBookmark: { request: SetBookmark; answer: Bookmark };
  /** Takes a mark off. Also fine for a row that is not marked. */
  deleteBookmark: { request: DeleteBookmark; answer: null };
  /** The hooks, how many of their calls wait, and how the latest went. Secrets are not in it. */
  listHooks: { request: ListHooks; answer: HookList };
  /** Saves a hook in the place of the one of that name, if there is one. It is called for what happens from then on. */
  saveHook: { request: SaveHook; answer: HookState };
  /** Removes a hook, and its calls that wait. Also fine when there is none. */
  deleteHook: { request: DeleteHook; answer: null };
  /** Calls a hook once to try it, also one that is paused, and answers what came of it; after 8 s it may still wait. */
  testHook: { request: TestHook; answer: HookDelivery };
  /** What has happened since then: what ended and how, which times of schedules were missed, and what is held. */
  readDigest: { request: ReadDigest; answer: Digest };
}

/** What is subscribed to. */
export interface Topics {
  /** Every change from now on, and of each changed row whether the query lists it; its cursor and limit do not count. The first item comes at once and holds the summary only. While the tasks cannot be read, an item says so in its summary, and one with `resync` follows when they can. */
  watchTasks: { request: WatchTasks; item: TaskChange };
  /** What the processes of a task use, once a second while it runs and somebody reads. */
  watchUsage: { request: WatchUsage; item: UsageSample };
  /** An item whenever something about the jobs has changed; the first one comes at once. Changes that come fast are one item. */
  watchJobs: { request: WatchJobs; item: JobChange };
  /** Where the log stands, now and each time that it has grown; a slow reader hears of it less often. */
  watchLog: { request: WatchLog; item: LogInfo };
  /** Searches a log: around row `near`, then back to the beginning, then on to the end and, while the run lasts, as the log grows. The first item names the search for its other operations, the others tell how far it is. It ends when its stream is closed. `InvalidRequest` with the field `query.pattern` for a pattern that is none. */
  openSearch: { request: OpenSearch; item: SearchEvent };
  /** Searches several logs as one, in their merged order: `near` is a position there. Each is also searched by itself: that search answers as `<id>-<n>`, n being the number of the source, from 0. */
  openMergedSearch: { request: OpenMergedSearch; item: SearchEvent };
  /** Searches what the logs of these tasks, or of all, hold now, newest task first. */
  searchAll: { request: SearchAll; item: TaskHits };
}

/** What is saved as a file. */
export interface Downloads {
  /** A log as bytes to save: exactly what the program wrote, unless times or a search are asked for; then its rows as text, one a line. */
  exportLog: { request: ExportLog };
  /** The logs to save, in the order of their times: rows as text, one a line, each with the name of its task before it. */
  exportMerged: { request: ExportMerged };
}

export const ASKS = [
  "listTasks",
  "getTaskRow",
  "getTaskRows",
  "tasksBetween",
  "taskOrder",
  "getSummary",
  "taskEvents",
  "pageRuns",
  "pageEvents",
  "getRunEnvironment",
  "hasDirectory",
  "completeProgram",
  "completeDirectory",
  "countExpired",
  "validateSpec",
  "stopTask",
  "rerunTask",
  "readDraft",
  "saveDraft",
  "readViews",
  "saveViews",
  "readListLayout",
  "saveListLayout",
  "holdTask",
  "releaseTask",
  "setPriority",
  "moveTask",
  "runNow",
  "retryNow",
  "editTask",
  "suspendTask",
  "resumeTask",
  "holdAll",
  "forecast",
  "listJobs",
  "getJob",
  "saveJob",
  "deleteJob",
  "renameJob",
  "runJob",
  "listJobSecrets",
  "keepJobSecret",
  "forgetJobSecret",
  "jobHistory",
  "jobRevisions",
  "previewSchedule",
  "skipNext",
  "jobDays",
  "upcoming",
  "listLanes",
  "setLane",
  "setLaneRules",
  "forgetLane",
  "listRunners",
  "listImages",
  "previewOnCluster",
  "checkClusterFolder",
  "getLogInfo",
  "lastLines",
  "setLogEncoding",
  "readLog",
  "readLine",
  "readLogText",
  "getLogDensity",
  "searchStep",
  "searchRows",
  "mergedSearchRows",
  "searchRank",
  "searchRanges",
  "searchLine",
  "readMerged",
  "mergedDensity",
  "mergedPositions",
  "mergedPositionAt",
  "listBookmarks",
  "setBookmark",
  "deleteBookmark",
  "listHooks",
  "saveHook",
  "deleteHook",
  "testHook",
  "readDigest",
] as const satisfies (keyof Asks)[];
