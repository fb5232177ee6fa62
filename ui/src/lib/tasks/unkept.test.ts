import { describe, expect, it } from "vitest";
import { unkeptText } from "./unkept";

describe("limits that cannot be kept", () => {
  it("names the limit, by how much it is exceeded, and the task", () => {
    expect(unkeptText({ limit: "taskBytes", bytes: 2_100_000, task: "01H0000000000000AB" })).toMatch(
      /^The logs of a task \(01H0000000000000AB\) take 2\.1 MB more than a task's may: /,
    );
    expect(unkeptText({ limit: "minFreeBytes", bytes: 3_000_000_000 })).toContain("3.0 GB less free");
  });
});
