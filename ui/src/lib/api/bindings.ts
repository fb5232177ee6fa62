// Generated from crates/model by `make bindings`. Do not edit.

export const BOUNDS = {
  MAX_DURATION_MS: 3153600000000,
  MAX_BACKOFF_FACTOR: 1000,
  MAX_RETRIES: 1000000000,
  MAX_BYTES: 1000000000000000,
  MIN_MEMORY_BYTES: 1048576,
  MAX_CPU_PERCENT: 100000,
  MIN_OPEN_FILES: 8,
  MAX_OPEN_FILES: 1073741824,
  MAX_PROCESSES: 4194304,
  MAX_LANE_CAPACITY: 1000000,
  MIN_LOG_BYTES: 1000000,
  MAX_KEEP_DAYS: 36500,
  MAX_KEEP_TASKS: 1000000000,
} as const;

export type TaskSpec = { 
/**
 * The lane.
 */
slot: string, kind: TaskKind, 
/**
 * Milliseconds that one attempt may take; unlimited when absent. The sleep of the machine counts, as it does in the times
 * that are shown and in the waits between attempts.
 */
timeout?: number, restart?: RestartStrategy, backoff?: BackoffStrategy, admission?: AdmissionStrategy, 
/**
 * How often a failed attempt may be repeated; unlimited when absent.
 */
maxRetries?: number, runnerSelector?: RunnerSelector, labels?: { [key in string]: string }, limits?: ResourceLimits, };

export type TaskKind = { "subprocess": SubprocessTask } | { "container": ContainerTask } | { "wasm": WasmTask };

export type SubprocessTask = { mode: SubprocessMode, 
/**
 * Added to the environment of the app; a later entry of the same key wins.
 */
env?: Array<EnvVar>, 
/**
 * Absolute directory to run in; the home directory when absent.
 */
cwd?: string, 
/**
 * Whether an exit code other than 0 is a failure.
 */
failOnNonZero?: boolean, 
/**
 * What becomes of the processes that are left when the main program ends by itself.
 */
afterMain?: AfterMain, };

export type SubprocessMode = { "command": CommandMode } | { "script": ScriptMode };

export type CommandMode = { command: string, args?: Array<string>, };

export type ScriptMode = { runtime: ScriptRuntime, 
/**
 * Standard base64 of UTF-8 text, at most [`MAX_SCRIPT_BYTES`] decoded.
 */
body: string, args?: Array<string>, };

export type ScriptRuntime = "bash" | "python" | "node" | { "custom": CustomRuntime };

export type CustomRuntime = { command: string, flag: string, };

export type AfterMain = "wait" | "end";

export type ContainerTask = { image: string, command?: Array<string>, args?: Array<string>, env?: Array<EnvVar>, };

export type WasmTask = { module: string, args?: Array<string>, env?: Array<EnvVar>, };

export type EnvVar = { key: string, value: string, };

export type RestartStrategy = { "type": "never" } | { "type": "onFailure" } | { "type": "always", 
/**
 * Milliseconds between a success and the next attempt; 0 when absent, subject to the supervisor's floor.
 */
intervalMs?: number, };

export type BackoffStrategy = { jitter: JitterStrategy, 
/**
 * Milliseconds.
 */
firstMs: number, 
/**
 * Milliseconds.
 */
maxMs: number, factor: number, };

export type JitterStrategy = "none" | "full" | "equal" | "decorrelated";

export type AdmissionStrategy = "dropIfRunning" | "replace" | "queue";

export type RunnerSelector = { matchLabels?: { [key in string]: string }, matchExpressions?: Array<MatchExpression>, };

export type MatchExpression = { key: string, operator: Operator, 
/**
 * Given with `In` and `NotIn` only.
 */
values?: Array<string>, };

export type Operator = "In" | "NotIn" | "Exists" | "DoesNotExist";

export type Task = { metadata: ObjectMeta, spec: TaskSpec, status: TaskStatus, };

export type ObjectMeta = { id: string, 
/**
 * Grows with every change of any task; a reader that holds an older one re-reads.
 */
resourceVersion: number, 
/**
 * Unix milliseconds.
 */
createdAt: number, 
/**
 * Unix milliseconds.
 */
updatedAt: number, };

export type TaskStatus = { phase: TaskPhase, 
/**
 * The latest attempt, from 1; 0 before the first.
 */
attempt: number, 
/**
 * Of the latest finished attempt, when its program exited by itself.
 */
exitCode?: number, 
/**
 * One sentence for a person.
 */
error?: string, };

