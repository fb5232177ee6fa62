// Generated from the shell's own shapes by `make bindings`. Do not edit.
import type { Connection, Diagnosis, InheritedEnvironment, OutputEvent, RunId, Settings, Task, TaskPage, TaskQuery, TaskRun, TaskSpec } from "./bindings";

export type Message<T> = { 
/**
 * What the page acknowledges, from 1.
 */
frame: number, item: T, } | { frame: number, ended: true, };

export type OutputFrame = { events: Array<OutputEvent>, 
/**
 * No further frame follows.
 */
end: boolean, };

export type AppInfo = { version: string, dataDir: string, homeDir: string, platform: string, drawing: Drawing, 
/**
 * The database was damaged when the app started, and another one is in its place.
 */
recovered?: Recovered, 
/**
 * The program whose engine holds the tasks, when it is not this app.
 */
engine?: OtherEngine, };

export type Drawing = "usual" | "processor" | "safe" | "safeSinceNow";

export type Recovered = { 
/**
 * The damaged file.
 */
setAside?: string, 
/**
 * When the copy was taken that is in use now, in Unix milliseconds; without one the database began empty.
 */
backupTakenAt?: number, 
/**
 * Nothing was damaged: the database that was found is of an earlier time than the one that was here before.
 */
isOlder?: boolean, };

export type OtherEngine = { pid: number, version: string, };

export type CloseQuestion = { running: number, waiting: number, leads: Leads, };

export type Leads = "toTray" | "toEnd";

export type CloseAnswer = "cancel" | "background" | "stopAll";

export type DoorStates = { 
/**
 * The Unix socket.
 */
socket: DoorState, 
/**
 * HTTP over TCP.
 */
http: DoorState, 
/**
 * gRPC over TCP.
 */
grpc: DoorState, };

export type DoorState = { "state": "shut" } | { "state": "open", 
/**
 * A URL, or the socket's path.
 */
address: string, 
/**
 * Of the certificate, SHA-256.
 */
fingerprint?: string, } | { "state": "failed", 
/**
 * A sentence.
 */
problem: string, };

export type MachineList = { 
/**
 * The machine that this window is on; null is this one.
 */
chosen: string | null, 
/**
 * The machine that this window is on is none of the connections any more.
 */
removed: boolean, 
/**
 * How this machine is: whether its engine answers.
 */
here: Reach, machines: Array<ListedMachine>, };

export type ListedMachine = { hasToken: boolean, reach: Reach, 
/**
 * Another number is another client: what was opened with the one before is to be opened again.
 */
link: number, 
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

export type Reach = { "state": "idle" } | { "state": "connecting" } | { "state": "reached" } | { "state": "lost", 
/**
 * A sentence.
 */
problem: string, 
/**
 * When anything last came from it, in Unix milliseconds: what is shown of it is no later.
 */
heard?: number, };

export type ConnectionTest = { "outcome": "reached", running: number, } | { "outcome": "unknownCertificate", fingerprint: string, };

export type ServiceStatus = { 
/**
 * What starts it, or would.
 */
kind: ServiceKind, enabled: boolean, 
/**
 * Whether the unit runs now; not known of an autostart entry.
 */
running?: boolean, 
/**
 * Whether the unit is there without a session too: from boot on, and after log-out.
 */
lingers?: boolean, 
/**
 * The file that says so, or would.
 */
file: string, };

export type ServiceKind = "systemd" | "autostart";

export type LineReading = { 
/**
 * Why the line is for a shell, in a sentence; nothing where it needs none.
 */
advice?: string, 
/**
 * What keeps a shell from reading it, and where.
 */
flaw?: string, };

/** The commands that are no operations. */
export type ShellCommands = {
  submit_task: { arguments: { machine?: string | null, spec: TaskSpec }, answer: string },
  get_task_status: { arguments: { machine?: string | null, id: string }, answer: Task | null },
  query_tasks: { arguments: { machine?: string | null, query: TaskQuery }, answer: TaskPage<Task> },
  list_task_runs: { arguments: { machine?: string | null, id: string }, answer: Array<TaskRun> },
  delete_task: { arguments: { machine?: string | null, id: string }, answer: void },
  stream_task_logs: { arguments: { machine?: string | null, id: string }, answer: string },
  read_command_line: { arguments: { line: string }, answer: LineReading },
  watch_closing: { arguments: {  }, answer: string },
  answer_closing: { arguments: { answer: CloseAnswer, remember: boolean }, answer: void },
  watch_doors: { arguments: {  }, answer: string },
  api_token: { arguments: {  }, answer: string },
  rotate_api_token: { arguments: {  }, answer: string },
  watch_machines: { arguments: { all?: boolean | null }, answer: string },
  choose_machine: { arguments: { machine: string | null }, answer: void },
  save_connection: { arguments: { connection: Connection, token?: string | null, new: boolean }, answer: void },
  test_connection: { arguments: { connection: Connection, token?: string | null }, answer: ConnectionTest },
  remove_connection: { arguments: { name: string }, answer: void },
  get_settings: { arguments: {  }, answer: Settings },
  set_settings: { arguments: { patch: unknown }, answer: Settings },
  check_settings: { arguments: { patch: unknown }, answer: void },
  inherited_environment: { arguments: {  }, answer: InheritedEnvironment },
  diagnose: { arguments: {  }, answer: Diagnosis },
  log_usage: { arguments: {  }, answer: number },
  service_status: { arguments: {  }, answer: ServiceStatus },
  set_service: { arguments: { enabled: boolean }, answer: ServiceStatus },
  linger: { arguments: {  }, answer: ServiceStatus },
  ack_frame: { arguments: { streamId: string, frame: number }, answer: void },
  close_stream: { arguments: { streamId: string }, answer: void },
  open_log_window: { arguments: { machine?: string | null, id: string, attempt?: number | null, row?: number | null }, answer: void },
  open_merged_window: { arguments: { machine?: string | null, sources: Array<RunId>, row?: number | null }, answer: void },
  reveal_log: { arguments: { id: string, attempt: number }, answer: void },
  open_link: { arguments: { address: string }, answer: void },
  pick_directory: { arguments: { from: string }, answer: string | null },
  open_file: { arguments: { machine?: string | null, id: string, path: string, line: number, column?: number | null }, answer: void },
  watch_jumps: { arguments: {  }, answer: string },
  watch_address: { arguments: {  }, answer: string },
  watch_form_asks: { arguments: {  }, answer: string },
  app_info: { arguments: {  }, answer: AppInfo },
  use_usual_renderer: { arguments: {  }, answer: void },
};
