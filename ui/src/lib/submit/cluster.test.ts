import { describe, expect, it } from "vitest";
import { written } from "./copy-as";
import type { ClusterRequest, TaskSpec } from "../api";
import { clusterSummary } from "./cluster";
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
    expect(clusterSummary(fromSpec(spec({})).cluster)).toBe("as the cluster sees fit");
    expect(clusterSummary(fromSpec(spec({ partition: "gpu", gpus: 2 })).cluster)).toBe(
      "partition gpu, 2 GPUs",
    );
  });

  it("is copied as words of solti run", async () => {
    const asked = spec({ partition: "gpu", gpus: 2, timeMinutes: 90 });
    const line = await written({ ...asked, admission: "queue" }, "run", "/data");
    expect(line).toContain("--slurm --partition gpu --gpus 2 --time 90m");
  });
});