export type TaskPhase = "pending" | "running" | "succeeded" | "failed" | "timeout" | "canceled" | "exhausted";

export type TaskRun = { 
/**
 * From 1.
 */
attempt: number, phase: TaskPhase, 
/**
 * Unix milliseconds.
 */
startedAt: number, 
/**
 * Unix milliseconds.
 */
finishedAt?: number, error?: string, exitCode?: number, 
/**
 * Once it has ended, unless nobody was there to see it.
 */
usage?: RunUsage, 
/**
 * One sentence on what its end has left undone, such as output that could not be kept; also of one that succeeded.
 */
remark?: string, };

export type RunUsage = { 
/**
 * Processor time in user and system mode, in milliseconds.
 */
cpuMs: number, 
/**
 * The most memory at a time, in bytes: of all processes together where the system counts a run's memory, else of the
 * largest of them.
 */
peakMemoryBytes?: number, 
/**
 * From disks; what was in memory already does not count.
 */
readBytes?: number, 
/**
 * To disks.
 */
writtenBytes?: number, };

export type UsageSample = { attempt: number, 
/**
 * Unix milliseconds.
 */
at: number, 
/**
 * Processor time so far, in milliseconds.
 */
cpuMs: number, 
/**
 * Since the sample before, 100 for one processor; absent in the first.
 */
cpuPercent?: number, memoryBytes: number, processes: number, };

export type ResourceLimits = { 
/**
 * Of all processes together.
 */
memoryBytes?: number, 
/**
 * Of all processes together; 100 is one processor.
 */
cpuPercent?: number, 
/**
 * Of each process.
 */
openFiles?: number, 
/**
 * At a time, threads counted.
 */
processes?: number, 
/**
 * Standard output and standard error together; a run that prints more is ended as failed.
 */
outputBytes?: number, };

export type TaskQuery = { slot?: string, status?: Array<TaskPhase>, limit?: number, offset?: number, };

export type OutputEvent = { "type": "runStarted", attempt: number, 
/**
 * Unix milliseconds.
 */
startedAt: number, } | { "type": "chunk", attempt: number, stream: OutputStreamKind, 
/**
 * Counts the lines of this attempt and stream from 0.
 */
seq: number, 
/**
 * Unix milliseconds.
 */
ts: number, 
/**
 * The line without its newline; bytes that are not UTF-8 are replaced by U+FFFD (the log keeps them).
 */
line: string, } | { "type": "runFinished", attempt: number, exitCode?: number, 
/**
 * Unix milliseconds.
 */
finishedAt: number, } | { "type": "lagged", skipped: number, };

export type OutputStreamKind = "stdout" | "stderr";

export type ListQuery = { phases?: Array<TaskPhase>, slot?: string, labels?: { [key in string]: string }, 
/**
 * Matches the name and the command, case ignored.
 */
text?: string, exitCode?: number, 
/**
 * Created at or after this time, in Unix milliseconds.
 */
sinceMs?: number, 
/**
 * `nextCursor` of the page before; opaque.
 */
cursor?: string, limit?: number, };

export type TaskList = { 
/**
 * Fewer than the limit where they would be too many bytes; `nextCursor` says whether there are more.
 */
rows: Array<TaskRow>, 
/**
 * All matches, not the page.
 */
total: number, nextCursor?: string, };

export type TaskRow = { task: TaskHead, 
/**
 * Start of the latest attempt, in Unix milliseconds.
 */
startedAt?: number, finishedAt?: number, nextAttemptAt?: number, 
/**
 * Why a pending task is not running.
 */
waiting?: Waiting, 
/**
 * A stop was asked for and is under way.
 */
stopping: boolean, 
/**
 * Its main program has ended, and others of the run go on.
 */
mainEnded?: MainEnded, 
/**
 * That of the latest run, once it has ended; see [`crate::TaskRun`].
 */
remark?: string, 
/**
 * Why nothing can be learned of it for now, or its start is put off; one sentence. It is tried again by itself.
 */
trouble?: string, 
/**
 * The latest runs, oldest first.
 */
recentRuns: Array<RunMark>, };

export type TaskHead = { metadata: ObjectMeta, spec: SpecHead, status: TaskStatus, };

export type SpecHead = { slot: string, 
/**
 * The label `name`, else the command.
 */
name: string, 
/**
 * As a person would write it; of a script its interpreter and arguments.
 */
command: string, labels?: { [key in string]: string }, 
/**
 * Name, command or labels were longer and are cut, or left out.
 */
cut?: boolean, };

