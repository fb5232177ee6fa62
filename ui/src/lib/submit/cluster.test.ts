import { describe, expect, it } from "vitest";
import { written } from "./copy-as";
import type { ClusterRequest, TaskSpec } from "../api";
import { askedAbout, clusterSummary, outlookWords } from "./cluster";
import { fromSpec } from "./from-spec";
import { toSpec } from "./to-spec";

const spec = (cluster?: ClusterRequest): TaskSpec => ({
  slot: "s",
  kind: { subprocess: { mode: { command: { command: "true" } } } },
  ...(cluster ? { cluster } : {}),
});
const back = (cluster?: ClusterRequest) => toSpec(fromSpec(spec(cluster)));

describe("a cluster in the form", () => {
  it("comes back as it went in", () => {
    const whole = {
      partition: "gpu",
      account: "team",
      qos: "high",
      cpus: 4,
      gpus: 2,
      timeMinutes: 90,
      constraint: "a100&nvme",
    };
    expect(back(whole).spec.cluster).toEqual(whole);
    expect(back({}).spec.cluster).toEqual({});
    expect(back().spec.cluster).toBeUndefined();
  });

  it("says which number is none", () => {
    const form = fromSpec(spec({}));
    form.cluster.time = "two hours";
    expect(Object.keys(toSpec(form).errors)).toContain("cluster.timeMinutes");
  });

  it("is summed up", () => {
    expect(clusterSummary(fromSpec(spec()).cluster)).toBe("");
    expect(clusterSummary(fromSpec(spec({})).cluster)).toBe("cluster defaults");
    expect(clusterSummary(fromSpec(spec({ partition: "gpu", gpus: 2 })).cluster)).toBe(
      "partition gpu, 2 GPUs",
    );
    expect(clusterSummary(fromSpec(spec({ cpus: 1, gpus: 1 })).cluster)).toBe("1 processor, 1 GPU");
  });

  it("is copied as words of solti run", async () => {
    const asked = spec({ partition: "gpu", gpus: 2, timeMinutes: 90 });
    const line = await written({ ...asked, admission: "queue" }, "run", "/data");
    expect(line).toContain("--slurm --partition gpu --gpus 2 --time 90m");
  });

  it("is asked about without the task's own words", () => {
    const limits = { memoryBytes: 1 };
    const asked = askedAbout({ ...spec({ gpus: 2 }), limits, labels: { name: "private" } });
    expect(asked).toEqual({ ...spec({ gpus: 2 }), slot: "preview", limits });
  });

  it("says when it would start", () => {
    const now = new Date(2026, 10, 29, 12, 0).getTime();
    const starts = (at: number) => outlookWords({ outlook: "starts", at, node: "n3", partition: "gpu" }, now);
    expect(starts(now + 59_000)).toBe("Would start at once on n3.");
    expect(starts(now - 5_000)).toBe("Would start at once on n3.");
    expect(starts(new Date(2026, 10, 29, 14, 10).getTime())).toBe("Would start today at 14:10 on n3.");
    expect(starts(new Date(2026, 10, 30, 14, 10).getTime())).toBe("Would start tomorrow at 14:10 on n3.");
    expect(starts(new Date(2026, 11, 2, 14, 10).getTime())).toContain("start on Dec 2, 2026");
    const waits = { outlook: "waits", why: "partition closed is down", partition: "closed" } as const;
    expect(outlookWords(waits, now)).toBe("Would wait: partition closed is down.");
  });
});
