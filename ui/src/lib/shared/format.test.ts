import { expect, test } from "vitest";
import corpus from "../../../../tests/corpus/ends.json";
import lengths from "../../../../tests/corpus/durations.json";
import type { Phase, TaskRow } from "../api/types";
import {
  bytes,
  clock,
  duration,
  inShort,
  onDay,
  ordinal,
  outcome,
  percent,
  span,
  waitingFor,
} from "./format";

test("durations and sizes read as a person would write them", () => {
  const kinds = [
    [lengths.took, duration],
    [lengths.limit, span],
    [lengths.bytes, bytes],
  ] as const;
  for (const [cases, words] of kinds)
    expect(cases.map(([number]) => [number, words(Number(number))])).toEqual(cases);
  expect(clock(90_061_000)).toBe("1 d 01 h");
  expect([9.94, 9.96, 99.6].map(percent)).toEqual(["9.9 %", "10 %", "100 %"]);
  expect([999.4, 999.6].map(duration)).toEqual(["999 ms", "1.0 s"]);
  expect([1, 2, 3, 4, 11, 12, 21, 113].map(ordinal)).toEqual([
    "1st",
    "2nd",
    "3rd",
    "4th",
    "11th",
    "12th",
    "21st",
    "113th",
  ]);
});

test("a moment is said with its day", () => {
  const at = (day: number, hour = 3) => new Date(2026, 10, day, hour).getTime();
  expect(onDay(at(29, 14), at(29))).toBe("today at 14:00");
  expect(onDay(at(30), at(29, 23))).toBe("tomorrow at 03:00");
  expect(onDay(at(31), at(29))).toContain("2026");
  expect(onDay(at(28), at(29))).toContain("2026");
});

const ends: { phase: string; exitCode?: number; error: string | null; short?: string }[] = [
  ...corpus.runner,
  ...corpus.others,
];
test.each(ends)("the end is said in plain words: $phase $exitCode $error", (end) => {
  const { phase, exitCode, error, short = error } = end;
  expect(outcome({ phase: phase as Phase, exitCode, error: error ?? undefined })).toBe(short);
});

test("who waits says for what, and a crash loop is named", () => {
  const row = (waiting: TaskRow["waiting"]) =>
    ({ task: { spec: { slot: "etl" }, status: { attempt: 5 } }, waiting }) as TaskRow;
  const now = () => 1000;
  expect(waitingFor(row({ reason: "backoff", until: 13_000 }), now)).toBe("attempt 6 in 12 s");
  expect(waitingFor(row({ reason: "crashLoop", until: 13_000 }), now)).toBe("crash loop: attempt 6 in 12 s");
  expect(waitingFor(row({ reason: "crashLoop", until: 900 }), now)).toBe("crash loop: attempt 6 is due");
  expect(waitingFor(row({ reason: "lanePaused" }), now)).toBe("lane etl is paused");
  expect(waitingFor(row({ reason: "condition", what: "mains power" }), now)).toBe("waits for mains power");
  expect(waitingFor(row({ reason: "held" }), now)).toBe("held");
  expect(waitingFor(row({ reason: "notBefore", until: 13_000 }), now)).toMatch(
    /^starts in 12 s, today at \d\d:\d\d$/,
  );
  expect(waitingFor(row({ reason: "notBefore", until: 900 }), now)).toBe("starts now");
  const other = { reason: "dependency", on: "01a", name: "", when: "failed" } as const;
  expect(waitingFor(row(other), now)).toBe("waiting for 01a to fail");
  expect(waitingFor(row({ ...other, name: "import" }), now)).toBe("waiting for import to fail");
  const second = row({ reason: "lane", position: 2, behind: "nightly" });
  expect(waitingFor(second, now)).toBe("2nd in lane etl, behind nightly");
  expect(waitingFor(second, now, true)).toBe("lane etl is paused; 2nd in line");
  expect(waitingFor(row({ reason: "backoff", until: 13_000 }), now, true)).toBe(
    "attempt 6 in 12 s, lane etl is paused",
  );
});

test("a task of which nothing can be learned says why, whatever its phase", () => {
  const trouble = "cannot be looked at: the supervising process of /runs/a/1 does not answer";
  expect(waitingFor({ trouble } as TaskRow, () => 1000)).toBe(trouble);
  const start = "waiting for the system: too many open files";
  expect(waitingFor({ waiting: { reason: "starting" }, trouble: start } as TaskRow, () => 1000)).toBe(start);
});

test("a row says what goes on without its main program, and what an end has left undone", () => {
  const row = (phase: string, more: object) =>
    ({ task: { status: { phase, attempt: 1, ...("exitCode" in more ? more : {}) } }, ...more }) as TaskRow;
  const mainEnded = {
    exitCode: 0,
    writers: 1,
    text: "main program ended with exit 0; 1 process still writes",
  };
  expect(inShort(row("running", { mainEnded }))).toBe(mainEnded.text);
  expect(inShort(row("running", {}))).toBe("");
  expect(inShort(row("running", { onCluster: { node: "n3" } }))).toBe("on n3");
  expect(inShort(row("running", { onCluster: {} }))).toBe("");
  expect(inShort(row("running", { mainEnded, suspended: true }))).toMatch(/^paused/);
  expect(inShort(row("succeeded", { remark: "output was cut" }))).toBe("output was cut");
  expect(inShort(row("failed", { exitCode: 3, remark: "output was cut" }))).toBe("exit 3 · output was cut");
});
