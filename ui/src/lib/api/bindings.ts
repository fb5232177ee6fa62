// Generated from crates/model by `make bindings`. Do not edit.

export const BOUNDS = {
  MAX_DURATION_MS: 3153600000000,
  MAX_BACKOFF_FACTOR: 1000,
  MAX_RETRIES: 1000000000,
  MAX_PRIORITY: 100,
  MAX_BYTES: 1000000000000000,
  MAX_LANE_CAPACITY: 1000000,
  MIN_LOG_BYTES: 1000000,
  MAX_KEEP_DAYS: 36500,
  MAX_KEEP_TASKS: 1000000000,
  MIN_KEPT_ATTEMPTS: 10,
  MAX_KEPT_ATTEMPTS: 10000,
  MAX_MERGED_LOGS: 16,
} as const;

export type FieldError = { 
/**
 * Its path in the JSON document, as in `kind.subprocess.cwd`.
 */
field: string, 
/**
 * What is wrong, to be put behind the name of the field.
 */
message: string, };

export type TaskSpec = { 
/**
 * The lane.
 */
slot: string, 
/**
 * Whether the lane is for this task alone; absent, its name tells. It changes how lanes are shown, and nothing else.
 */
ownLane?: boolean, 
/**
 * What is run.
 */
kind: TaskKind, 
/**
 * Milliseconds that one attempt may take; unlimited when absent. The sleep of the machine counts, as it does in the times
 * that are shown and in the waits between attempts.
 */
timeout?: number, 
/**
 * When a finished attempt is followed by another one.
 */
restart?: RestartStrategy, 
/**
 * How long it takes until a failed attempt is repeated.
 */
backoff?: BackoffStrategy, 
/**
 * What happens when the lane is busy.
 */
admission?: AdmissionStrategy, 
/**
 * How often a failed attempt may be repeated; unlimited when absent.
 */
maxRetries?: number, 
/**
 * Which runners may take it; any when absent.
 */
runnerSelector?: RunnerSelector, 
/**
 * Marks by which tasks are found; `name` is what the task is called.
 */
labels?: { [key in string]: string }, 
/**
 * What one run may use; unlimited when absent.
 */
limits?: ResourceLimits, 
/**
 * What is asked of a cluster. A task that has this is for one, as is a task whose `runnerSelector` says `runner=slurm`.
 */
cluster?: ClusterRequest, 
/**
 * What the program reads at its standard input; nothing when absent.
 */
stdin?: Stdin, 
/**
 * The saved job that it belongs to. It keeps it when that is deleted.
 */
job?: string, 
/**
 * The revision of the job that it was made from.
 */
jobRevision?: number, 
/**
 * It does not start before this time, in Unix milliseconds; nor does it ask for a place in its lane.
 */
notBefore?: number, 
/**
 * Of those that wait in a lane the one with the highest goes first.
 */
priority?: number, 
/**
 * Tasks that have to get somewhere before this one asks for a place in its lane: all of them. When one cannot get there any
 * more, this one is canceled.
 */
after?: Array<AfterTask>, 
/**
 * What becomes of it when the machine is restarted before it is over. When absent, a task that is always restarted goes on,
 * one that waited is held, and one that ran has failed.
 */
afterReboot?: AfterReboot, 
/**
 * What is done when a run prints nothing for long; nothing when absent.
 */
stall?: Stall, 
/**
 * Whom it tells of its end, beside or instead of what the settings say.
 */
notify?: NotifyRules, 
/**
 * Whether the machine is kept from sleeping while it runs. What its lane says counts too, whichever asks for more.
 */
keepAwake?: KeepAwake, 
/**
 * Secret parameters of its job, by their names. Their values are not in the spec: each is put in where `{{name}}` stands in the
 * value of a variable, when the program is started.
 */
secrets?: Array<string>, };

export type TaskKind = { "subprocess": SubprocessTask } | { "container": ContainerTask } | { "wasm": WasmTask };

