/** What a runner stands on, in a phrase; empty where there is nothing to say. Of another machine, what its own runners do. */
import type { RunnerInfo } from "../api/types";

export function runnerFacts({ engine, wasm, cluster, there }: RunnerInfo): string {
  if (there) {
    const usable = there.filter(({ unavailable }) => unavailable === undefined);
    return usable.map((runner) => [runner.name, runnerFacts(runner)].filter(Boolean).join(": ")).join("; ");
  }
  if (cluster) {
    const partitions = cluster.partitions.map(({ name, hidden }) => (hidden ? `${name} (hidden)` : name));
    return `${cluster.version}, partitions ${partitions.join(", ")}`;
  }
  const program = engine ?? wasm;
  if (program === undefined) return "";
  const more = engine && [
    engine.rootless ? "rootless" : "as root",
    engine.runtime,
    engine.cgroups && `cgroups ${engine.cgroups}`,
  ];
  return [`${program.program} ${program.version}`, ...(more ?? [])].filter(Boolean).join(", ");
}
