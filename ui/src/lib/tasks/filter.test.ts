import { expect, test } from "vitest";
import {
  apart,
  hasToken,
  labelToken,
  parseFilter,
  toQuery,
  toggleToken,
  turned,
  withOrder,
  withToken,
  withTurned,
} from "./filter";

test("tokens and free text become one query", () => {
  const filter = parseFilter(
    'state:failed lane:etl label:nightly label:team=data since:1d exit:137 import "two words"',
  );
  expect(filter.problems).toEqual([]);
  expect(toQuery(filter, 100_000_000)).toEqual({
    phases: ["failed", "timeout", "exhausted"],
    slot: "etl",
    labels: { name: "nightly", team: "data" },
    sinceMs: 100_000_000 - 86_400_000,
    exitCode: 137,
    text: "import two words",
  });
});

test("several states are or-ed, labels take a value, quotes keep spaces", () => {
  const filter = parseFilter('state:running,waiting label:team="web ui"');
  expect(filter.phases).toEqual(["running", "pending"]);
  expect(filter.labels).toEqual({ team: "web ui" });
});

test("a bare label is the task's name, others are key=value, one value a key", () => {
  expect(parseFilter("label:name=nightly").labels).toEqual(parseFilter("label:nightly").labels);
  expect(parseFilter("label:url=http://a:80/?q=1").labels).toEqual({ url: "http://a:80/?q=1" });
  expect(parseFilter("label:team=a label:team=b label:=x").problems.map(({ token }) => token)).toEqual([
    "label:team=b",
    "label:=x",
  ]);
  for (const [key, value] of [
    ["name", "two words"],
    ["name", "a=b"],
    ["team", "yes"],
  ] as const)
    expect(parseFilter(labelToken(key, value)).labels).toEqual({ [key]: value });
});

test("a token that makes no sense is named and not searched for", () => {
  const filter = parseFilter("state:brewing since:yesterday exit:x lane:");
  expect(filter.problems.map((problem) => problem.token)).toEqual([
    "state:brewing",
    "since:yesterday",
    "exit:x",
    "lane:",
  ]);
  expect(toQuery(filter, 0)).toEqual({});
});

test("what is asked for are whole numbers that the backend takes", () => {
  expect(toQuery(parseFilter("since:1.1d"), 100_000_000).sinceMs).toBe(4_960_000);
  expect(toQuery(parseFilter("since:9000000w"), 100_000_000).sinceMs).toBe(0);
  expect(parseFilter("exit:1e3 exit:0x10 exit:2147483648").problems).toHaveLength(3);
  expect(parseFilter("exit:-11").exit).toBe(-11);
});

test("a label may be called as anything, and hold quotes", () => {
  expect(parseFilter("label:constructor=x").problems).toEqual([]);
  expect(parseFilter(labelToken("say", 'the "word"')).labels).toEqual({ say: 'the "word"' });
  expect(parseFilter('label:"team=web ui"').labels).toEqual({ team: "web ui" });
});

test("text with a colon that is no token stays text", () => {
  expect(parseFilter("http://localhost:80").text).toBe("http://localhost:80");
});

test("choosing in the sidebar replaces its own kind and a second click takes it out", () => {
  const one = toggleToken("import state:failed", "state:running");
  expect(one).toBe("import state:running");
  expect(toggleToken(one, "state:running")).toBe("import");
  const label = labelToken("team", "web ui");
  expect(hasToken(toggleToken("label:nightly", label), label)).toBe(true);
  expect(parseFilter(toggleToken("label:nightly", label)).labels).toEqual({
    name: "nightly",
    team: "web ui",
  });
});

test("a dash leaves out what a word or a token says", () => {
  const filter = parseFilter(
    '-lane:etl -lane:web -label:team=data -label:nightly -exit:0 -job:import -retry -"two words"',
  );
  expect(filter.problems).toEqual([]);
  expect(toQuery(filter, 0)).toEqual({
    without: {
      slots: ["etl", "web"],
      labels: [
        ["team", "data"],
        ["name", "nightly"],
      ],
      exitCodes: [0],
      jobs: ["import"],
      texts: ["retry", "two words"],
    },
  });
  // An option and a number are looked for, and so is what is quoted with its dash.
  expect(toQuery(parseFilter('--all -1 "-x"'), 0)).toEqual({ text: "--all -1 -x" });
});

