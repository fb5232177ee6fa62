// The model of the form: everything typed is kept as text, also what is not (yet) a number or a duration. What spec it stands for says
// to-spec.ts, what it says of a spec from-spec.ts: both ways without loss.
import type {
  Admission,
  AfterMain,
  AfterReboot,
  AfterTask,
  EnvVar,
  Jitter,
  KeepAwake,
  MatchExpression,
  StallThen,
  Stdin,
} from "../api";
import { ownLaneName, randomSuffix } from "../shared/own-lane";
import { parseCommandLine } from "./commandLine";
import { emptyContainer, type ContainerForm } from "./container";
import { emptyCluster, type ClusterForm } from "./cluster";
import { emptyWasm, type WasmForm } from "./wasm";

export type Tab = "command" | "script" | "container" | "wasm";
export interface Pair {
  key: string;
  value: string;
}
interface Expression {
  key: string;
  operator: MatchExpression["operator"];
  /** Separated by commas. */
  values: string;
}

export interface Form {
  tab: Tab;
  command: { style: "line" | "list"; line: string; list: string[]; shell: boolean };
  script: {
    runtime: "bash" | "python" | "node" | "custom";
    command: string;
    flag: string;
    body: string;
    args: string;
  };
  /** The base64 as it came and the text it stands for: an unchanged body is sent back unchanged. */
  original: { base64: string; body: string } | null;
  container: ContainerForm;
  wasm: WasmForm;
  env: EnvVar[];
  cwd: string;
  failOnNonZero: boolean;
  /** What becomes of the processes that are left when the main program ends. */
  afterMain: AfterMain;
  timeout: string;
  /** What the program reads; the form has no field for it and keeps what is there. */
  stdin?: Stdin;
  limits: { memory: string; cpu: string; processes: string; openFiles: string; output: string };
  cluster: ClusterForm;
  restart: "never" | "onFailure" | "always";
  interval: string;
  maxRetries: string;
  backoff: { jitter: Jitter; first: string; max: string; factor: string };
  /** `given`: a lane of its own that was not named by this form, and is kept. `said`: what the spec says of it; may be nothing. */
  lane: {
    own: boolean;
    slot: string;
    suffix: string;
    admission: Admission;
    given: boolean;
    said: "own" | "shared" | "";
  };
  name: string;
  labels: Pair[];
  matchLabels: Pair[];
  matchExpressions: Expression[];
  /** As people write a time, see start-time.ts. */
  start: string;
  priority: string;
  after: Required<AfterTask>[];
  /** Empty for what suits the task. */
  afterReboot: AfterReboot | "";
  keepAwake: KeepAwake;
  /** Empty for no alarm. */
  silence: { after: string; then: StallThen };
  /** Of the desktop: empty for what the settings say. `hooks` are names with blanks or commas between. */
  notify: { failure: Answer; success: Answer; hooks: string };
  /** The saved job that the task was made from, and its revision; nobody edits them. */
  job: { name: string; revision: string; secrets: readonly string[] };
}

export type Answer = "" | "yes" | "no";

export type FieldErrors = Readonly<Record<string, string>>;

export function emptyForm(suffix: string = randomSuffix()): Form {
  return {
    tab: "command",
    command: { style: "line", line: "", list: [""], shell: false },
    script: { runtime: "bash", command: "", flag: "", body: "", args: "" },
    original: null,
    container: emptyContainer(),
    wasm: emptyWasm(),
    env: [],
    cwd: "",
    failOnNonZero: true,
    afterMain: "wait",
    timeout: "",
    limits: { memory: "", cpu: "", processes: "", openFiles: "", output: "" },
    cluster: emptyCluster(),
    restart: "never",
    interval: "",
    maxRetries: "",
    backoff: { jitter: "full", first: "1s", max: "30s", factor: "2" },
    lane: { own: true, slot: "", suffix, admission: "queue", given: false, said: "own" },
    name: "",
    labels: [],
    matchLabels: [],
    matchExpressions: [],
    start: "",
    priority: "",
    after: [],
    afterReboot: "",
    keepAwake: "never",
    silence: { after: "", then: "notify" },
    notify: { failure: "", success: "", hooks: "" },
    job: { name: "", revision: "", secrets: [] },
  };
}

/** The lane of its own: made from the name, or from the program, and unique by its suffix. */
export function ownLane(form: Form): string {
  if (form.lane.given) return form.lane.slot;
  return ownLaneName(form.name.trim() || programName(form), form.lane.suffix);
}

/** A lane of its own is another one from now on: the task is another one. */
export function nameLaneAnew(form: Form): void {
  Object.assign(form.lane, { suffix: randomSuffix(), given: false });
}

function programName(form: Form): string {
  if (form.tab === "container") return form.container.image.split("/").at(-1) ?? "";
  if (form.tab === "wasm") return form.wasm.module.split("/").at(-1) ?? "";
  if (form.tab === "script")
    return form.script.runtime === "custom" ? form.script.command : `${form.script.runtime}-script`;
  return (commandArgs(form).find((arg) => arg !== "") ?? "").split("/").at(-1) ?? "";
}

function commandArgs(form: Form): readonly string[] {
  return form.command.style === "line" ? parseCommandLine(form.command.line).args : form.command.list;
}
