// Where the tasks of the made-up machine run: podman is there, docker is not.
import { fakeVersion } from "./fake-version";
import type { LocalImage, RunnerInfo } from "./types";

export const fakeRunners: RunnerInfo[] = [
  { name: "local", labels: { runner: "local" }, kinds: ["subprocess"] },
  {
    name: "podman",
    labels: { engine: "podman", runner: "podman" },
    kinds: ["container"],
    engine: {
      program: "/usr/bin/podman",
      version: "5.4.2",
      rootless: true,
      runtime: "crun",
      cgroups: "v2",
    },
  },
  {
    name: "docker",
    labels: { engine: "docker", runner: "docker" },
    kinds: ["container"],
    unavailable: "docker is not installed, or not in the PATH of tasks",
  },
  {
    name: "wasmtime",
    labels: { engine: "wasmtime", runner: "wasmtime" },
    kinds: ["wasm"],
    wasm: { program: "/usr/bin/solti-wasi", version: `${fakeVersion} (wasmtime 48)` },
  },
];

export const fakeImages: LocalImage[] = [
  { name: "docker.io/library/alpine:3.20", runner: "podman", size: "8.08 MB" },
  { name: "docker.io/library/postgres:17", runner: "podman", size: "445 MB" },
  { name: "docker.io/library/python:3.13-slim", runner: "podman", size: "126 MB" },
  { name: "localhost/etl:nightly", runner: "podman", size: "312 MB" },
];
