import { describe, expect, it } from "vitest";
import { specFromYaml } from "./yaml";

const read = (text: string) => specFromYaml(text);

describe("a service of a Compose file", () => {
  it("becomes a task in a container", () => {
    const result = read(`services:
  etl:
    image: docker.io/library/python:3.13
    command: python -m etl "two words"
    environment: { MODE: fast, N: 3 }
    volumes: ["/srv/data:/data:ro", "cache:/cache"]
    working_dir: /data
    user: "1000:1000"
    network_mode: none
    mem_limit: 512m
    cpus: 1.5
    restart: on-failure:3
volumes: { cache: {} }
`);
    expect(result).toEqual({
      spec: {
        slot: "etl",
        kind: {
          container: {
            image: "docker.io/library/python:3.13",
            args: ["python", "-m", "etl", "two words"],
            env: [
              { key: "MODE", value: "fast" },
              { key: "N", value: "3" },
            ],
            volumes: [
              { source: "/srv/data", target: "/data", readOnly: true },
              { source: "cache", target: "/cache" },
            ],
            workdir: "/data",
            user: "1000:1000",
            network: "none",
          },
        },
        limits: { memoryBytes: 512 * 1024 * 1024, cpuPercent: 150 },
        restart: { type: "onFailure" },
        maxRetries: 3,
        labels: { name: "etl" },
      },
    });
  });

  it.each([
    ["services:\n  a:\n    image: x\n    ports: ['80:80']\n", 4, "ports"],
    ["services:\n  a:\n    build: .\n", 2, "needs an image"],
    ["services:\n  a: { image: x }\n  b: { image: y }\n", 3, "one service"],
    ["services:\n  a:\n    image: x:${TAG}\n", 3, "${TAG}"],
    ["services:\n  a:\n    image: x\n    volumes:\n      - ./data:/data\n", 5, "whole path"],
    ["services:\n  a:\n    image: x\n    environment:\n      - TOKEN\n", 5, "TOKEN has no value"],
  ])("names what a task has nothing for, with its line: %j", (text, line, words) => {
    const result = read(text);
    expect(result).toMatchObject({ line });
    expect("message" in result && result.message).toContain(words);
  });
});