test("states that are left out are told as those that stay", () => {
  expect(new Set(toQuery(parseFilter("-state:finished"), 0).phases)).toEqual(new Set(["pending", "running"]));
  expect(toQuery(parseFilter("state:failed -state:timeout"), 0).phases).toEqual(["failed", "exhausted"]);
  for (const text of ["state:running -state:running", "-state:running state:running"])
    expect(parseFilter(text).problems.map(({ message }) => message)).toEqual(["then no state is left"]);
});

test("a job, a name and how long it took", () => {
  const filter = parseFilter("job:import name:night took>5m took<=1.5h");
  expect(toQuery(filter, 0)).toEqual({
    job: "import",
    name: "night",
    tookAtLeastMs: 300_000,
    tookAtMostMs: 5_400_000,
  });
  expect(parseFilter("took>soon -took<soon -name: job:a/b").problems.map(({ token }) => token)).toEqual([
    "took>soon",
    "-took<soon",
    "-name:",
    "job:a/b",
  ]);
});

test("every condition can be left out, of two spans what either of them says", () => {
  expect(toQuery(parseFilter("-took>5m -took<1s -name:night -name:test -since:1m"), 100_000)).toEqual({
    without: {
      names: ["night", "test"],
      sinceMs: 40_000,
      tookAtLeastMs: 300_000,
      tookAtMostMs: 1_000,
    },
  });
  expect(toQuery(parseFilter("-took>5m -took>1m -took<1s -took<2s -since:10s -since:30s"), 100_000)).toEqual({
    without: { sinceMs: 70_000, tookAtLeastMs: 60_000, tookAtMostMs: 2_000 },
  });
  // What has not ended took no time yet, and is left in.
  expect(toQuery(parseFilter("took<5m -took<5m"), 0)).toEqual({
    tookAtMostMs: 300_000,
    without: { tookAtMostMs: 300_000 },
  });
});

test("a token takes the place of another of its kind, and none of those that are left out", () => {
  expect(withToken(["lane:a", "-lane:b", "label:x=1"], "lane:c")).toEqual(["-lane:b", "label:x=1", "lane:c"]);
  expect(withToken(["-lane:b"], "-lane:c")).toEqual(["-lane:b", "-lane:c"]);
  expect(withToken(["took>5m", "took<1h"], "took>9m")).toEqual(["took<1h", "took>9m"]);
  expect(apart('lane:a import "two words" -took>5m')).toEqual({
    tokens: ["lane:a", "-took>5m"],
    rest: 'import "two words"',
  });
});

test("each token is there once, also after one was turned", () => {
  expect(apart("exit:1 -exit:1 exit:1 x x -exit:1")).toEqual({ tokens: ["exit:1", "-exit:1"], rest: "x x" });
  const turnedIn = (text: string, token: string) => withTurned(text.split(" "), token).join(" ");
  expect(turnedIn("exit:1 -exit:1", "exit:1")).toBe("-exit:1");
  expect(turnedIn("exit:1 -exit:1", "-exit:1")).toBe("exit:1");
  expect(turnedIn("lane:a -lane:b job:x", "-lane:b")).toBe("lane:b job:x");
  expect(turnedIn("lane:a -lane:b job:x", "lane:a")).toBe("-lane:a -lane:b job:x");
  expect(turnedIn("-label:a=1 label:a=2", "-label:a=1")).toBe("label:a=1 label:a=2");
  expect(turnedIn("sort:name lane:a", "sort:name")).toBe("sort:-name lane:a");
});

test("an order is a token, and the other way round of it too", () => {
  const query = (text: string) => toQuery(parseFilter(text), 0);
  expect(query("sort:took lane:etl")).toEqual({ slot: "etl", sort: "took" });
  expect(query("sort:-Name")).toEqual({ sort: "name", reverse: true });
  expect(query("sort:created")).toEqual({});
  expect(query("sort:-created")).toEqual({ sort: "created", reverse: true });
  expect(parseFilter("sort:size").problems[0]?.message).toMatch(/^no order "size"; one of created/);
  expect(parseFilter("-sort:name").problems[0]?.message).toContain("sort:-name");
  expect([turned("sort:name"), turned("sort:-name")]).toEqual(["sort:-name", "sort:name"]);
  const by = (reverse: boolean) => ({ by: "exit" as const, reverse });
  expect(withOrder("state:failed sort:name x", by(true))).toBe("state:failed x sort:-exit");
  expect(withOrder("sort:name")).toBe("");
  expect(withToken(["sort:name", "lane:etl"], "sort:-exit")).toEqual(["lane:etl", "sort:-exit"]);
});
