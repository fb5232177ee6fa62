// What the shell of the backend in memory does: its windows, its settings, what is asked on closing, the doors, the service at
// log-in, and what forms and lists keep.
import { fakeVersion } from "./fake-version";
import type { Backend, Unsubscribe } from "./backend";
import { ApiError } from "./errors";
import { defaultSettings, diagnosis, doorsOf, environment, fakeToken, patched } from "./fake-settings";
import { copy } from "./fake-tasks";
import type {
  CloseQuestion,
  Connection,
  DoorStates,
  ListLayout,
  SavedView,
  ServiceStatus,
  Settings,
} from "./types";

type ShellMethods = Pick<
  Backend,
  | "readDraft"
  | "saveDraft"
  | "hasDirectory"
  | "completeProgram"
  | "completeDirectory"
  | "readViews"
  | "saveViews"
  | "readListLayout"
  | "saveListLayout"
  | "openLogWindow"
  | "revealLog"
  | "openMergedWindow"
  | "pickDirectory"
  | "readCommandLine"
  | "openFile"
  | "openLink"
  | "closeWindow"
  | "toggleFullScreen"
  | "watchJumps"
  | "watchAddress"
  | "getSettings"
  | "setSettings"
  | "checkSettings"
  | "watchClosing"
  | "answerClosing"
  | "watchFormAsks"
  | "watchDoors"
  | "apiToken"
  | "rotateApiToken"
  | "logUsage"
  | "serviceStatus"
  | "setService"
  | "linger"
  | "diagnose"
  | "inheritedEnvironment"
  | "setZoom"
  | "useUsualRenderer"
  | "appInfo"
>;

export interface FakeShell {
  readonly methods: ShellMethods;
  settings(): Settings;
  setConnections(connections: Connection[]): void;
  askClosing(question: CloseQuestion): void;
  askForm(): void;
}

function subscribe<T>(set: Set<T>, item: T): Unsubscribe {
  set.add(item);
  return () => set.delete(item);
}

export function createFakeShell(connections: Connection[]): FakeShell {
  let settings = { ...defaultSettings(), connections };
  let tokens = 1;
  let service: ServiceStatus = {
    kind: "systemd",
    enabled: false,
    running: false,
    lingers: false,
    file: "~/.config/systemd/user/solti.service",
  };
  const doors = new Set<(doors: DoorStates) => void>();
  const closing = new Set<(question: CloseQuestion | undefined) => void>();
  const formAsks = new Set<() => void>();
  const drafts = new Map<string, string>();
  let views: SavedView[] = [];
  let layout: ListLayout = { columns: [] };

  const methods: ShellMethods = {
    readDraft: async ({ draft }) => drafts.get(draft) ?? null,
    saveDraft: async ({ draft, text }) => {
      if (text == null) drafts.delete(draft);
      else drafts.set(draft, text);
    },
    hasDirectory: async ({ path }) => path.startsWith("/") && !path.includes("missing"),
    completeProgram: async ({ prefix }) =>
      ["make", "makepkg", "node", "npm", "python3", "rsync"].filter((name) => name.startsWith(prefix)),
    completeDirectory: async ({ prefix }) =>
      ["/home/me", "/home/me/work", "/srv", "/srv/data"].filter((path) => path.startsWith(prefix)),
    readViews: async () => views,
    saveViews: async (kept) => void (views = kept.views),
    readListLayout: async () => layout,
    saveListLayout: async (kept) => void (layout = kept.layout),

    openLogWindow: async (id, attempt, row) => {
      const more = `${attempt ? `&attempt=${attempt}` : ""}${row === undefined ? "" : `&row=${row}`}`;
      window.open(`?view=log&task=${id}${more}`, `log-${id}`);
    },
    revealLog: async () => {
      throw new ApiError({ error: "Unavailable", message: "no file manager can be reached" });
    },
    openMergedWindow: async (sources, row) => {
      const list = sources.map(({ id, attempt }) => `&source=${id}:${attempt}`).join("");
      window.open(`?view=merged${list}${row === undefined ? "" : `&row=${row}`}`);
    },
    pickDirectory: async (from) => from || "/srv",
    // Of the made-up lines only a pipe is for a shell.
    readCommandLine: async (line) =>
      line.includes(" | ") ? { advice: "| is passed on as text: no shell is involved." } : {},
    openFile: async () => {
      if (settings.editor.command === "")
        throw new ApiError({ error: "Conflict", message: "no editor is chosen in the settings" });
    },
    openLink: async (address) => void window.open(address, "_blank", "noopener"),
    closeWindow: async () => window.close(),
    toggleFullScreen: async () => {},
    watchJumps: async () => () => {},
    watchAddress: async () => () => {},

    getSettings: async () => copy(settings),
    setSettings: async (patch) => {
      settings = patched(settings, patch);
      doors.forEach((told) => told(doorsOf(settings)));
      return copy(settings);
    },
    checkSettings: async (patch) => void patched(settings, patch),
    watchClosing: async (onQuestion) => subscribe(closing, onQuestion),
    answerClosing: async (answer, remember) => {
      if (remember && answer !== "cancel") settings = patched(settings, { closing: answer });
      closing.forEach((asked) => asked(undefined));
    },
    watchFormAsks: async (onAsk) => subscribe(formAsks, onAsk),
    watchDoors: async (onDoors) => {
      onDoors(doorsOf(settings));
      return subscribe(doors, onDoors);
    },
    apiToken: async () => fakeToken(tokens),
    rotateApiToken: async () => fakeToken(++tokens),
    logUsage: async () => 12.4e9,
    serviceStatus: async () => service,
    setService: async (enabled) => (service = { ...service, enabled, running: enabled }),
    linger: async () => (service = { ...service, lingers: true }),
    diagnose: async () => diagnosis(),
    inheritedEnvironment: async () => environment(),
    setZoom: async (factor) => document.documentElement.style.setProperty("zoom", String(factor)),
    useUsualRenderer: async () => {},
    appInfo: async () => ({
      version: fakeVersion,
      dataDir: "~/.local/share/solti",
      homeDir: "/home/you",
      platform: "linux",
      drawing: "usual",
    }),
  };

  return {
    methods,
    settings: () => settings,
    setConnections: (connections) => (settings = { ...settings, connections }),
    askClosing: (question) => closing.forEach((asked) => asked(question)),
    askForm: () => formAsks.forEach((asked) => asked()),
  };
}