export type HistoryQuery = { 
/**
 * Later than this attempt, or event.
 */
after?: number, 
/**
 * Earlier than this attempt, or event.
 */
before?: number, 
/**
 * 100 by default, 1,000 at most.
 */
limit?: number, };

export type AttemptsNotKept = { 
/**
 * The last attempt before them; 0 when there is none.
 */
after: number, count: number, };

export type RunPage = { 
/**
 * Oldest first.
 */
runs: Array<TaskRun>, 
/**
 * Whether there are more on the side where the page was cut.
 */
more: boolean, 
/**
 * Of the whole task.
 */
notKept?: AttemptsNotKept, };

export type EventPage = { 
/**
 * Oldest first.
 */
events: Array<TaskEvent>, 
/**
 * Whether there are more on the side where the page was cut.
 */
more: boolean, 
/**
 * Of the whole task.
 */
notKept?: AttemptsNotKept, };

export type Waiting = { "reason": "lane", position: number, behind: string, } | { "reason": "backoff", until: number, } | { "reason": "crashLoop", until: number, } | { "reason": "lanePaused" } | { "reason": "starting" };

export type RunMark = { attempt: number, phase: TaskPhase, durationMs?: number, };

export type MainEnded = { 
/**
 * Of the main program; absent when a signal has ended it.
 */
exitCode?: number, 
/**
 * How many processes of the run still write; 0 when it is one that cannot be found among them.
 */
writers: number, 
/**
 * All of it in one sentence, with the names of the processes.
 */
text: string, };

export type Summary = { 
/**
 * Every phase is there, with 0 where no task is in it.
 */
byPhase: Record<TaskPhase, number>, lanes: Array<Lane>, labels: Array<LabelCount>, resourceVersion: number, storage: StorageState, 
/**
 * The limits of the logs that cannot be kept for now, each once.
 */
unkeptLimits: Array<UnkeptLimit>, };

export type StorageState = "ok" | "readOnly" | "unreadable";

export type UnkeptLimit = { limit: LogLimit, 
/**
 * How much too much the logs take, or how much is not free that ought to be, in bytes; rounded up.
 */
bytes: number, 
/**
 * The task that exceeds it most, where it is a limit of each run or task.
 */
task?: string, };

export type LogLimit = "runBytes" | "taskBytes" | "totalBytes" | "minFreeBytes";

export type LabelCount = { key: string, value: string, count: number, };

export type Lane = { slot: string, capacity: number, 
/**
 * Tasks that hold a place: running, starting, or between two attempts.
 */
running: number, queued: number, paused: boolean, };

export type TaskChange = { resourceVersion: number, changed: Array<TaskRow>, deleted: Array<string>, summary: Summary, resync: boolean, };

export type TaskEvent = { seq: number, 
/**
 * Unix milliseconds.
 */
at: number, attempt?: number, kind: TaskEventKind, detail?: string, };

export type TaskEventKind = "queued" | "admitted" | "started" | "mainEnded" | "stopRequested" | "exited" | "startFailed" | "retryScheduled" | "finished" | "lost" | "attached" | "unknown";

export type StopMode = "graceful" | "kill";

export type LogInfo = { attempt: number, rows: number, bytes: number, 
/**
 * Whether more may come.
 */
live: boolean, phase: TaskPhase, exitCode?: number, error?: string, 
/**
 * See [`crate::TaskRun`].
 */
remark?: string, 
/**
 * Unix milliseconds.
 */
startedAt: number, finishedAt?: number, 
/**
 * The task's latest attempt.
 */
attempts: number, };

export type LogRows = { from: number, total: number, rows: Array<LogRow>, };

export type LogRow = { 
/**
 * From 0 in each attempt.
 */
row: number, stream: OutputStreamKind, 
/**
 * Unix milliseconds.
 */
ts: number, 
/**
 * What a terminal shows of the line: escapes are gone, and what was overwritten. At most [`crate::MAX_ROW_BYTES`] of it;
 * bytes that are not UTF-8 are replaced by U+FFFD.
 */
text: string, 
/**
 * How the parts of the text look, from its beginning to its end; left out when all of it is plain.
 * Colours that earlier rows of its stream left switched on go on, for 64 KiB of the log at least and 128 KiB at most.
 */
spans?: Array<RowSpan>, 
/**
 * About how many bytes of the text are left out at its end; left out itself when all of it is there.
 */
more?: number, 
/**
 * Bytes of the whole line.
 */
fullLen: number, 
/**
 * The line has no newline yet.
 */
partial: boolean, 
/**
 * It goes on with the line of an earlier row of its stream.
 */
continued: boolean, 
/**
 * Not a line: this many bytes found no space on the disk.
 */
gap?: number, 
/**
 * Not a line: what retention has removed from here on.
 */
removed?: RemovedRows, };

