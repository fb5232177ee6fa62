// The tasks that the backend in memory starts with: every phase, every reason to wait, long names, and as many
// finished ones as asked for. Only data; behaviour is in fake.ts.
import { fakeHead } from "./fake-heads";
import type { Lane, Phase, RunMark, TaskRow, TaskRun, TaskSpec } from "./types";

export interface FakeTask {
  row: TaskRow;
  spec: TaskSpec;
  /** Oldest first, without those that are not kept. */
  runs: TaskRun[];
  /** Display rows of the log of every attempt. */
  logRows: number;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

export function command(line: string, slot: string, name?: string, more: Partial<TaskSpec> = {}): TaskSpec {
  const [program = "true", ...args] = line.split(" ");
  return {
    slot,
    kind: { subprocess: { mode: { command: { command: program, args } }, env: [], failOnNonZero: true } },
    restart: { type: "never" },
    backoff: { jitter: "full", firstMs: 1000, maxMs: 30_000, factor: 2 },
    admission: "queue",
    ...more,
    labels: { ...(name ? { name } : {}), ...more.labels },
  };
}

/** Ids of the first tasks do not depend on when the page was loaded: a log window finds the task of the main window. */
const SEEDED_AT = Date.UTC(2026, 0, 1);

export function fakeId(at: number, n: number): string {
  return `${at.toString(36).padStart(9, "0")}-${n.toString(36).padStart(4, "0")}`;
}

interface Sample {
  spec: TaskSpec;
  ago: number;
  phase: Phase;
  attempt?: number;
  lasted?: number;
  exitCode?: number;
  error?: string;
  logRows?: number;
  row?: Partial<TaskRow>;
  marks?: Phase[];
}

export function makeTask(sample: Sample, n: number, now: number): FakeTask {
  const createdAt = now - sample.ago;
  const attempt = sample.attempt ?? (sample.phase === "pending" ? 0 : 1);
  const lasted = sample.lasted ?? 42_000;
  const ended = sample.phase !== "pending" && sample.phase !== "running";
  const startedAt = attempt > 0 ? createdAt + 40 : undefined;
  const marks = sample.marks ?? [];
  const runs: TaskRun[] = [];
  for (let i = 1; i <= attempt; i++) {
    const last = i === attempt;
    const phase = last
      ? sample.phase === "pending" || sample.phase === "exhausted"
        ? "failed"
        : sample.phase
      : (marks[i - 1] ?? "failed");
    const length = Math.round(lasted * (0.55 + (((n + i) * 37) % 45) / 100));
    const begun = (startedAt ?? createdAt) + (i - 1) * (length + 1000);
    const open = phase === "running";
    runs.push({
      attempt: i,
      phase,
      startedAt: open ? (startedAt ?? createdAt) : begun,
      finishedAt: open ? undefined : begun + length,
      exitCode: phase === "succeeded" ? 0 : phase === "failed" ? failedWith(sample) : undefined,
      error: phase === "succeeded" || open ? undefined : (sample.error ?? "exit 1"),
      usage: open
        ? undefined
        : {
            cpuMs: Math.round(length * 0.83),
            peakMemoryBytes: 21_000_000 + ((n * 7_919_113) % 900_000_000),
            readBytes: (n * 1_310_720) % 90_000_000,
            writtenBytes: (n * 2_621_440) % 300_000_000,
          },
    });
  }
  const recentRuns: RunMark[] = runs.slice(-8).map((run) => ({
    attempt: run.attempt,
    phase: run.phase,
    durationMs: run.finishedAt === undefined ? undefined : run.finishedAt - run.startedAt,
  }));
  const lastRun = runs.at(-1);
  return {
    runs,
    spec: sample.spec,
    logRows: sample.logRows ?? 340 + ((n * 97) % 4000),
    row: {
      task: {
        metadata: {
          id: fakeId(SEEDED_AT - sample.ago, n),
          resourceVersion: n + 1,
          createdAt,
          updatedAt: lastRun?.finishedAt ?? createdAt,
        },
        spec: fakeHead(sample.spec),
        status: { phase: sample.phase, attempt, exitCode: sample.exitCode, error: sample.error },
      },
      startedAt: lastRun?.startedAt,
      finishedAt: ended ? (lastRun?.finishedAt ?? createdAt + 200) : undefined,
      stopping: false,
      recentRuns,
      ...sample.row,
    },
  };
}

/** What could not start has no exit code. */
function failedWith({ exitCode, error }: Sample): number | undefined {
  return exitCode ?? (error && !error.startsWith("exit") ? undefined : 1);
}

function samples(now: number): Sample[] {
  const nightly = { labels: { team: "data", nightly: "yes" } };
  return [
    {
      spec: command("cargo build --release --workspace", "build", "release build"),
      ago: 4 * MINUTE,
      phase: "running",
      logRows: 12_804,
    },
    {
      spec: command("python3 import.py --source orders --full", "etl", "nightly-import", nightly),
      ago: HOUR + 2 * MINUTE,
      phase: "running",
      logRows: 10_000_000,
    },
    {
      spec: command("python3 import.py --source customers", "etl", "customer import", nightly),
      ago: 50 * MINUTE,
      phase: "pending",
      row: { waiting: { reason: "lane", position: 1, behind: "nightly-import" } },
    },
    {
      spec: command("python3 rebuild_index.py", "etl", "search index", nightly),
      ago: 48 * MINUTE,
      phase: "pending",
      row: { waiting: { reason: "lane", position: 2, behind: "nightly-import" } },
    },
    {
      spec: command("./sync-photos.sh --to nas", "sync-photos", "photo sync", {
        restart: { type: "onFailure" },
        maxRetries: 5,
      }),
      ago: 12 * MINUTE,
      phase: "pending",
      attempt: 2,
      exitCode: 23,
      error: "exit 23",
      row: { nextAttemptAt: now + 42_000, waiting: { reason: "backoff", until: now + 42_000 } },
    },
    {
      spec: command("restic backup /home", "backup", "home backup"),
      ago: 9 * MINUTE,
      phase: "pending",
      row: { waiting: { reason: "lanePaused" } },
    },
    {
      spec: command("node server.js --port 8080", "web", "dev server", {
        restart: { type: "always", intervalMs: 1000 },
      }),
      ago: 26 * HOUR,
      phase: "running",
      attempt: 6,
      marks: ["succeeded", "failed", "succeeded", "timeout", "succeeded"],
      lasted: 5 * MINUTE,
    },
    {
      spec: command(
        "python3 train.py --epochs 400 --lr 3e-4",
        "train",
        "resnet-50 ablation, batch 512, seed 7, warmup 2000 steps, cosine schedule, the third try after the data fix",
        { labels: { team: "ml" } },
      ),
      ago: 3 * HOUR,
      phase: "failed",
      lasted: 2 * HOUR,
      error: "killed by SIGKILL (signal 9)",
    },
    {
      spec: command("foo --version", "foo", undefined),
      ago: 2 * HOUR,
      phase: "failed",
      lasted: 5,
      error: "program not found: foo (PATH has 6 entries)",
      logRows: 0,
    },
    {
      spec: command("npm test -- --coverage", "web-tests", "web tests", { timeout: 30 * MINUTE }),
      ago: 5 * HOUR,
      phase: "timeout",
      lasted: 30 * MINUTE,
      error: "timed out after 30 min",
    },
    {
      spec: command("flaky-probe --url http://localhost:9/", "probe", "probe", {
        restart: { type: "onFailure" },
        maxRetries: 3,
      }),
      ago: 6 * HOUR,
      phase: "exhausted",
      attempt: 4,
      exitCode: 1,
      error: "exit 1",
      lasted: 3000,
    },
    {
      spec: command("ffmpeg -i in.mkv -c:v libx265 out.mkv", "media", "transcode"),
      ago: 7 * HOUR,
      phase: "canceled",
      lasted: 11 * MINUTE,
      error: "stopped",
    },
    {
      spec: command("pg_dump -Fc shop -f shop.dump", "backup", "shop dump", nightly),
      ago: 8 * HOUR,
      phase: "succeeded",
      exitCode: 0,
      lasted: 4 * MINUTE,
    },
    {
      spec: command("make -j8 docs", "docs", "docs"),
      ago: 9 * HOUR,
      phase: "succeeded",
      exitCode: 0,
      lasted: 38_000,
    },
  ];
}

const NAMES = [
  "unit tests",
  "lint",
  "thumbnail batch",
  "log rotation",
  "shop import",
  "mail digest",
  "price feed",
  "tile render",
];
const SLOTS = ["ci", "ci", "media", "backup", "etl", "mail", "etl", "maps"];

/** `count` undefined: the hand-written ones and some more; 0: a first run. */
export function seedTasks(count: number | undefined, now: number): FakeTask[] {
  const wanted = count ?? 60;
  const made = samples(now)
    .slice(0, wanted)
    .map((sample, n) => makeTask(sample, n, now));
  for (let n = made.length; n < wanted; n++) {
    const k = n % NAMES.length;
    const failed = n % 9 === 4;
    const spec = command(
      `./run.sh --step ${n} --in /data/batch/${n}.json`,
      SLOTS[k] ?? "ci",
      `${NAMES[k]} #${n}`,
    );
    const phase: Phase = failed ? "failed" : "succeeded";
    const lasted = 2000 + ((n * 7919) % 600_000);
    const exitCode = failed ? (n % 2 ? 1 : 2) : 0;
    made.push(
      makeTask(
        {
          spec,
          ago: 10 * HOUR + n * 7 * MINUTE,
          phase,
          exitCode,
          lasted,
          error: failed ? `exit ${exitCode}` : undefined,
        },
        n,
        now,
      ),
    );
  }
  return made;
}

export function seedLanes(): Map<string, Pick<Lane, "capacity" | "paused" | "rules">> {
  return new Map([
    ["build", { capacity: 2, paused: false }],
    ["etl", { capacity: 1, paused: false, rules: { keepAwake: "onMains" } }],
    ["backup", { capacity: 1, paused: true }],
  ]);
}
