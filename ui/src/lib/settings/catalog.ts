// What can be set and looked at in the settings, in words: sections, the groups in them, the settings in those. The views draw their
// words from here, and whoever looks for a setting looks here.
import type { SettingsSection } from "./host";

export interface SettingWords {
  /** Path of the field in the settings. */
  readonly path: string;
  readonly label: string;
  readonly hint?: string;
  /** What else it is looked for by. */
  readonly also?: string;
}

interface GroupWords {
  readonly id: string;
  readonly title: string;
  /** What it is about, for a search alone. */
  readonly also?: string;
  readonly settings: readonly SettingWords[];
}

interface SectionWords {
  readonly key: SettingsSection;
  readonly word: string;
  readonly groups: readonly GroupWords[];
}

const WHILE_AWAY = "Only while no Solti window has the focus.";

export const SECTIONS: readonly SectionWords[] = [
  {
    key: "general",
    word: "General",
    groups: [
      {
        id: "appearance",
        title: "Appearance",
        settings: [{ path: "theme", label: "Theme", also: "light dark system colours colors" }],
      },
      {
        id: "closing",
        title: "Closing and the tray",
        settings: [
          {
            path: "closing",
            label: "When the window is closed while tasks are running",
            hint: "Tasks that keep running are here again when you open Solti, with all their output. With the tray icon on, Solti stays in the tray and also starts waiting tasks.",
            also: "quit exit background stop",
          },
          {
            path: "tray.show",
            label: "Icon in the tray",
            hint: "Shows how many tasks are running. GNOME needs the AppIndicator extension for it.",
          },
        ],
      },
      {
        id: "service",
        title: "Without the window",
        settings: [
          {
            path: "service",
            label: "Start Solti’s engine when I log in",
            hint: "Tasks and schedules run without a window; closing this one does not end them.",
            also: "autostart start at login systemd boot",
          },
          {
            path: "service.linger",
            label: "After you log out",
            hint: "The engine ends when you log out. With lingering, it runs from boot and keeps running. The system may ask for a password.",
          },
        ],
      },
      {
        id: "editor",
        title: "Files in logs",
        settings: [
          {
            path: "editor",
            label: "Editor",
            hint: "Ctrl+click on a place such as src/main.rs:3:18 in a log opens the file here.",
            also: "VS Code VSCodium Zed JetBrains Sublime Kate gedit Geany Emacs Vim Neovim Helix nano",
          },
          {
            path: "editor.command",
            label: "Its command",
            hint: "A program and its arguments, with {file}, {line} and {column} in them. It is not run by a shell.",
          },
        ],
      },
    ],
  },
  {
    key: "notifications",
    word: "Notifications",
    groups: [
      {
        id: "desktop",
        title: "Desktop",
        settings: [
          { path: "notifications.failures", label: "When a task fails", hint: WHILE_AWAY },
          {
            path: "notifications.longRuns",
            label: "When a task that ran for more than 30 s finishes",
            hint: WHILE_AWAY,
            also: "success",
          },
        ],
      },
      { id: "rules", title: "Rules by label", also: "mute silence tell", settings: [] },
      {
        id: "hooks",
        title: "Hooks",
        also: "webhook command call program url http silence slack",
        settings: [],
      },
    ],
  },
  {
    key: "logs",
    word: "Logs",
    groups: [
      {
        id: "space",
        title: "Space",
        also: "disk usage retention",
        settings: [
          {
            path: "logs.runBytes",
            label: "A run",
            hint: "When a log grows larger, the oldest part after its beginning is deleted. The newest part stays.",
          },
          {
            path: "logs.taskBytes",
            label: "All runs of a task",
            hint: "The oldest parts are deleted first and the beginnings of runs last, earlier runs before later ones.",
          },
          {
            path: "logs.totalBytes",
            label: "All logs",
            hint: "The oldest parts of all logs are deleted first, and the beginnings of runs last.",
          },
          {
            path: "logs.minFreeBytes",
            label: "Keep free on the disk",
            hint: "When less is free, logs are shortened until it is. If that is not enough, a banner above the list says so.",
          },
          {
            path: "logs.keepHeadBytes",
            label: "Beginning of each log, kept longest",
            hint: "Deleted only when the limits cannot be met otherwise, one whole run at a time.",
          },
        ],
      },
      {
        id: "finished",
        title: "Finished tasks",
        also: "delete clean up history",
        settings: [
          {
            path: "finished.keepDays",
            label: "Keep for",
            hint: "Tasks that finished earlier are deleted with their runs and logs.",
          },
          {
            path: "finished.keepTasks",
            label: "Keep at most",
            hint: "When there are more finished tasks, the oldest are deleted.",
          },
          {
            path: "finished.keepAttempts",
            label: "Of each task, keep at most",
            hint: "The first ten attempts and this many of the latest are kept with their logs; those in between are only counted. 10 to 10,000.",
          },
        ],
      },
    ],
  },
  {
    key: "environment",
    word: "Environment",
    groups: [
      {
        id: "shell",
        title: "Login shell",
        settings: [
          {
            path: "environment.captureLoginShell",
            label: "Use its environment for tasks",
            hint: "So that tasks find the same programs as your terminal. Takes effect the next time Solti starts.",
            also: "PATH variables profile",
          },
        ],
      },
      { id: "inherited", title: "What tasks inherit", also: "PATH variables env secrets", settings: [] },
    ],
  },
  {
    key: "runners",
    word: "Runners",
    groups: [
      {
        id: "runners",
        title: "Where tasks run",
        also: "containers podman docker subprocess rootless cgroups",
        settings: [],
      },
      {
        id: "slurm",
        title: "Slurm cluster",
        also: "sbatch squeue batch jobs nodes GPUs supercomputer",
        settings: [
          {
            path: "slurm.folder",
            label: "Shared folder",
            hint: "A folder that this machine and every node see under the same path, such as your home directory on the cluster. Logs of tasks on the cluster are kept there.",
          },
          {
            path: "slurm.enabled",
            label: "Hand tasks to the cluster",
            hint: "Only tasks that ask for it. Needs Slurm’s sbatch on this machine.",
          },
        ],
      },
    ],
  },
  {
    key: "api",
    word: "API",
    groups: [
      { id: "socket", title: "Your own programs", also: "Unix socket solti command line ssh", settings: [] },
      {
        id: "http",
        title: "HTTP",
        settings: [
          {
            path: "api.http.enabled",
            label: "HTTP",
            hint: "JSON and server-sent events. Callers need the token.",
            also: "REST OpenAPI network",
          },
          {
            path: "api.http.address",
            label: "Address",
            hint: "127.0.0.1 can be reached from this machine only. On any other address, connections are encrypted (TLS).",
            also: "HTTP port certificate",
          },
          {
            path: "api.http.allowedHosts",
            label: "Names of this machine",
            hint: "Host names that callers may use for this machine, besides its address.",
            also: "HTTP",
          },
        ],
      },
      {
        id: "grpc",
        title: "gRPC",
        settings: [
          {
            path: "api.grpc.enabled",
            label: "gRPC",
            hint: "The service solti.v1.SoltiApi, on this machine only. Callers need the token.",
            also: "network",
          },
          { path: "api.grpc.address", label: "Address", also: "gRPC port" },
        ],
      },
      { id: "token", title: "Token", also: "secret bearer rotate HTTP gRPC", settings: [] },
    ],
  },
  {
    key: "connections",
    word: "Connections",
    groups: [
      { id: "connections", title: "Other machines", also: "ssh remote server https token", settings: [] },
    ],
  },
  {
    key: "about",
    word: "About",
    groups: [
      {
        id: "app",
        title: "This app",
        also: "version data folder engine graphics card renderer blank window",
        settings: [],
      },
      { id: "health", title: "Health", also: "doctor check database disk problems", settings: [] },
    ],
  },
];

