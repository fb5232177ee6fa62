// The settings of the backend in memory: the defaults, the merge patch, and the rules whose refusal the page shows.
import { fakeVersion } from "./fake-version";
import { BOUNDS } from "./bindings";
import { count } from "../shared/format";
import { looksSecret } from "../shared/secret";
import { ApiError } from "./errors";
import type {
  Diagnosis,
  DoorState,
  DoorStates,
  EnvVar,
  InheritedEnvironment,
  RunEnvironment,
  Settings,
  SettingsPatch,
} from "./types";

const GB = 1e9;

export const defaultSettings = (): Settings => ({
  logs: {
    runBytes: 20 * GB,
    taskBytes: 40 * GB,
    totalBytes: 100 * GB,
    minFreeBytes: 2 * GB,
    keepHeadBytes: 1_048_576,
  },
  finished: { keepDays: null, keepTasks: null, keepAttempts: 1000 },
  closing: "ask",
  tray: { show: true },
  notifications: { failures: true, longRuns: true, rules: [] },
  theme: "system",
  editor: { command: "" },
  environment: { captureLoginShell: true },
  api: {
    http: { enabled: false, address: "127.0.0.1:7654", tls: "auto", allowedHosts: [] },
    grpc: { enabled: false, address: "127.0.0.1:7655" },
  },
  slurm: { enabled: false, folder: null },
  connections: [],
});

export const environment = (): InheritedEnvironment => ({
  capture: { state: "captured", shell: "/bin/zsh", tookMs: 214 },
  variables: [
    { name: "AWS_SECRET_ACCESS_KEY", origin: "loginShell" },
    { name: "CARGO_HOME", value: "/home/ada/.cargo", origin: "loginShell" },
    { name: "DISPLAY", value: ":0", origin: "app" },
    { name: "EDITOR", value: "nvim", origin: "loginShell" },
    { name: "GITHUB_TOKEN", origin: "loginShell" },
    { name: "HOME", value: "/home/ada", origin: "app" },
    { name: "LANG", value: "en_GB.UTF-8", origin: "app" },
    {
      name: "PATH",
      value:
        "/home/ada/.local/bin:/home/ada/.cargo/bin:/home/ada/.nvm/versions/node/v22.4.0/bin:/usr/local/bin:/usr/bin:/bin",
      origin: "loginShell",
    },
    { name: "SHELL", value: "/bin/zsh", origin: "app" },
    { name: "USER", value: "ada", origin: "app" },
    { name: "XDG_RUNTIME_DIR", value: "/run/user/1000", origin: "app" },
  ],
});

/** As it was recorded when the run started: what was inherited, and over it what the task says. */
export function environmentOf(attempt: number, own: readonly EnvVar[]): RunEnvironment {
  const names = new Set(own.map(({ key }) => key));
  const inherited = environment().variables;
  const kept = inherited.filter(({ name }) => !names.has(name));
  const ours = own.map(({ key, value }) => ({
    name: key,
    ...(looksSecret(key) ? {} : { value }),
    origin: "task" as const,
    insteadOf: inherited.find(({ name }) => name === key)?.origin,
  }));
  const variables = [...kept, ...ours].sort((a, b) => (a.name < b.name ? -1 : 1));
  return { attempt, variables };
}

export const diagnosis = (): Diagnosis => ({
  version: fakeVersion,
  findings: [
    { what: "Data folder", state: "ok", said: "/home/ada/.local/share/solti, readable by you alone" },
    {
      what: "Free space",
      state: "warning",
      said: "1.8 GB free on its disk",
      advice: "Logs are shortened until 2 GB are free. Free some space, or lower the limit under Logs.",
    },
    { what: "Database", state: "ok", said: "sound, 84.1 MB, SQLite 3.51.3" },
    { what: "Copies", state: "ok", said: "3, the latest 4 h old" },
    { what: "Shim", state: "ok", said: `/usr/bin/solti-shim, version ${fakeVersion}` },
    { what: "App", state: "ok", said: "runs on this data folder" },
    { what: "Logs", state: "ok", said: "12.4 GB in 2,314 runs" },
  ],
});

export function doorsOf({ api }: Settings): DoorStates {
  const open = (on: boolean, address: string): DoorState =>
    on ? { state: "open", address } : { state: "shut" };
  return {
    socket: open(true, "/home/ada/.local/share/solti/api/solti.sock"),
    http: open(api.http.enabled, `http://${api.http.address}`),
    grpc: api.grpc.enabled
      ? { state: "failed", problem: `${api.grpc.address} cannot be listened on: address already in use` }
      : { state: "shut" },
  };
}

export const fakeToken = (n: number): string => `5f0e${n}c1d`.repeat(8).slice(0, 64);

export function patched(settings: Settings, patch: SettingsPatch): Settings {
  const changed = merge(settings, patch) as Settings;
  check(changed);
  return changed;
}

function merge(target: unknown, patch: unknown): unknown {
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) return patch;
  const merged = { ...(target as Record<string, unknown>) };
  for (const [key, value] of Object.entries(patch)) merged[key] = merge(merged[key], value);
  return merged;
}

function check({ logs, finished, api }: Settings) {
  const refuse = (field: string, message: string) => {
    throw new ApiError({ error: "InvalidRequest", field, message });
  };
  const limits = [
    ["logs.runBytes", logs.runBytes, "a run's"],
    ["logs.taskBytes", logs.taskBytes, "a task's"],
    ["logs.totalBytes", logs.totalBytes, ""],
  ] as const;
  const within = (field: string, value: number | null, least: number, most: number) => {
    if (value !== null && !(value >= least && value <= most))
      refuse(field, `must be from ${count(least)} to ${count(most)}`);
  };
  for (const [field, limit] of limits) within(field, limit, BOUNDS.MIN_LOG_BYTES, BOUNDS.MAX_BYTES);
  limits.slice(1).forEach(([field, larger], i) => {
    const [, smaller, whose] = limits[i]!;
    if (larger !== null && smaller !== null && larger < smaller)
      refuse(field, `must not be smaller than ${whose} limit`);
  });
  within("logs.minFreeBytes", logs.minFreeBytes, 0, BOUNDS.MAX_BYTES);
  if (limits.some(([, limit]) => limit !== null && logs.keepHeadBytes > limit / 2))
    refuse("logs.keepHeadBytes", "must be at most half of the smallest limit");
  within("finished.keepDays", finished.keepDays, 1, BOUNDS.MAX_KEEP_DAYS);
  within("finished.keepTasks", finished.keepTasks, 1, BOUNDS.MAX_KEEP_TASKS);
  within("finished.keepAttempts", finished.keepAttempts, BOUNDS.MIN_KEPT_ATTEMPTS, BOUNDS.MAX_KEPT_ATTEMPTS);
  for (const door of ["http", "grpc"] as const)
    if (!/^(\d+\.\d+\.\d+\.\d+|\[[\da-f:]+\]):\d+$/i.test(api[door].address))
      refuse(`api.${door}.address`, "must be an address and a port, as in 127.0.0.1:7654");
}
