import { expect, it } from "vitest";
import type { LogInfo, LogRow } from "../../api";
import { endMark, gapLabel, moreNote, rowTime, unseenNote, windowTitle, writtenTime } from "./words";

const info: LogInfo = {
  attempt: 2,
  rows: 9,
  bytes: 90,
  live: true,
  phase: "running",
  startedAt: 0,
  attempts: 2,
};
const row = (text: string, fullLen = text.length): LogRow => ({
  row: 0,
  stream: "stdout",
  ts: 0,
  text,
  fullLen,
  partial: false,
  continued: false,
});

it("titles the window with name, attempt and state", () => {
  expect(windowTitle("nightly", info, 2)).toBe("nightly · attempt 2 · running");
});

it("ends a run in words, and only once it has ended", () => {
  expect(endMark(info)).toBeNull();
  const ended = { ...info, live: false, finishedAt: 12_000 };
  expect(endMark({ ...ended, phase: "succeeded", exitCode: 0 })).toBe("Succeeded · exit 0 · after 12 s");
  expect(endMark({ ...ended, phase: "failed", error: "killed by SIGKILL (signal 9)" })).toBe(
    "Failed · killed by SIGKILL · after 12 s",
  );
  expect(endMark({ ...ended, phase: "timeout", error: "timed out after 30 min" })).toBe(
    "Timed out after 30 min · after 12 s",
  );
  expect(endMark({ ...ended, phase: "succeeded", exitCode: 0, remark: "output was cut" })).toBe(
    "Succeeded · exit 0 · output was cut · after 12 s",
  );
  expect(endMark({ ...ended, phase: "succeeded", exitCode: 0, suspension: { totalMs: 8_000 } })).toBe(
    "Succeeded · exit 0 · after 4.0 s, suspended for 8.0 s",
  );
});

it("says how much of a long line is shown", () => {
  expect(moreNote(row("x"))).toBeNull();
  expect(moreNote({ ...row("x".repeat(10_000)), more: 1_190_000 })).toBe("line is 1.2 MB, 10 kB shown");
});

it("counts time from the start of the run", () => {
  expect(rowTime("relative", 62_345, 0)).toBe("+1:02.345");
  expect(rowTime("relative", 3_662_345, 0)).toBe("+1:01:02.345");
  expect(rowTime("off", 1, 0)).toBe("");
});

it("counts time from the row before, and never backward", () => {
  expect(rowTime("delta", 1500, 0, 1000)).toBe("+0.500");
  expect(rowTime("delta", 1000, 0, 1500)).toBe("+0.000");
  expect(rowTime("delta", 1500, 0)).toBe("");
});

it("says what is missing where lines are gone", () => {
  expect(gapLabel(row("x"))).toBeNull();
  expect(gapLabel({ ...row(""), gap: 12_000 })).toBe("12 kB of output lost: the disk was full");
  expect(gapLabel({ ...row(""), removed: { rows: 1_234_567, bytes: 2.1e9 } })).toContain(
    "1,234,567 lines (2.1 GB) removed",
  );
});

it("writes times that are read elsewhere with their offset", () => {
  const written = writtenTime(1_700_000_000_007);
  expect(written).toMatch(/^2023-11-1\dT\d\d:\d\d:20\.007[+-]\d\d:\d\d$/);
  expect(new Date(written).getTime()).toBe(1_700_000_000_007);
});

it("says of a hit that no text shows where it is", () => {
  expect(unseenNote({ more: 5 })).toBe("the hit is further along this line");
  expect(unseenNote({})).toBe("the hit is in a part of this line that is not displayed");
});