const GROUPS = SECTIONS.flatMap(({ groups }) => groups);
const SETTINGS = new Map(GROUPS.flatMap(({ settings }) => settings).map((one) => [one.path, one]));

/** The words of a setting that a view has. */
export function settingWords(path: string): SettingWords {
  return SETTINGS.get(path) ?? { path, label: path };
}

export function groupTitle(id: string): string {
  return GROUPS.find((group) => group.id === id)?.title ?? id;
}

/** A setting, or a whole group, that was looked for. */
export interface Found {
  readonly section: SettingsSection;
  readonly group: string;
  /** Missing where the group itself was found. */
  readonly path?: string;
  readonly title: string;
  /** Where it stands. */
  readonly where: string;
  readonly hint?: string;
}

const ALL: readonly (Found & { readonly also: string })[] = SECTIONS.flatMap(({ key, word, groups }) =>
  groups.flatMap((group) => {
    const at = { section: key, group: group.id };
    const own = { ...at, title: group.title, where: word, also: group.also ?? "" };
    const settings = group.settings.map(({ path, label, hint, also = "" }) => ({
      ...at,
      path,
      title: label,
      where: word === group.title ? word : `${word} › ${group.title}`,
      also,
      ...(hint === undefined ? {} : { hint }),
    }));
    // One that is called as its switch is found by that.
    return settings.some(({ title }) => title === group.title) ? settings : [own, ...settings];
  }),
);

/** All that there is to be found. */
export const everySetting: readonly Found[] = ALL;

/** What has all of these words in its name, its description or where it stands; that which has them in its name first. */
export function findSettings(typed: string): readonly Found[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  const has = (text: string): boolean => words.every((word) => text.toLowerCase().includes(word));
  const found = ALL.filter(({ title, hint = "", where, also }) => has(`${title} ${hint} ${where} ${also}`));
  const rank = ({ title }: Found): number => (has(title) ? 0 : 1);
  return found.sort((a, b) => rank(a) - rank(b));
}
