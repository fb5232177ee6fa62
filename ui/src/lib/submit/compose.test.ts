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
    ["services:\n  a:\n    build: .\n", 3, "nothing for build"],
    ["services:\n  a:\n    command: x\n", 2, "needs an image"],
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

describe("Compose files as they are found", () => {
  const task = (text: string) => {
    const result = read(text);
    if (!("spec" in result)) throw new Error(`line ${result.line}: ${result.message}`);
    return result.spec;
  };
  const container = (text: string) => {
    const { kind } = task(text);
    return "container" in kind ? kind.container : undefined;
  };
  /** `name=value`, as they are told to the program. */
  const env = (text: string) => container(text)?.env?.map(({ key, value }) => `${key}=${value}`);

  it("of a worker whose fields are merged from anchors", () => {
    const text = `x-common: &common
  image: registry.example/shop:4
  restart: unless-stopped
  environment: &env
    LOG_LEVEL: info
    REGION: eu
services:
  worker:
    <<: *common
    command: [celery, -A, shop, worker]
    environment:
      <<: *env
      LOG_LEVEL: debug
`;
    expect(task(text)).toEqual({
      slot: "worker",
      kind: {
        container: {
          image: "registry.example/shop:4",
          args: ["celery", "-A", "shop", "worker"],
          env: expect.arrayContaining([
            { key: "LOG_LEVEL", value: "debug" },
            { key: "REGION", value: "eu" },
          ]),
        },
      },
      restart: { type: "always" },
      labels: { name: "worker" },
    });
    expect(env(text)).toHaveLength(2);
  });

  it("of a database whose volume is that of its project", () => {
    expect(
      container(`name: shop
services:
  db:
    image: postgres:17
    environment: { POSTGRES_PASSWORD: "a$$b" }
    volumes: ["data:/var/lib/postgresql/data", "backup:/backup", "shared:/shared", "other:/other"]
volumes:
  data:
  backup: { name: real_backup, driver: local }
  shared: { external: true }
`),
    ).toMatchObject({
      env: [{ key: "POSTGRES_PASSWORD", value: "a$b" }],
      volumes: [
        { source: "shop_data", target: "/var/lib/postgresql/data" },
        { source: "real_backup", target: "/backup" },
        { source: "shared", target: "/shared" },
        { source: "shop_other", target: "/other" },
      ],
    });
  });

  it("of a backup with volumes in the long form", () => {
    expect(
      container(`services:
  backup:
    image: restic/restic
    volumes:
      - { type: bind, source: /home, target: /home, read_only: true, bind: { create_host_path: false } }
      - type: volume
        source: cache
        target: /var/cache/restic
        volume: { nocopy: false }
`)?.volumes,
    ).toEqual([
      { source: "/home", target: "/home", readOnly: true },
      { source: "cache", target: "/var/cache/restic" },
    ]);
  });

  it("of a batch job whose limits are of every unit, and some are none", () => {
    const limits = (fields: string) => task(`services: { a: { image: x, ${fields} } }`).limits;
    expect(limits("mem_limit: 1.5g, cpus: 0.50, pids_limit: 100")).toEqual({
      memoryBytes: 1.5 * 1024 ** 3,
      cpuPercent: 50,
      processes: 100,
    });
    for (const [text, bytes] of [
      ["512", 512],
      ["64kb", 65_536],
      ["2GiB", 2 * 1024 ** 3],
      ["1t", 1024 ** 4],
      ["300 MB", 300 * 1024 ** 2],
    ] as const)
      expect(limits(`mem_limit: ${text}`)).toEqual({ memoryBytes: bytes });
    expect(limits("mem_limit: 0, cpus: 0, pids_limit: -1")).toBeUndefined();
    expect(limits("pids_limit: 0, cpus: 0.0")).toBeUndefined();
  });

  it("of a program whose variables are numbers, flags and twice there", () => {
    expect(
      env(`services:
  a:
    image: x
    environment:
      BIG: 9007199254740993
      RATIO: 0.5
      ON: true
      YES: yes
      DAY: 2026-11-30
      ZIP: "01234"
      EMPTY: ""
`),
    ).toEqual([
      "BIG=9007199254740993",
      "RATIO=0.5",
      "ON=true",
      "YES=yes",
      "DAY=2026-11-30",
      "ZIP=01234",
      "EMPTY=",
    ]);
    expect(env("services: { a: { image: x, environment: [A=1, 'B=x=y', A=2, C=] } }")).toEqual([
      "A=2",
      "B=x=y",
      "C=",
    ]);
  });

  it.each([
    ["entrypoint: /bin/run", { command: ["/bin/run"] }],
    ["entrypoint: [sh, -c], command: ['echo $$HOME']", { command: ["sh", "-c"], args: ["echo $HOME"] }],
    ["entrypoint: [], command: [sleep, '5']", { command: ["sleep"], args: ["5"] }],
    ["entrypoint: '', command: sleep 5", { command: ["sleep"], args: ["5"] }],
    ["entrypoint: /bin/run, command: []", { command: ["/bin/run"] }],
    ["entrypoint: null, command: null", {}],
    [`command: 'sh -c "a && b"'`, { args: ["sh", "-c", "a && b"] }],
    ["user: 1000, working_dir: /srv, init: true, ports: null", { user: "1000", workdir: "/srv" }],
    ["container_name: x, tty: true, stdin_open: true, x-note: mine, logging: { driver: none }", {}],
    ["environment: null, volumes: []", { volumes: [] }],
    ["network_mode: host, pull_policy: if_not_present", { network: "host" }],
  ])("of a service with %s", (fields, expected) => {
    expect(container(`services: { a: { image: x, ${fields} } }`)).toEqual({ image: "x", ...expected });
  });

  it.each([
    ["no", {}],
    ["on-failure", { restart: { type: "onFailure" } }],
    ["on-failure:0", { restart: { type: "onFailure" } }],
    ["on-failure:5", { restart: { type: "onFailure" }, maxRetries: 5 }],
    ["always", { restart: { type: "always" } }],
  ])("of a service that is started again: %s", (restart, expected) => {
    expect(task(`services: { a: { image: x, restart: "${restart}" } }`)).toEqual({
      slot: "a",
      kind: { container: { image: "x" } },
      labels: { name: "a" },
      ...expected,
    });
  });

  /** Of a service, in lines from the fourth on. */
  const service = (...lines: string[]) =>
    ["services:", "  a:", "    image: x", ...lines.map((line) => `    ${line}`)].join("\n");
  const end = (...lines: string[]) => `${service('volumes: ["data:/data"]')}\n${lines.join("\n")}\n`;
  it.each([
    ["variables that are a text", service("environment: A=1"), 4, "must be a list"],
    ["a variable that is a list", service("environment:", "  A: [1]"), 5, "must be text"],
    [
      "a number that Compose reads as octal",
      service("environment:", "  A: 1", "  MODE: 010"),
      6,
      "in quotes",
    ],
    ["a number that loses a digit", service("environment:", "  V: 3.10"), 5, "in quotes"],
    ["a variable in an entry", service("environment:", "  - A=$HOME"), 5, "$HOME"],
    ["a lone dollar sign", service("command: echo $1"), 4, "write $$"],
    [
      "a variable in a long volume",
      service("volumes:", "  - type: bind", "    source: ${DIR:-/x}", "    target: /x"),
      6,
      "${DIR:-/x}",
    ],
    ["volumes that are a text", service("volumes: /a:/b"), 4, "must be a list"],
    ["volumes that are a map", service("volumes: { /a: /b }"), 4, "must be a list"],
    ["a volume without a name", service("volumes:", "  - /data"), 5, "source and a target"],
    ["a volume of four parts", service("volumes:", "  - /a:/b:ro:x"), 5, "nothing for ro:x"],
    ["a volume of a mode", service("volumes:", "  - /a:/b:z"), 5, "nothing for z"],
    ["tmpfs", service("volumes:", "  - type: tmpfs", "    target: /t"), 5, "type tmpfs"],
    [
      "the propagation of a bind",
      service(
        "volumes:",
        "  - type: bind",
        "    source: /a",
        "    target: /a",
        "    bind:",
        "      propagation: rshared",
      ),
      9,
      "propagation",
    ],
    [
      "a part of a volume",
      service(
        "volumes:",
        "  - type: volume",
        "    source: a",
        "    target: /a",
        "    volume: { subpath: b }",
      ),
      8,
      "subpath",
    ],
    [
      "a field of a long volume",
      service("volumes:", "  - type: bind", "    source: /a", "    target: /a", "    consistency: cached"),
      8,
      "consistency",
    ],
    [
      "a bind of a folder beside the file",
      service("volumes:", "  - type: bind", "    source: data", "    target: /a"),
      5,
      "whole path",
    ],
    ["the driver of a volume", end("volumes:", "  data:", "    driver: nfs"), 7, "nothing for driver"],
    [
      "the options of a volume",
      end("volumes:", "  data:", "    driver_opts: { type: nfs }"),
      7,
      "driver_opts",
    ],
    ["processes in thousands", service("pids_limit: 1k"), 4, "whole number"],
    ["processors that are none", service("cpus: abc"), 4, "number of processors"],
    ["memory that is none", service("mem_limit: -1"), 4, "as in 512m"],
    ["a policy that is none", service("restart: on-failure:x"), 4, "restart must be"],
    ["a policy with more", service('restart: "always:3"'), 4, "restart must be"],
    ["the name of the host", service("hostname: build"), 4, "hostname"],
    ["no init process", service("init: false"), 4, "init process"],
    ["no entry point and no command", service("entrypoint: []"), 4, "needs a command"],
    ["an empty command", service("command: []"), 4, "image's own"],
    ["a quote that is not closed", service(`command: "it's"`), 4, "not closed"],
    ["a network of another service", service("network_mode: service:db"), 4, "other services"],
    ["when images are built", service("pull_policy: build"), 4, "pull_policy must be"],
    ["an image that is a list", "services:\n  a:\n    image: [x]\n", 3, "must be text"],
    [
      "a secret of the file",
      "services:\n  a:\n    image: x\nsecrets: { s: { file: /s } }\n",
      4,
      "no secrets",
    ],
    [
      "a merged field, where it is written",
      "x-c: &c\n  image: x\n  privileged: true\nservices:\n  a:\n    <<: *c\n",
      3,
      "privileged",
    ],
  ])("with what a task has nothing for, or Compose reads otherwise: %s", (_, text, line, words) => {
    const result = read(text);
    expect("message" in result ? result.message : JSON.stringify(result.spec)).toContain(words);
    expect(result).toMatchObject({ line });
  });

  it("and a task itself may be written with anchors and merged fields", () => {
    expect(task("slot: a\nlabels: &l { team: x }\nkind: { container: { image: x } }\n").labels).toEqual({
      team: "x",
    });
  });
});