export type SubprocessTask = { 
/**
 * What is executed.
 */
mode: SubprocessMode, 
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

export type CommandMode = { 
/**
 * A name that is looked up in PATH, or a path.
 */
command: string, 
/**
 * Without the program's own name.
 */
args?: Array<string>, };

export type ScriptMode = { 
/**
 * What runs it.
 */
runtime: ScriptRuntime, 
/**
 * Standard base64 of UTF-8 text, at most [`MAX_SCRIPT_BYTES`] decoded.
 */
body: string, 
/**
 * What the script is given.
 */
args?: Array<string>, };

export type ScriptRuntime = "bash" | "python" | "node" | { "custom": CustomRuntime };

export type CustomRuntime = { 
/**
 * A name that is looked up in PATH, or a path.
 */
command: string, 
/**
 * Behind it the interpreter takes a program text.
 */
flag: string, };

export type AfterMain = "wait" | "end";

export type ContainerTask = { 
/**
 * Its name and tag.
 */
image: string, 
/**
 * Instead of the image's own entry point.
 */
command?: Array<string>, 
/**
 * Behind the command.
 */
args?: Array<string>, 
/**
 * Set in the container.
 */
env?: Array<EnvVar>, 
/**
 * What of this machine it sees beside its image.
 */
volumes?: Array<Volume>, 
/**
 * `none`, `host`, `bridge` or the name of a network; what the engine has by default when absent.
 */
network?: string, 
/**
 * A name or a number, also with a group as in `1000:1000`; the image's own when absent.
 */
user?: string, 
/**
 * Absolute directory in the container to run in; the image's own when absent.
 */
workdir?: string, 
/**
 * When the image is fetched from its registry.
 */
pull?: PullPolicy, };

export type Volume = { 
/**
 * An absolute path of this machine, which is there, or the name of a volume, which the engine makes where there is none.
 */
source: string, 
/**
 * The absolute path in the container.
 */
target: string, 
/**
 * Whether the container may only read it.
 */
readOnly?: boolean, };

export type PullPolicy = "missing" | "always" | "never";

export type WasmTask = { 
/**
 * Its absolute path.
 */
module: string, 
/**
 * What it is given.
 */
args?: Array<string>, 
/**
 * Set for it; it sees no others.
 */
env?: Array<EnvVar>, 
/**
 * Folders of this machine that it sees; none when absent.
 */
dirs?: Array<WasmDir>, };

export type WasmDir = { 
/**
 * Its absolute path, which is there.
 */
host: string, 
/**
 * What the module calls it, as in `/data` or `.`.
 */
guest: string, 
/**
 * Whether the module may only read in it.
 */
readOnly?: boolean, };

export type EnvVar = { 
/**
 * Not empty, and without `=`.
 */
key: string, 
/**
 * May be empty.
 */
value: string, };

export type RestartStrategy = { "type": "never" } | { "type": "onFailure" } | { "type": "always", 
/**
 * Milliseconds between a success and the next attempt; 0 when absent, subject to the supervisor's floor.
 */
intervalMs?: number, };

export type BackoffStrategy = { 
/**
 * How the waits are spread.
 */
jitter: JitterStrategy, 
/**
 * Milliseconds.
 */
firstMs: number, 
/**
 * Milliseconds.
 */
maxMs: number, 
/**
 * What each wait is longer by than the one before; 1 keeps them alike.
 */
factor: number, };

export type JitterStrategy = "none" | "full" | "equal" | "decorrelated";

export type AdmissionStrategy = "dropIfRunning" | "replace" | "queue";

export type RunnerSelector = { 
/**
 * Each of these labels is the runner's, with the same value.
 */
matchLabels?: { [key in string]: string }, 
/**
 * Each of these holds.
 */
matchExpressions?: Array<MatchExpression>, };

export type MatchExpression = { 
/**
 * The label.
 */
key: string, 
/**
 * How its value is held against `values`.
 */
operator: Operator, 
/**
 * Given with `In` and `NotIn` only.
 */
values?: Array<string>, };

export type Operator = "In" | "NotIn" | "Exists" | "DoesNotExist";

export type Task = { 
/**
 * Which task, and of when this is.
 */
metadata: ObjectMeta, 
/**
 * As it was submitted.
 */
spec: TaskSpec, 
/**
 * How far it is.
 */
status: TaskStatus, };

export type ObjectMeta = { 
/**
 * Of this task alone, for ever.
 */
id: string, 
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

export type TaskStatus = { 
/**
 * Where it stands.
 */
phase: TaskPhase, 
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
attempt: number, 
/**
 * Where it stands.
 */
phase: TaskPhase, 
/**
 * Unix milliseconds.
 */
startedAt: number, 
/**
 * Unix milliseconds.
 */
finishedAt?: number, 
/**
 * Why it did not succeed, in one sentence.
 */
error?: string, 
/**
 * When its program exited by itself.
 */
exitCode?: number, 
/**
 * Once it has ended, unless nobody was there to see it.
 */
usage?: RunUsage, 
/**
 * One sentence on what its end has left undone, such as output that could not be kept; also of one that succeeded.
 */
remark?: string, 
/**
 * The runner that it was given to; not known of runs of earlier versions.
 */
runner?: string, 
/**
 * The node of a cluster that it is or was on, as the cluster names it.
 */
node?: string, 
/**
 * How long its processes stood still, of one that was suspended. That is no part of how long it took.
 */
suspension?: Suspension, };

export type Suspension = { 
/**
 * In all, in milliseconds, up to `since`.
 */
totalMs: number, 
/**
 * They stand still since then, Unix milliseconds; absent while they go on.
 */
since?: number, };

export type RunnerInfo = { 
/**
 * As runs name it: `local`, `podman`, `wasmtime`.
 */
name: string, 
/**
 * What the `runnerSelector` of a task is held against.
 */
labels: { [key in string]: string }, 
/**
 * The words of the kinds of tasks that it takes.
 */
kinds: Array<string>, 
/**
 * Why it takes none now, in a sentence; absent where it does.
 */
unavailable?: string, 
/**
 * What it runs containers by.
 */
engine?: ContainerEngine, 
/**
 * What it runs WebAssembly by.
 */
wasm?: WasmEngine, 
/**
 * The cluster that it hands tasks to.
 */
cluster?: BatchCluster, 
/**
 * Of another machine: the runners that it has, as it has said lately; absent where it has not.
 */
there?: Array<RunnerInfo>, };

export type ContainerEngine = { 
/**
 * Its path.
 */
program: string, 
/**
 * As it says it.
 */
version: string, 
/**
 * Whether it works without the rights of the superuser.
 */
rootless: boolean, 
/**
 * The program that it starts containers by, such as `crun`.
 */
runtime?: string, 
/**
 * The version of the control groups that limits are kept by: `v1` or `v2`.
 */
cgroups?: string, };

export type WasmEngine = { 
/**
 * Its path.
 */
program: string, 
/**
 * Its own, and that of what it is built on, as it says them: `0.1.0 (wasmtime 48.0.8)`.
 */
version: string, };

export type BatchCluster = { 
/**
 * What it is run by, as that says it: `slurm-wlm 22.05.8`.
 */
version: string, 
/**
 * In its own order.
 */
partitions: Array<ClusterPartition>, 
/**
 * Those that this user may charge; empty where the cluster keeps no accounts.
 */
accounts?: Array<string>, 
/**
 * Those that this user may ask for; empty where the cluster keeps no accounts.
 */
qos?: Array<string>, };

export type ClusterPreview = { "outlook": "starts", 
/**
 * Unix milliseconds; one that is past is at once.
 */
at: number, 
/**
 * Its node, as the cluster names it.
 */
node: string, 
/**
 * The partition that would start it.
 */
partition: string, } | { "outlook": "waits", 
/**
 * Why, in a phrase: `partition closed is down`.
 */
why: string, 
/**
 * The partition that it would wait in.
 */
partition: string, };

export type FolderCheck = { 
/**
 * Its path.
 */
folder: string, 
/**
 * The node, as the cluster names it.
 */
node: string, };

export type ClusterPartition = { 
/**
 * Its name.
 */
name: string, 
/**
 * Whether jobs that name none go there.
 */
isDefault: boolean, 
/**
 * Whether it starts jobs now.
 */
up: boolean, 
/**
 * Whether the cluster lists it only for who asks for all: jobs that name it may be taken all the same.
 */
hidden?: boolean, 
/**
 * How many nodes it has.
 */
nodes: number, 
/**
 * Minutes that a job may take; absent for no limit.
 */
timeLimitMinutes?: number, 
/**
 * GPUs of a node, as the cluster names them: `gpu:2`; absent for none.
 */
gpus?: string, 
/**
 * Features of its nodes that a constraint can name.
 */
features?: Array<string>, };

export type LocalImage = { 
/**
 * With its tag, as a task names it.
 */
name: string, 
/**
 * The runner that has it.
 */
runner: string, 
/**
 * In words, as its engine says it: `7.8 MB`.
 */
size?: string, };

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

export type UsageSample = { 
/**
 * The run's number within its task.
 */
attempt: number, 
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
cpuPercent?: number, 
/**
 * Resident memory, all processes together.
 */
memoryBytes: number, 
/**
 * How many processes there are.
 */
processes: number, };

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

export type ClusterRequest = { 
/**
 * Of several, separated by commas, the one that starts it first.
 */
partition?: string, 
/**
 * Whom it is charged to.
 */
account?: string, 
/**
 * The quality of service.
 */
qos?: string, 
/**
 * Processors, all on one node.
 */
cpus?: number, 
/**
 * GPUs, all on one node.
 */
gpus?: number, 
/**
 * After so many minutes the cluster ends it. When absent, what its `timeout` needs, or else what the partition gives.
 */
timeMinutes?: number, 
/**
 * Features that the node has to have, as in `a100&nvme`.
 */
constraint?: string, };

export type TaskQuery = { 
/**
 * Tasks of this lane only.
 */
slot?: string, 
/**
 * Tasks in one of these phases only; all when empty.
 */
status?: Array<TaskPhase>, 
/**
 * As many at most; 100 when absent.
 */
limit?: number, 
/**
 * Matches to leave out, the newest first.
 */
offset?: number, };

export type TaskPage<T> = { 
/**
 * Newest first.
 */
tasks: Array<T>, 
/**
 * All matches, not the page.
 */
total: number, };

export type OutputEvent = { "type": "runStarted", 
/**
 * From 1.
 */
attempt: number, 
/**
 * Unix milliseconds.
 */
startedAt: number, } | { "type": "chunk", 
/**
 * The run that printed it.
 */
attempt: number, 
/**
 * The stream that it came through.
 */
stream: OutputStreamKind, 
/**
 * Counts the lines of this attempt and stream from 0.
 */
seq: number, 
/**
 * Unix milliseconds.
 */
ts: number, 
/**
 * The line without its newline; bytes that are not UTF-8 are replaced by U+FFFD (`raw` has them).
 */
line: string, 
/**
 * It goes on where the chunk of this stream before it, which has the same `seq`, has left off.
 */
continues?: boolean, 
/**
 * No newline stands behind it: the rest of the line comes in chunks that continue it, or the output ended so.
 */
unfinished?: boolean, 
/**
 * What was printed, where that is not UTF-8.
 */
raw?: string, } | { "type": "runFinished", 
/**
 * The run.
 */
attempt: number, 
/**
 * When its program exited by itself.
 */
exitCode?: number, 
/**
 * Unix milliseconds.
 */
finishedAt: number, } | { "type": "lagged", 
/**
 * How many; at least, where nobody knows.
 */
skipped: number, 
/**
 * Why the log cannot be read, in a sentence.
 */
reason?: string, };

export type Stdin = "none" | { "text": string } | { "file": string } | "open";

export type AfterTask = { 
/**
 * The other task.
 */
task: string, 
/**
 * How far it has to get.
 */
when?: AfterWhen, };

export type AfterWhen = "succeeded" | "ended" | "failed" | "started";

export type AfterReboot = "start" | "hold" | "end";

export type OutputStreamKind = "stdout" | "stderr";

export type ListQuery = { 
/**
 * Tasks in one of these phases only; all when empty.
 */
phases?: Array<TaskPhase>, 
/**
 * Tasks of this lane only.
 */
slot?: string, 
/**
 * Tasks that have each of these labels.
 */
labels?: { [key in string]: string }, 
/**
 * Somewhere in the name or the command, case ignored.
 */
text?: string, 
/**
 * Tasks whose latest finished attempt has this exit code, or was killed by the signal that a shell has this code for.
 */
exitCode?: number, 
/**
 * Created at or after this time, in Unix milliseconds.
 */
sinceMs?: number, 
/**
 * Tasks of this saved job only.
 */
job?: string, 
/**
 * Somewhere in the name, case ignored.
 */
name?: string, 
/**
 * Tasks that are over and whose last attempt ran for at least so many milliseconds.
 */
tookAtLeastMs?: number, 
/**
 * As `tookAtLeastMs`, at most so many.
 */
tookAtMostMs?: number, 
/**
 * What is not listed although all the rest is true of it.
 */
without?: LeftOut, 
/**
 * By what the rows are sorted; by when they were made, the newest first, when absent.
 */
sort?: SortBy, 
/**
 * The other way round.
 */
reverse?: boolean, 
/**
 * `nextCursor` of the page before; opaque.
 */
cursor?: string, 
/**
 * As many at most; 100 when absent.
 */
limit?: number, };

export type TaskList = { 
/**
 * Fewer than the limit where they would be too many bytes; `nextCursor` says whether there are more.
 */
rows: Array<TaskRow>, 
/**
 * All matches, not the page.
 */
total: number, 
/**
 * Where the next page begins; absent at the end.
 */
nextCursor?: string, };

export type TaskRow = { 
/**
 * The task, as far as it fits into a row.
 */
task: TaskHead, 
/**
 * Start of the latest attempt, in Unix milliseconds.
 */
startedAt?: number, 
/**
 * When the task was over, in Unix milliseconds.
 */
finishedAt?: number, 
/**
 * When its next attempt begins, in Unix milliseconds.
 */
nextAttemptAt?: number, 
/**
 * Why a pending task is not running.
 */
waiting?: Waiting, 
/**
 * A stop was asked for and is under way.
 */
stopping: boolean, 
/**
 * Its processes stand still, and its timeout with them, until it is resumed.
 */
suspended?: boolean, 
/**
 * How long those of the latest run stood still; see [`crate::TaskRun`].
 */
suspension?: Suspension, 
/**
 * A cluster runs it; then it cannot be suspended.
 */
onCluster?: OnCluster, 
/**
 * It runs, and has printed nothing since then, Unix milliseconds, which is longer than its spec allows.
 */
silentSince?: number, 
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
recentRuns: Array<RunMark>, 
/**
 * Of a task of a job: how it and the tasks before it stand, oldest first.
 */
ofJob?: Array<TaskPhase>, 
/**
 * How long each of those took, in milliseconds; `null` for one that is not over, or never ran.
 */
ofJobMs?: Array<number | null>, };

export type OnCluster = { 
/**
 * As the cluster names it; absent while that is not known.
 */
node?: string, };

export type LastLine = { 
/**
 * Which task.
 */
task: string, 
/**
 * The run's number.
 */
attempt: number, 
/**
 * What a terminal shows of it, 240 bytes at most; never blank.
 */
text: string, };

export type TaskHead = { 
/**
 * Which task, and of when this is.
 */
metadata: ObjectMeta, 
/**
 * What a row says of its spec.
 */
spec: SpecHead, 
/**
 * How far it is.
 */
status: TaskStatus, };

export type SpecHead = { 
/**
 * The lane.
 */
slot: string, 
/**
 * Whether the lane is this task's own: its name says nothing to a person.
 */
ownLane: boolean, 
/**
 * The label `name`, else the command; one line.
 */
name: string, 
/**
 * As a person would type it; of a script the first line that says something, and its arguments.
 */
command: string, 
/**
 * As far as they fit.
 */
labels?: { [key in string]: string }, 
/**
 * See [`TaskSpec`].
 */
priority?: number, 
/**
 * The saved job that it belongs to.
 */
job?: string, 
/**
 * See [`TaskSpec`].
 */
notify?: NotifyRules, 
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
 * As many at most, 100 by default; more than 1,000 are taken as 1,000.
 */
limit?: number, };

export type AttemptsNotKept = { 
/**
 * The last attempt before them; 0 when there is none.
 */
after: number, 
/**
 * How many they are.
 */
count: number, };

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

export type Waiting = { "reason": "lane", 
/**
 * From 1.
 */
position: number, 
/**
 * The name of the task before it.
 */
behind: string, } | { "reason": "backoff", 
/**
 * Unix milliseconds.
 */
until: number, } | { "reason": "crashLoop", 
/**
 * Unix milliseconds.
 */
until: number, } | { "reason": "lanePaused" } | { "reason": "starting" } | { "reason": "notBefore", 
/**
 * Unix milliseconds.
 */
until: number, } | { "reason": "dependency", 
/**
 * The other task.
 */
on: string, 
/**
 * How far that has to get.
 */
when: AfterWhen, 
/**
 * What the other is called.
 */
name: string, } | { "reason": "held" } | { "reason": "condition", 
/**
 * What is waited for, in words that follow "waits for".
 */
what: string, } | { "reason": "cluster", 
/**
 * Why, in a phrase: `waits for 4 GPUs`.
 */
why: string, 
/**
 * When the cluster means to start it, in Unix milliseconds; absent where it does not say.
 */
about?: number, };

export type RunMark = { 
/**
 * The run's number within its task.
 */
attempt: number, 
/**
 * Where it stands.
 */
phase: TaskPhase, 
/**
 * How long it took; absent while it runs.
 */
durationMs?: number, };

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
byPhase: Record<TaskPhase, number>, 
/**
 * Those with a queue or a setting, then the shared ones, also those that nothing is in now, then those of single tasks;
 * 50 at most.
 */
lanes: Array<Lane>, 
/**
 * The most frequent ones.
 */
labels: Array<LabelCount>, 
/**
 * Of the latest change.
 */
resourceVersion: number, 
/**
 * Whether tasks can be stored.
 */
storage: StorageState, 
/**
 * The limits of the logs that cannot be kept for now, each once.
 */
unkeptLimits: Array<UnkeptLimit>, 
/**
 * All tasks are held: nothing starts in any lane.
 */
held?: boolean, 
/**
 * Whether the machine is kept from sleeping; absent while no task that runs asks for it.
 */
awake?: StaysAwake, 
/**
 * The last sleep of the machine since the engine began; absent before there was one.
 */
slept?: DigestSleep, 
/**
 * Which data folder answers, by an id that no other one has; absent where that is not known.
 */
instance?: string, };

export type StorageState = "ok" | "readOnly" | "unreadable";

export type UnkeptLimit = { 
/**
 * Which limit.
 */
limit: LogLimit, 
/**
 * How much too much the logs take, or how much is not free that ought to be, in bytes; rounded up.
 */
bytes: number, 
/**
 * The task that exceeds it most, where it is a limit of each run or task.
 */
task?: string, };

export type LogLimit = "runBytes" | "taskBytes" | "totalBytes" | "minFreeBytes";

export type LabelCount = { 
/**
 * The label.
 */
key: string, 
/**
 * Its value.
 */
value: string, 
/**
 * How many tasks have it.
 */
count: number, };

export type Lane = { 
/**
 * Its name.
 */
slot: string, 
/**
 * Tasks that it runs at once at most.
 */
capacity: number, 
/**
 * Tasks that hold a place: running, starting, or between two attempts.
 */
running: number, 
/**
 * Tasks that wait for a place; not those that wait for something else first.
 */
queued: number, 
/**
 * It starts nothing.
 */
paused: boolean, 
/**
 * Only tasks that have it for themselves have been in it.
 */
own: boolean, 
/**
 * What it asks of the machine before it starts a task.
 */
rules?: LaneRules, 
/**
 * What it waited for when the machine was last looked at; absent when it waits for nothing, or nothing waits in it.
 */
waitsFor?: string, };

export type TaskChange = { 
/**
 * Of the latest change that is in it.
 */
resourceVersion: number, 
/**
 * Of each task that has changed its row as it is now.
 */
changed: Array<TaskRow>, 
/**
 * Of `changed`, those that the query of the watch leaves out.
 */
unmatched?: Array<string>, 
/**
 * Tasks that are gone.
 */
deleted: Array<string>, 
/**
 * As it is after these changes.
 */
summary: Summary, 
/**
 * Too much changed to name: read the list again.
 */
resync: boolean, };

export type TaskEvent = { 
/**
 * Grows over all tasks.
 */
seq: number, 
/**
 * Unix milliseconds.
 */
at: number, 
/**
 * The run that it is about.
 */
attempt?: number, 
/**
 * What happened.
 */
kind: TaskEventKind, 
/**
 * More of it, in a phrase.
 */
detail?: string, };

export type TaskEventKind = "queued" | "admitted" | "started" | "mainEnded" | "stopRequested" | "exited" | "startFailed" | "retryScheduled" | "finished" | "lost" | "attached" | "held" | "released" | "edited" | "fulfilled" | "suspended" | "resumed" | "silent" | "unknown";

export type StopMode = "graceful" | "kill";

export type LogInfo = { 
/**
 * The run's number within its task.
 */
attempt: number, 
/**
 * Rows that there are.
 */
rows: number, 
/**
 * Bytes that were printed.
 */
bytes: number, 
/**
 * Whether more may come.
 */
live: boolean, 
/**
 * Where the run stands.
 */
phase: TaskPhase, 
/**
 * When its program exited by itself.
 */
exitCode?: number, 
/**
 * Why it did not succeed, in one sentence.
 */
error?: string, 
/**
 * See [`crate::TaskRun`].
 */
remark?: string, 
/**
 * Unix milliseconds.
 */
startedAt: number, 
/**
 * Unix milliseconds; absent while it runs.
 */
finishedAt?: number, 
/**
 * See [`crate::TaskRun`].
 */
suspension?: Suspension, 
/**
 * The task's latest attempt.
 */
attempts: number, 
/**
 * The encoding that it is read in, by its name in the Encoding Standard; absent for UTF-8.
 */
encoding?: string, 
/**
 * Somebody has chosen it. Else it is guessed by the log's bytes.
 */
encodingChosen?: boolean, };

export type RowNo = number & { readonly counts?: "row" };

export type MergedPosition = number & { readonly counts?: "merged position" };

export type RowKey = number & { readonly counts?: "key" };

export type Rank = number & { readonly counts?: "match" };

export type LogRows = { 
/**
 * The number of the first.
 */
from: RowNo, 
/**
 * Rows that there are.
 */
total: number, 
/**
 * In order.
 */
rows: Array<LogRow>, };

export type LogRow = { 
/**
 * From 0 in each attempt.
 */
row: RowNo, 
/**
 * The stream that it came through.
 */
stream: OutputStreamKind, 
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
removed?: RemovedRows, 
/**
 * What the line says of itself, by the rules that searches for errors and warnings go by.
 */
severity?: Severity, 
/**
 * Sections of a build's output that begin or end in the line, by marks that its text does not show; left out without any.
 */
sections?: Array<RowSection>, };

export type RowSection = { 
/**
 * By what its end knows its beginning.
 */
name: string, 
/**
 * It ends; else it begins.
 */
ends?: boolean, };

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
bg?: number, 
/**
 * Heavier.
 */
bold?: boolean, 
/**
 * Fainter.
 */
dim?: boolean, 
/**
 * Slanted.
 */
italic?: boolean, 
/**
 * With a line below.
 */
underline?: boolean, 
/**
 * With a line through it.
 */
strike?: boolean, 
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

export type RemovedRows = { 
/**
 * How many rows.
 */
rows: number, 
/**
 * Their bytes.
 */
bytes: number, };

export type LogQuery = { 
/**
 * A literal, or with `regex` an expression in the syntax of the Rust crate `regex`. Empty matches every row.
 */
pattern: string, 
/**
 * The pattern is a regular expression.
 */
regex: boolean, 
/**
 * Case counts.
 */
caseSensitive: boolean, 
/**
 * What is matched must not stand within a longer word.
 */
wholeWord: boolean, 
/**
 * The rows in which pattern and fields are not as they are asked for.
 */
invert: boolean, 
/**
 * Rows of this stream only.
 */
stream?: OutputStreamKind, 
/**
 * Match what escape sequences show. Without, a row that has some is matched by what was printed, escapes and all.
 */
ignoreAnsi: boolean, 
/**
 * Rows that say they are this only.
 */
severity?: Severity, 
/**
 * Without the rows that match this: a literal or an expression, as `pattern` is. Empty leaves none out.
 */
exclude?: string, 
/**
 * Rows whose fields hold this only: `level=error reqId=r-3 user.name!="two words"`, of JSON objects (names within them behind
 * dots) and of pairs as logfmt writes them. All of it has to be so; a value is compared by its own text, by `caseSensitive`,
 * and a row without the field differs. Empty asks for none.
 */
fields?: string, 
/**
 * Nobody waits for it: it takes one thread, one log after the other, and looks at a log that grows once a second.
 */
background?: boolean, };

export type Severity = "error" | "warning";

export type SearchProgress = { 
/**
 * Matching rows so far.
 */
matches: number, 
/**
 * Bytes of the log that were looked through.
 */
searchedBytes: number, 
/**
 * Bytes of the log, as it was when it was last looked at.
 */
totalBytes: number, 
/**
 * All that the log holds was searched.
 */
complete: boolean, 
/**
 * The log may grow, and the search goes on as it does.
 */
live: boolean, 
/**
 * Why the log cannot be read for now: the search goes on when it can.
 */
error?: string, 
/**
 * The first matching row found so far at or after the row that was near; else the last one before it.
 */
nearest?: RowKey, };

export type SearchHit = { 
/**
 * Its number; in a search of several logs its position in their merged order.
 */
row: RowKey, 
/**
 * From 1, among the matches that are known.
 */
index: number, 
/**
 * Matching rows found so far.
 */
total: number, };

export type RowRanges = { 
/**
 * The row's number.
 */
row: RowNo, 
/**
 * Begin and end of each match in UTF-16 columns of [`crate::LogRow::text`].
 */
ranges: Array<[number, number]>, };

export type MatchedRows = { 
/**
 * The rank of the first.
 */
from: Rank, 
/**
 * Matching rows found so far.
 */
total: number, 
/**
 * In order.
 */
rows: Array<LogRow>, };

export type MatchedMergedRows = { 
/**
 * The rank of the first.
 */
from: Rank, 
/**
 * Matching rows found so far.
 */
total: number, 
/**
 * In order.
 */
rows: Array<MergedRow>, };

export type TaskHits = { 
/**
 * Runs with at least one match, newest task first.
 */
tasks: Array<RunHits>, 
/**
 * Tasks whose logs were looked through.
 */
searchedTasks: number, 
/**
 * Tasks whose logs are to be looked through.
 */
totalTasks: number, 
/**
 * All of them were.
 */
complete: boolean, 
/**
 * Logs that could not be read up to now; the app's own log says why.
 */
unreadLogs: number, 
/**
 * Why the search ended before it came to all tasks.
 */
error?: string, };

export type RunHits = { 
/**
 * The task.
 */
id: string, 
/**
 * The run's number within it.
 */
attempt: number, 
/**
 * Matching rows.
 */
matches: number, 
/**
 * The number of the first of them.
 */
firstRow: RowNo, 
/**
 * The beginning of the first matching row.
 */
firstText: string, };

export type LogDensity = { 
/**
 * Of the whole log.
 */
rows: number, 
/**
 * Slices of equal numbers of rows, from the first row on.
 */
buckets: Array<DensityBucket>, };

export type DensityBucket = { 
/**
 * Lines of standard output that end in it.
 */
stdout: number, 
/**
 * Lines of standard error that end in it.
 */
stderr: number, 
/**
 * Matches of the search that was named; 0 without one.
 */
matches: number, };

export type LineChunk = { 
/**
 * Bytes that are not UTF-8 are replaced by U+FFFD. Begins and ends between two characters.
 */
text: string, 
/**
 * How its parts look, as in [`LogRow::spans`].
 */
spans?: Array<RowSpan>, 
/**
 * Begin and end of each match of the search that was named, in UTF-16 columns of this text; the first 1,000.
 */
ranges?: Array<[number, number]>, 
/**
 * Where in the row the text begins: at the byte that was asked for, or the beginning of the character that it is of.
 */
fromByte: number, 
/**
 * Where the next chunk begins.
 */
nextByte: number, 
/**
 * Bytes of the whole text.
 */
fullLen: number, };

export type LineMatch = { 
/**
 * Its first byte.
 */
fromByte: number, 
/**
 * The byte behind it.
 */
toByte: number, };

export type TextPosition = { 
/**
 * The row's number.
 */
row: RowNo, 
/**
 * UTF-16 column of the row's text.
 */
column: number, };

export type LogText = { 
/**
 * As it is shown, rows apart by newlines.
 */
text: string, 
/**
 * The selection was longer than [`MAX_TEXT_BYTES`]; this is its beginning.
 */
truncated: boolean, };

export type ExportedLog = { 
/**
 * Where it is on the machine that wrote it.
 */
path: string, 
/**
 * Its length.
 */
bytes: number, 
/**
 * How many rows are in it.
 */
rows: number, };

export type RunId = { 
/**
 * `id` in JSON, where that is a task's everywhere.
 */
id: string, 
/**
 * From 1. In a request 0 stands for the latest.
 */
attempt: number, };

export type MergedRows = { 
/**
 * The position of the first.
 */
from: MergedPosition, 
/**
 * Rows of all the logs.
 */
total: number, 
/**
 * In order.
 */
rows: Array<MergedRow>, };

export type MergedRow = { 
/**
 * Its number in the merged order. A row that stands for removed ones counts as many.
 */
position: MergedPosition, 
/**
 * Which of the sources it is from, counted from 0 in the order in which they were given.
 */
source: number, 
/**
 * From 0 in each attempt.
 */
row: RowNo, 
/**
 * The stream that it came through.
 */
stream: OutputStreamKind, 
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
removed?: RemovedRows, 
/**
 * What the line says of itself, by the rules that searches for errors and warnings go by.
 */
severity?: Severity, 
/**
 * Sections of a build's output that begin or end in the line, by marks that its text does not show; left out without any.
 */
sections?: Array<RowSection>, };

export type SourceRow = { 
/**
 * Which of the sources, counted from 0 in the order in which they are given.
 */
source: number, 
/**
 * Its number in its own log.
 */
row: RowNo, };

export type Bookmark = { 
/**
 * The run's number within the task.
 */
attempt: number, 
/**
 * Its number in the run's log.
 */
row: RowNo, 
/**
 * What the person wrote beside it; may be empty.
 */
note: string, 
/**
 * When it was set last, Unix milliseconds.
 */
at: number, };

export type DraftKind = "newTask" | "changedTask";

export type Settings = { 
/**
 * How much logs may take.
 */
logs: LogSettings, 
/**
 * How long what is over is kept.
 */
finished: FinishedSettings, 
/**
 * What closing the last window does.
 */
closing: Closing, 
/**
 * The icon in the desktop's tray.
 */
tray: TraySettings, 
/**
 * What the desktop is told of.
 */
notifications: NotificationSettings, 
/**
 * The colours of the windows.
 */
theme: Theme, 
/**
 * The editor for files that logs name.
 */
editor: EditorSettings, 
/**
 * What tasks inherit.
 */
environment: EnvironmentSettings, 
/**
 * The doors for other programs.
 */
api: ApiSettings, 
/**
 * The Slurm cluster that tasks can be handed to.
 */
slurm: SlurmSettings, 
/**
 * Other machines, each name once.
 */
connections: Array<Connection>, };

export type LogSettings = { 
/**
 * Each run.
 */
runBytes: number | null, 
/**
 * All runs of a task.
 */
taskBytes: number | null, 
/**
 * All runs of all tasks.
 */
totalBytes: number | null, 
/**
 * Logs are shortened before less than this is free on their disk.
 */
minFreeBytes: number, 
/**
 * The beginning of each log, which is kept when older parts are removed.
 */
keepHeadBytes: number, };

export type FinishedSettings = { 
/**
 * After so many days a finished task goes.
 */
keepDays: number | null, 
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

export type NotificationRule = { 
/**
 * The label's key; `name` is what a task is called.
 */
label: string, 
/**
 * Its value.
 */
value: string, 
/**
 * Whether a failure is told; as usual when absent.
 */
onFailure?: boolean, 
/**
 * Whether a success is told, however short it was; as usual when absent.
 */
onSuccess?: boolean, };

export type NotificationSettings = { 
/**
 * When a task fails.
 */
failures: boolean, 
/**
 * When a task that ran for long finishes.
 */
longRuns: boolean, 
/**
 * What is otherwise for tasks with some label; of several rules the first one that says something. What a task says of
 * itself (`notify`) goes before. 50 at most.
 */
rules: Array<NotificationRule>, };

export type Theme = "system" | "light" | "dark";

export type EditorSettings = { 
/**
 * A program and its arguments, quoted as for a shell, which does not see it: `code -g {file}:{line}:{column}`. Empty where
 * none is chosen.
 */
command: string, };

export type EnvironmentSettings = { 
/**
 * Ask the login shell for its environment when the app starts.
 */
captureLoginShell: boolean, };

export type SlurmSettings = { 
/**
 * Whether tasks may be handed to it.
 */
enabled: boolean, 
/**
 * A folder that this machine and all nodes have under the same path, as a home directory on such a cluster is: logs and records of
 * its tasks are kept in it. `null` until one is chosen.
 */
folder: string | null, };

export type ApiSettings = { 
/**
 * HTTP over TCP.
 */
http: HttpSettings, 
/**
 * gRPC over TCP.
 */
grpc: GrpcSettings, };

export type HttpSettings = { 
/**
 * Whether the door is open.
 */
enabled: boolean, 
/**
 * Address and port, as in `127.0.0.1:7654` or `[::1]:7654`.
 */
address: string, 
/**
 * Whether it is encrypted.
 */
tls: TlsMode, 
/**
 * Names under which other machines may call this one, beside its address.
 */
allowedHosts: Array<string>, };

export type TlsMode = "auto" | "off";

export type GrpcSettings = { 
/**
 * Whether the door is open.
 */
enabled: boolean, 
/**
 * Address and port, as in `127.0.0.1:7655`.
 */
address: string, };

export type Connection = { 
/**
 * What the person calls it.
 */
name: string, 
/**
 * `https://…`, `http://` to this machine only, or `ssh://[user@]host[:port]`.
 */
url: string, 
/**
 * Of the one certificate that is trusted there, SHA-256; without it the public authorities judge. For `https` only.
 */
fingerprint?: string, };

export type InheritedEnvironment = { 
/**
 * What came of asking the login shell.
 */
capture: ShellCapture, 
/**
 * By name.
 */
variables: Array<InheritedVariable>, };

export type InheritedVariable = { 
/**
 * As the system has it; bytes that are not UTF-8 are replaced by U+FFFD.
 */
name: string, 
/**
 * `None` for a secret one. Bytes that are not UTF-8 are replaced by U+FFFD.
 */
value?: string, 
/**
 * Where it came from.
 */
origin: VariableOrigin, };

export type VariableOrigin = "app" | "loginShell";

export type RunEnvironment = { 
/**
 * The run's number within its task.
 */
attempt: number, 
/**
 * By name.
 */
variables: Array<RunVariable>, };

export type RunVariable = { 
/**
 * As the system has it; bytes that are not UTF-8 are replaced by U+FFFD.
 */
name: string, 
/**
 * `None` for a secret one, and for a directory that only the user database knows.
 */
value?: string, 
/**
 * Where it came from.
 */
origin: RunVariableOrigin, 
/**
 * Where one of that name came from that was inherited and has given way to this one.
 */
insteadOf?: VariableOrigin, };

export type RunVariableOrigin = "app" | "loginShell" | "run" | "task";

export type ShellCapture = { "state": "captured", 
/**
 * Its path.
 */
shell: string, 
/**
 * Milliseconds.
 */
tookMs: number, 
/**
 * Why only a part was told, which tasks get all the same: half a sentence.
 */
problem?: string, } | { "state": "off" } | { "state": "fromTerminal" } | { "state": "failed", 
/**
 * Its path.
 */
shell: string, 
/**
 * A sentence.
 */
reason: string, };

export type Diagnosis = { 
/**
 * Of the app.
 */
version: string, 
/**
 * In the order in which a person would look.
 */
findings: Array<Finding>, };

export type Finding = { 
/**
 * What was looked at: "Data folder". Each but once.
 */
what: string, 
/**
 * How bad it is.
 */
state: FindingState, 
/**
 * How it is, in a phrase.
 */
said: string, 
/**
 * What to do about it, in a sentence or two.
 */
advice?: string, };

export type FindingState = "ok" | "warning" | "problem";

export type Job = { 
/**
 * What it is called wherever it is named, for ever.
 */
name: string, 
/**
 * What a person calls it; the name when absent. 200 bytes at most.
 */
title?: string, 
/**
 * Whatever a person wants to remember of it, 64 KiB at most.
 */
notes?: string, 
/**
 * From 1; one more each time that it is saved otherwise.
 */
revision?: number, 
/**
 * What is run. `{{name}}` in arguments, the working directory, variables and the fields of a container stands for the value
 * of a parameter.
 */
spec: TaskSpec, 
/**
 * What it is told when it is run.
 */
parameters?: Array<Parameter>, 
/**
 * When it is run by itself.
 */
schedules?: Array<Schedule>, 
/**
 * Unix milliseconds.
 */
createdAt?: number, 
/**
 * Unix milliseconds.
 */
updatedAt?: number, };

export type Parameter = { 
/**
 * A letter or `_`, then letters, digits, `_` and `-`; 64 bytes at most.
 */
name: string, 
/**
 * Which values it takes.
 */
type: ParameterType, 
/**
 * Whether a run needs a value.
 */
required?: boolean, 
/**
 * The value where none is given.
 */
default?: string, 
/**
 * A regular expression that the whole of a text must match. Where it does not match the words themselves, `today` and
 * `yesterday` stand for that day, as in 2026-11-29, by the time that the run is due.
 */
pattern?: string, 
/**
 * The values of a choice.
 */
choices?: Array<string>, 
/**
 * For the person who fills it in.
 */
help?: string, };

export type ParameterType = "text" | "number" | "boolean" | "choice" | "folder" | "file" | "secret";

export type Schedule = { 
/**
 * Of this schedule among those of its job; made when it is saved without one.
 */
id?: string, 
/**
 * Five fields as in cron(5), or a name such as `@daily`; with `L` for the last day and `#` for the n-th weekday of a month.
 */
cron?: string, 
/**
 * Milliseconds from one time to the next; elapsed time, whatever the clock shows.
 */
everyMs?: number, 
/**
 * A time from which `everyMs` counts, in Unix milliseconds; when it was saved, if it is left out. One that was to come when it was
 * saved is the first.
 */
anchor?: number, 
/**
 * Once, in Unix milliseconds.
 */
at?: number, 
/**
 * Each time the engine starts.
 */
onStart?: boolean, 
/**
 * The time zone of `cron`: an IANA name, or `local` for that of the machine.
 */
zone?: string, 
/**
 * What becomes of times at which the engine was not there.
 */
missed?: MissedRuns, 
/**
 * Nothing is run. Times that pass meanwhile are not made up for.
 */
paused?: boolean, 
/**
 * Each run is put off by up to so many milliseconds, the same for the same time.
 */
jitterMs?: number, 
/**
 * No time before this one counts, in Unix milliseconds.
 */
from?: number, 
/**
 * No time after this one counts, in Unix milliseconds.
 */
until?: number, 
/**
 * Values of the job's parameters, by their names. A parameter that is not named has its default.
 */
parameters?: { [key in string]: string }, };

export type MissedRuns = "skip" | "latest" | "all";

export type JobQuery = { 
/**
 * Somewhere in the name or the title, case ignored.
 */
text?: string, 
/**
 * `nextCursor` of the page before; opaque.
 */
cursor?: string, 
/**
 * As many at most; 100 when absent, 1,000 at most.
 */
limit?: number, };

export type JobList = { 
/**
 * By name.
 */
jobs: Array<JobRow>, 
/**
 * All matches, not the page.
 */
total: number, 
/**
 * Where the next page begins; absent at the end.
 */
nextCursor?: string, };

export type JobRow = { 
/**
 * Which job.
 */
name: string, 
/**
 * What a person calls it.
 */
title?: string, 
/**
 * The latest.
 */
revision: number, 
/**
 * Unix milliseconds.
 */
updatedAt: number, 
/**
 * How many schedules it has, paused ones too.
 */
schedules: number, 
/**
 * How many of them are paused.
 */
paused: number, 
/**
 * The first schedule in words; absent without one.
 */
words?: string, 
/**
 * When it is run by itself next, in Unix milliseconds.
 */
nextAt?: number, 
/**
 * The latest tasks, oldest first.
 */
recent: Array<JobRun>, 
/**
 * Why it cannot be read, in one sentence. It can be saved anew and deleted.
 */
unreadable?: string, };

export type JobRun = { 
/**
 * Which task.
 */
task: string, 
/**
 * How far it is.
 */
phase: TaskPhase, 
/**
 * When it was made, in Unix milliseconds.
 */
createdAt: number, 
/**
 * How long its last attempt ran, in milliseconds, once it is over.
 */
durationMs?: number, };

export type JobDetail = { 
/**
 * As it was saved. What is secret in its spec is masked, and can be saved so.
 */
job: Job, 
/**
 * Of its schedules, in their order.
 */
schedules: Array<ScheduleState>, 
/**
 * Of its latest tasks.
 */
stats: JobStats, 
/**
 * What came of its schedules last, newest first.
 */
firings: Array<Firing>, 
/**
 * What is legal in it and will come to nothing as things stand, by its field: a hook or a task that is not there.
 */
warnings?: Array<FieldError>, };

export type ScheduleState = { 
/**
 * Which schedule.
 */
id: string, 
/**
 * As in "every weekday at 02:30, Europe/Berlin".
 */
words: string, 
/**
 * When it is due next, in Unix milliseconds; absent for one that is paused or over.
 */
nextAt?: number, };

export type Firing = { 
/**
 * Which schedule.
 */
schedule: string, 
/**
 * The time, in Unix milliseconds.
 */
due: number, 
/**
 * When it was dealt with, in Unix milliseconds.
 */
at: number, 
/**
 * What was done.
 */
outcome: FiringOutcome, 
/**
 * The task that was made.
 */
task?: string, 
/**
 * Why none was, in one sentence.
 */
reason?: string, 
/**
 * Times before this one that passed and were not run.
 */
leftOut: number, };

export type FiringOutcome = "started" | "refused" | "skipped" | "missed";

export type JobStats = { 
/**
 * How many they are.
 */
runs: number, 
/**
 * How many of them succeeded.
 */
succeeded: number, 
/**
 * Half of those that ended by themselves took no longer, in milliseconds.
 */
medianMs?: number, 
/**
 * All but five of a hundred of them took no longer, in milliseconds.
 */
p95Ms?: number, 
/**
 * The last that succeeded.
 */
lastGood?: string, 
/**
 * The last that did not, unless it was stopped.
 */
lastFailed?: string, };

export type JobTasks = { 
/**
 * Newest first.
 */
rows: Array<TaskRow>, 
/**
 * All that are kept, not the page.
 */
total: number, 
/**
 * Where the next page begins; absent at the end.
 */
nextCursor?: string, 
/**
 * Of the latest ones.
 */
stats: JobStats, };

export type JobRevision = { 
/**
 * From 1.
 */
revision: number, 
/**
 * Unix milliseconds.
 */
savedAt: number, 
/**
 * The paths of what differs from the one before, as in `spec.timeout`; none for the first.
 */
changed: Array<string>, };

export type SchedulePreview = { 
/**
 * As in "every weekday at 02:30, Europe/Berlin".
 */
words: string, 
/**
 * The next times, in Unix milliseconds, without jitter.
 */
times: number[], 
/**
 * What a person may not expect, in sentences: times that clock changes leave out or bring twice.
 */
warnings: Array<string>, };

export type ComingRun = { 
/**
 * Which job.
 */
job: string, 
/**
 * By which of its schedules.
 */
schedule: string, 
/**
 * Unix milliseconds, without jitter.
 */
at: number, };

export type ComingRuns = { 
/**
 * In their order, 1,000 at most.
 */
times: Array<ComingRun>, 
/**
 * Whether there are more behind the last.
 */
more: boolean, };

export type JobChange = { 
/**
 * Grows with each change as long as the engine runs. Whoever holds answers of before reads again what is shown.
 */
version: number, };

export type Foreseen = { 
/**
 * When it was made, in Unix milliseconds.
 */
at: number, 
/**
 * By lane; in each first what holds a place, then what waits, the next one first. 1,000 at most: where there are more, the
 * first ones of each lane.
 */
tasks: Array<TaskForecast>, 
/**
 * Whether there are more tasks than these.
 */
more: boolean, 
/**
 * Those in which something is, by name.
 */
lanes: Array<LaneForecast>, };

export type TaskForecast = { 
/**
 * Which task.
 */
task: string, 
/**
 * Its lane.
 */
slot: string, 
/**
 * When it starts; absent for one that has, and where it is not known.
 */
start?: TimeRange, 
/**
 * When it ends; absent where it is not known.
 */
end?: TimeRange, 
/**
 * How many earlier runs of its job, or of the same command, say how long it takes; 20 at most.
 */
runs: number, 
/**
 * Why its start, or its end, is not known.
 */
unknown?: NotForeseen, };

export type LaneForecast = { 
/**
 * Its name.
 */
slot: string, 
/**
 * Tasks that hold a place.
 */
running: number, 
/**
 * Tasks that wait, for a place or for something else first.
 */
waiting: number, 
/**
 * When the last of them ends; absent where that is not known.
 */
end?: TimeRange, 
/**
 * Why it is not.
 */
unknown?: NotForeseen, };

export type TimeRange = { 
/**
 * Probably not before.
 */
from: number, 
/**
 * Probably not after.
 */
to: number, };

export type NotForeseen = { "reason": "noHistory", 
/**
 * Which task.
 */
task: string, 
/**
 * What it is called.
 */
name: string, } | { "reason": "longerThanEver", 
/**
 * Which task.
 */
task: string, 
/**
 * What it is called.
 */
name: string, } | { "reason": "restarted", 
/**
 * Which task.
 */
task: string, 
/**
 * What it is called.
 */
name: string, } | { "reason": "suspended", 
/**
 * Which task.
 */
task: string, 
/**
 * What it is called.
 */
name: string, } | { "reason": "held", 
/**
 * Which task.
 */
task: string, 
/**
 * What it is called.
 */
name: string, } | { "reason": "unexpected", 
/**
 * The other task.
 */
task: string, 
/**
 * What that is called.
 */
name: string, } | { "reason": "onlyIfFree", 
/**
 * Which task.
 */
task: string, 
/**
 * What it is called.
 */
name: string, } | { "reason": "allHeld" } | { "reason": "lanePaused", 
/**
 * Which lane.
 */
slot: string, } | { "reason": "laneWaits", 
/**
 * Which lane.
 */
slot: string, 
/**
 * What it waits for, as in "mains power".
 */
what: string, };

export type LinkedTasks = { 
/**
 * Each once, by id: those made first come first. 100 at most.
 */
tasks: Array<LinkedTask>, 
/**
 * Between these.
 */
links: Array<TaskLink>, 
/**
 * Whether there are more.
 */
more: boolean, };

export type LinkedTask = { 
/**
 * Which task.
 */
task: string, 
/**
 * What it is called; nothing for one that was deleted.
 */
name: string, 
/**
 * How far it is; absent for one that was deleted.
 */
phase?: TaskPhase, };

export type TaskLink = { 
/**
 * Which has to get there.
 */
on: string, 
/**
 * Which waits for that.
 */
task: string, 
/**
 * How far it has to get.
 */
when: AfterWhen, 
/**
 * It has got there.
 */
fulfilled: boolean, };

export type TaskSpans = { 
/**
 * Newest first.
 */
spans: Array<TaskSpan>, 
/**
 * Whether there are older ones than these.
 */
more: boolean, };

export type TaskSpan = { 
/**
 * Which task.
 */
task: string, 
/**
 * What it is called.
 */
name: string, 
/**
 * Its lane.
 */
slot: string, 
/**
 * Whether the lane is its own.
 */
ownLane?: boolean, 
/**
 * The saved job that it belongs to.
 */
job?: string, 
/**
 * The other machine that its latest attempt was given to.
 */
machine?: string, 
/**
 * How far it is.
 */
phase: TaskPhase, 
/**
 * Its latest attempt; 0 before the first.
 */
attempt: number, 
/**
 * When it was made, in Unix milliseconds.
 */
createdAt: number, 
/**
 * When its latest attempt began, in Unix milliseconds.
 */
startedAt?: number, 
/**
 * When it was over, in Unix milliseconds.
 */
finishedAt?: number, 
/**
 * How long its latest attempt ran, once the task is over, in milliseconds. The task may have been over later than that.
 */
tookMs?: number, 
/**
 * How long the processes of that attempt stood still; see [`crate::TaskRun`].
 */
suspension?: Suspension, };

export type JobCalendar = { 
/**
 * In the order of the bounds that were asked for.
 */
days: Array<CalendarDay>, };

export type CalendarDay = { 
/**
 * By their first run on that day; 100 at most. Of more those of which a run failed, and then the earliest.
 */
jobs: Array<JobOfDay>, 
/**
 * How many jobs of that day are not among these.
 */
moreJobs: number, 
/**
 * All runs of those together.
 */
more: RunCounts, };

export type JobOfDay = { 
/**
 * Which job.
 */
job: string, 
/**
 * When it first ran on that day, or will, in Unix milliseconds.
 */
firstAt: number, 
/**
 * All its runs of that day.
 */
counts: RunCounts, 
/**
 * Each of them in order, where they are three at most; else none.
 */
runs: Array<RunOfDay>, };

export type RunOfDay = { 
/**
 * When it began, was made where it has not begun, or is to come, in Unix milliseconds.
 */
at: number, 
/**
 * The task; of one that is to come there is none.
 */
task?: string, 
/**
 * How that task stands.
 */
phase?: TaskPhase, 
/**
 * How long its latest attempt ran, once it is over, in milliseconds.
 */
tookMs?: number, };

export type RunCounts = { 
/**
 * Runs that succeeded.
 */
succeeded: number, 
/**
 * Those that failed, timed out or gave up.
 */
failed: number, 
/**
 * Those that were stopped.
 */
canceled: number, 
/**
 * Those that wait or run.
 */
unfinished: number, 
/**
 * Those that are to come.
 */
coming: number, };

export type LeftOut = { 
/**
 * Its lane is one of these.
 */
slots?: Array<string>, 
/**
 * Its job is one of these.
 */
jobs?: Array<string>, 
/**
 * It has one of these labels, each a key and a value.
 */
labels?: Array<[string, string]>, 
/**
 * One of these is somewhere in its name or its command, case ignored.
 */
texts?: Array<string>, 
/**
 * Its latest finished attempt has one of these exit codes, or was killed by the signal that a shell has one of them for.
 */
exitCodes?: Array<number>, 
/**
 * One of these is somewhere in its name, case ignored.
 */
names?: Array<string>, 
/**
 * It was submitted at this time or later, in Unix milliseconds.
 */
sinceMs?: number, 
/**
 * It is over, and its latest attempt took as long or longer, in milliseconds.
 */
tookAtLeastMs?: number, 
/**
 * It is over, and its latest attempt took as long or less, in milliseconds.
 */
tookAtMostMs?: number, };

export type LaneRules = { 
/**
 * The machine has mains power, or no battery.
 */
onMains?: boolean, 
/**
 * Nobody has used keyboard or mouse for so many milliseconds, as the login manager tells.
 */
idleMs?: number, 
/**
 * The load average of the last minute is below this.
 */
loadBelow?: number, 
/**
 * At least so many bytes are free on the disk that holds the data folder.
 */
freeBytes?: number, 
/**
 * It is between these times of day, by the clock of the machine.
 */
between?: Hours, 
/**
 * Whether the machine is kept from sleeping while a task of the lane runs. No condition.
 */
keepAwake?: KeepAwake, 
/**
 * The machines that its tasks run on, the first that is free and can be reached; this one alone when empty. The lane then runs as
 * many tasks at once as they have places together.
 */
machines?: Array<LaneMachine>, };

export type Hours = { 
/**
 * From this time on.
 */
from: TimeOfDay, 
/**
 * Until before this one; earlier than `from`, it is that of the next day.
 */
to: TimeOfDay, };

export type LaneMachine = { 
/**
 * `here`, or the name of a connection of the settings.
 */
name: string, 
/**
 * How many of the lane's tasks it has at once.
 */
places: number, };

export type TimeOfDay = string;

export type KeepAwake = "never" | "onMains" | "always";

export type StaysAwake = { 
/**
 * Why it may sleep all the same, in one sentence without its end; absent when it is kept awake.
 */
whyNot?: string, };

export type JobSecrets = { 
/**
 * By their names.
 */
kept: Array<string>, 
/**
 * Why nothing can be read from the keyring, or kept in it; absent when it can.
 */
whyNot?: string, };

export type SavedView = { 
/**
 * Of at most [`MAX_VIEW_BYTES`], not blank; no two have the same.
 */
name: string, 
/**
 * As it stands in the filter bar; of at most [`MAX_VIEW_BYTES`].
 */
filter: string, 
/**
 * The columns that it is shown with, from the left, each at most once; those that are there when empty.
 */
columns?: Array<ListColumn>, };

export type SortBy = "created" | "changed" | "name" | "took" | "exit" | "lane" | "state";

export type Hook = { 
/**
 * Letters, digits, `.`, `_` and `-`, 64 at most; no two have the same.
 */
name: string, 
/**
 * What it is called for; something.
 */
on: Array<HookEvent>, 
/**
 * Of which tasks: those that have each of these labels, all when there is none.
 */
labels?: { [key in string]: string }, 
/**
 * Only of tasks whose own spec names it in `notify.hooks`. It is called for those whatever their labels.
 */
onlyNamed?: boolean, 
/**
 * Nothing is called; what happens meanwhile is not made up for.
 */
paused?: boolean, 
/**
 * What is called.
 */
call: HookCall, };

export type HookEvent = "failure" | "success" | "silence" | "test";

export type HookCall = { "command": CommandMode } | { "webhook": Webhook };

export type Webhook = { 
/**
 * `https://…`, or `http://…`. Answered with its passwords and tokens masked; given back so, it is what it was.
 */
url: string, 
/**
 * What each call is signed with (HMAC-SHA256). It is never answered. When absent, the one before stays; empty, there is none.
 */
secret?: string, };

export type HookState = { 
/**
 * Without its secret.
 */
hook: Hook, 
/**
 * Whether it signs.
 */
hasSecret: boolean, 
/**
 * Calls that wait for their first try or for another one.
 */
waiting: number, 
/**
 * Calls that were never tried, because too many waited.
 */
dropped: number, 
/**
 * The latest calls, newest first.
 */
latest: Array<HookDelivery>, };

export type HookList = { 
/**
 * In their order by name.
 */
hooks: Array<HookState>, 
/**
 * Calls of all hooks that wait.
 */
waiting: number, 
/**
 * As many can wait.
 */
mostWaiting: number, };

export type HookDelivery = { 
/**
 * Which one: it is said with each try, so that a repeated one is told from another.
 */
id: number, 
/**
 * The hook's name.
 */
hook: string, 
/**
 * What for.
 */
event: HookEvent, 
/**
 * Of which task; of a test none.
 */
task?: string, 
/**
 * When it was asked for, in Unix milliseconds.
 */
at: number, 
/**
 * Tries so far.
 */
tries: number, 
/**
 * How it stands.
 */
state: DeliveryState, 
/**
 * When it is tried again, in Unix milliseconds.
 */
nextAt?: number, 
/**
 * What came of the last try: the answer's status, the task that was made, or what went wrong. Absent while the first one is
 * under way.
 */
said?: string, 
/**
 * The task that runs the hook's command. The call has arrived when that has succeeded, and is given up when it has not.
 */
commandTask?: string, 
/**
 * A try is under way: the address has not answered yet, or the command's task is not over.
 */
beingTried?: boolean, };

export type DeliveryState = "waiting" | "delivered" | "givenUp" | "dropped";

export type NotifyRules = { 
/**
 * Whether the desktop is told of its failure; as the settings have it when absent.
 */
onFailure?: boolean, 
/**
 * Whether the desktop is told of its success, however short it was; as the settings have it when absent.
 */
onSuccess?: boolean, 
/**
 * Hooks that are called of it whatever its labels, by their names.
 */
hooks?: Array<string>, };

export type Stall = { 
/**
 * So many milliseconds without a line, from the start of the run or from the last one.
 */
silentMs: number, 
/**
 * What is done then.
 */
then?: StallThen, };

export type StallThen = "notify" | "stop" | "restart";

export type Digest = { 
/**
 * Unix milliseconds.
 */
since: number, 
/**
 * Until then it is: what comes later is in the next one.
 */
until: number, 
/**
 * How many tasks have ended, by the phase in which they have. Every phase is there.
 */
ended: Record<TaskPhase, number>, 
/**
 * Those that went wrong, the latest first.
 */
failed: Array<DigestTask>, 
/**
 * Times of schedules at which nothing was run, the latest first.
 */
missed: Array<DigestFiring>, 
/**
 * How many such times there were.
 */
missedCount: number, 
/**
 * Tasks that wait for a person, the latest first.
 */
held: Array<DigestTask>, 
/**
 * How many do.
 */
heldCount: number, 
/**
 * When the machine slept, the latest first. Of a machine that slept for less than a minute nothing is said.
 */
slept?: Array<DigestSleep>, };

export type DigestSleep = { 
/**
 * Unix milliseconds.
 */
from: number, 
/**
 * When it woke, in Unix milliseconds.
 */
to: number, };

export type DigestTask = { 
/**
 * Which one.
 */
id: string, 
/**
 * What it is called.
 */
name: string, 
/**
 * How it stands.
 */
phase: TaskPhase, 
/**
 * Why it did not succeed, in one sentence.
 */
error?: string, };

export type DigestFiring = { 
/**
 * Whose schedule.
 */
job: string, 
/**
 * When it was due, in Unix milliseconds.
 */
due: number, 
/**
 * Why nothing was run.
 */
reason?: string, };

export type ListColumn = "state" | "name" | "story" | "runs" | "took" | "ended" | "lane" | "exit" | "attempt" | "created" | "changed" | "usage";

export type ListLayout = { 
/**
 * From the left, each at most once; the usual ones when empty.
 */
columns: Array<ListColumn>, 
/**
 * By what it is sorted; the newest first when absent.
 */
sort?: SortBy, 
/**
 * The other way round.
 */
reverse?: boolean, };
