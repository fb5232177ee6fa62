import { expect, it } from "vitest";
import type { RunnerInfo } from "../api/types";
import { runnerFacts } from "./runner-facts";

const partition = { isDefault: false, up: true, nodes: 1 };
const local: RunnerInfo = { name: "local", labels: { runner: "local" }, kinds: ["subprocess"] };
const podman: RunnerInfo = {
  name: "podman",
  labels: { runner: "podman" },
  kinds: ["container"],
  engine: { program: "/usr/bin/podman", version: "4.3.1", rootless: true, runtime: "crun" },
};
const slurm: RunnerInfo = {
  name: "slurm",
  labels: { runner: "slurm" },
  kinds: ["subprocess"],
  cluster: {
    version: "slurm-wlm 22.05.8",
    partitions: [
      { ...partition, name: "main" },
      { ...partition, name: "quiet", hidden: true },
    ],
  },
};

it("says what a runner stands on", () => {
  expect(runnerFacts(local)).toBe("");
  expect(runnerFacts(podman)).toBe("/usr/bin/podman 4.3.1, rootless, crun");
  expect(runnerFacts(slurm)).toBe("slurm-wlm 22.05.8, partitions main, quiet (hidden)");
});

it("says of another machine what can be run there", () => {
  const nas = { name: "machine:nas", labels: { machine: "nas" }, kinds: ["subprocess"] };
  expect(runnerFacts(nas)).toBe("");
  const there = [local, { ...podman, unavailable: "there is no podman" }, slurm];
  expect(runnerFacts({ ...nas, there })).toBe(
    "local; slurm: slurm-wlm 22.05.8, partitions main, quiet (hidden)",
  );
});
