import { expect, test } from "vitest";
import type { TaskRow } from "../api";
import { queueEntries } from "./actions";
import type { Workspace } from "./workspace.svelte";

test("a running task is paused, but on a cluster, where that is not offered", () => {
  const offered = (more: object) => {
    const row = { task: { status: { phase: "running", attempt: 1 }, spec: {} }, ...more } as TaskRow;
    return queueEntries({} as Workspace, row).map((entry) => (entry === "line" ? entry : entry.label));
  };
  expect(offered({})).toEqual(["Pause"]);
  expect(offered({ suspended: true })).toEqual(["Resume"]);
  expect(offered({ onCluster: { node: "n3" } })).toEqual([]);
  // What an earlier version has stored can be taken back.
  expect(offered({ onCluster: {}, suspended: true })).toEqual(["Resume"]);
});
