import { describe, expect, it } from "vitest";
import { usageWords } from "./usage";

describe("what a run has used", () => {
  it("is said in one line, without what is not known", () => {
    expect(
      usageWords({ cpuMs: 2100, peakMemoryBytes: 48_200_000, readBytes: 0, writtenBytes: 2_400_000 }),
    ).toBe("2.1 s processor time · 48.2 MB memory · 0 B read, 2.4 MB written");
    expect(usageWords({ cpuMs: 4 })).toBe("4 ms processor time");
  });
});