export type RowSpan = { 
/**
 * Its length in UTF-16 units.
 */
len: number, 
/**
 * An index into the palette of 256 colours, or 0x1000000 and a colour as 0xRRGGBB.
 */
fg?: number, 
/**
 * As `fg`, behind the text.
 */
bg?: number, bold?: boolean, dim?: boolean, italic?: boolean, underline?: boolean, strike?: boolean, 
/**
 * Text and ground change their colours.
 */
inverse?: boolean, 
/**
 * Characters that are invisible or rearrange the text: something is to be drawn in the place of each.
 */
control?: boolean, 
/**
 * The address that the program links it to, as it was printed.
 */
link?: string, };

export type RemovedRows = { rows: number, bytes: number, };

export type LogQuery = { 
/**
 * A literal, or with `regex` an expression in the syntax of the Rust crate `regex`. Empty matches every row.
 */
pattern: string, regex: boolean, caseSensitive: boolean, 
/**
 * What is matched must not stand within a longer word.
 */
wholeWord: boolean, 
/**
 * The rows that do not match.
 */
invert: boolean, 
/**
 * Rows of this stream only.
 */
stream?: OutputStreamKind, 
/**
 * Match what escape sequences show. Without, a row that has some is matched by what was printed, escapes and all.
 */
ignoreAnsi: boolean, };

export type SearchProgress = { 
/**
 * Matching rows so far.
 */
matches: number, searchedBytes: number, totalBytes: number, 
/**
 * All that the log holds was searched.
 */
complete: boolean, 
/**
 * The log may grow, and the search goes on as it does.
 */
live: boolean, 
/**
 * The search ended because the log cannot be read.
 */
error?: string, 
/**
 * The first matching row found so far at or after the row that was near; else the last one before it.
 */
nearest?: number, };

export type SearchHit = { row: number, 
/**
 * From 1, among the matches that are known.
 */
index: number, total: number, };

export type RowRanges = { row: number, 
/**
 * Begin and end of each match in UTF-16 columns of [`crate::LogRow::text`].
 */
ranges: Array<[number, number]>, };

export type TaskHits = { 
/**
 * Runs with at least one match, newest task first.
 */
tasks: Array<RunHits>, searchedTasks: number, totalTasks: number, complete: boolean, };

export type RunHits = { id: string, attempt: number, matches: number, firstRow: number, 
/**
 * The beginning of the first matching row.
 */
firstText: string, };

export type LogDensity = { rows: number, buckets: Array<DensityBucket>, };

export type DensityBucket = { stdout: number, stderr: number, 
/**
 * Matches of the search that was named; 0 without one.
 */
matches: number, };

export type LineChunk = { 
/**
 * Bytes that are not UTF-8 are replaced by U+FFFD. Ends between two characters.
 */
text: string, fromByte: number, 
/**
 * Where the next chunk begins.
 */
nextByte: number, 
/**
 * Bytes of the whole text.
 */
fullLen: number, };

export type TextPosition = { row: number, 
/**
 * UTF-16 column of the row's text.
 */
column: number, };

export type LogText = { text: string, 
/**
 * The selection was longer than [`MAX_TEXT_BYTES`]; this is its beginning.
 */
truncated: boolean, };

export type ExportedLog = { path: string, bytes: number, rows: number, };

export type RunId = { 
/**
 * `id` in JSON, where that is a task's everywhere.
 */
id: string, 
/**
 * From 1. In a request 0 stands for the latest.
 */
attempt: number, };

export type MergedRows = { from: number, total: number, rows: Array<MergedRow>, };

export type MergedRow = { 
/**
 * Its number in the merged order. A row that stands for removed ones counts as many.
 */
position: number, 
/**
 * Which of the sources it is from, counted from 0 in the order in which they were given.
 */
source: number, 
/**
 * From 0 in each attempt.
 */
row: number, stream: OutputStreamKind, 
/**
 * Unix milliseconds.
 */
ts: number, 
/**
 * What a terminal shows of the line: escapes are gone, and what was overwritten. At most [`crate::MAX_ROW_BYTES`] of it;
 * bytes that are not UTF-8 are replaced by U+FFFD.
 */
text: string, 
/**
 * How the parts of the text look, from its beginning to its end; left out when all of it is plain.
 * Colours that earlier rows of its stream left switched on go on, for 64 KiB of the log at least and 128 KiB at most.
 */
spans?: Array<RowSpan>, 
/**
 * About how many bytes of the text are left out at its end; left out itself when all of it is there.
 */
more?: number, 
/**
 * Bytes of the whole line.
 */
fullLen: number, 
/**
 * The line has no newline yet.
 */
partial: boolean, 
/**
 * It goes on with the line of an earlier row of its stream.
 */
continued: boolean, 
/**
 * Not a line: this many bytes found no space on the disk.
 */
gap?: number, 
/**
 * Not a line: what retention has removed from here on.
 */
removed?: RemovedRows, };

