import { describe, expect, it } from "vitest";
import { formatDuration, parseDuration } from "./duration";

describe("durations", () => {
  it.each([
    ["90s", 90_000],
    ["5m", 300_000],
    ["1h30m", 5_400_000],
    ["1h 30m", 5_400_000],
    ["250ms", 250],
    ["1.5h", 5_400_000],
    ["2 days", 172_800_000],
    ["10 min", 600_000],
    ["1m30s500ms", 90_500],
    ["0s", 0],
  ])("%s is %d ms", (text, ms) => expect(parseDuration(text)).toBe(ms));

  it.each(["", "90", "abc", "-5s", "5x", "5m1h", "1h1h", "s", "1..5s", "1e3s", "0.3ms"])(
    "%j is refused",
    (text) => expect(parseDuration(text)).toBeNull(),
  );

  it("writes what it can read back, to the millisecond", () => {
    for (const ms of [1, 999, 1000, 1001, 60_000, 90_500, 5_400_000, 86_400_000, 123_456_789]) {
      expect(parseDuration(formatDuration(ms))).toBe(ms);
    }
    expect(formatDuration(5_400_000)).toBe("1h30m");
  });
});