export type SourceRow = { 
/**
 * Which of the sources, counted from 0 in the order in which they are given.
 */
source: number, row: number, };

export type Bookmark = { attempt: number, row: number, note: string, 
/**
 * When it was set last, Unix milliseconds.
 */
at: number, };

export type Settings = { logs: LogSettings, finished: FinishedSettings, closing: Closing, tray: TraySettings, notifications: NotificationSettings, theme: Theme, environment: EnvironmentSettings, api: ApiSettings, connections: Array<Connection>, };

export type LogSettings = { runBytes: number | null, 
/**
 * All runs of a task.
 */
taskBytes: number | null, totalBytes: number | null, 
/**
 * Logs are shortened before less than this is free on their disk.
 */
minFreeBytes: number, 
/**
 * The beginning of each log, which is kept when older parts are removed.
 */
keepHeadBytes: number, };

export type FinishedSettings = { keepDays: number | null, 
/**
 * The latest so many.
 */
keepTasks: number | null, 
/**
 * Of a task's attempts the latest so many, beside the first ten: runs, events and logs. 10 to 10,000.
 */
keepAttempts: number, };

export type Closing = "ask" | "background" | "stopAll";

export type TraySettings = { 
/**
 * Where the desktop has a tray. While the icon is there, the app need not end with its last window.
 */
show: boolean, };

export type NotificationSettings = { 
/**
 * When a task fails.
 */
failures: boolean, 
/**
 * When a task that ran for long finishes.
 */
longRuns: boolean, };

export type Theme = "system" | "light" | "dark";

export type EnvironmentSettings = { 
/**
 * Ask the login shell for its environment when the app starts.
 */
captureLoginShell: boolean, };

export type ApiSettings = { 
/**
 * The Unix socket in the data folder, for this user alone.
 */
socket: boolean, http: HttpSettings, grpc: GrpcSettings, };

export type HttpSettings = { enabled: boolean, 
/**
 * Address and port, as in `127.0.0.1:7654` or `[::1]:7654`.
 */
address: string, tls: TlsMode, 
/**
 * Names under which other machines may call this one, beside its address.
 */
allowedHosts: Array<string>, };

export type TlsMode = "auto" | "off";

export type GrpcSettings = { enabled: boolean, address: string, };

export type Connection = { name: string, 
/**
 * `https://…`, `http://` to this machine only, or `ssh://[user@]host[:port]`.
 */
url: string, 
/**
 * Of the one certificate that is trusted there, SHA-256; without it the public authorities judge. For `https` only.
 */
fingerprint?: string, };

export type InheritedEnvironment = { capture: ShellCapture, 
/**
 * By name.
 */
variables: Array<InheritedVariable>, };

export type InheritedVariable = { name: string, 
/**
 * `None` for a secret one. Bytes that are not UTF-8 are replaced by U+FFFD.
 */
value?: string, origin: VariableOrigin, };

export type VariableOrigin = "app" | "loginShell";

export type RunEnvironment = { attempt: number, 
/**
 * By name.
 */
variables: Array<RunVariable>, };

export type RunVariable = { name: string, 
/**
 * `None` for a secret one, and for a directory that only the user database knows.
 */
value?: string, origin: RunVariableOrigin, 
/**
 * Where one of that name came from that was inherited and has given way to this one.
 */
insteadOf?: VariableOrigin, };

export type RunVariableOrigin = "app" | "loginShell" | "run" | "task";

export type ShellCapture = { "state": "captured", shell: string, tookMs: number, 
/**
 * Why only a part was told, which tasks get all the same: half a sentence.
 */
problem?: string, } | { "state": "off" } | { "state": "fromTerminal" } | { "state": "failed", shell: string, reason: string, };

export type Diagnosis = { 
/**
 * Of the app.
 */
version: string, findings: Array<Finding>, };

export type Finding = { 
/**
 * What was looked at: "Data folder". Each but once.
 */
what: string, state: FindingState, 
/**
 * How it is, in a phrase.
 */
said: string, 
/**
 * What to do about it, in a sentence or two.
 */
advice?: string, };

export type FindingState = "ok" | "warning" | "problem";
