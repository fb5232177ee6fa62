import { expect, test } from "vitest";
import corpus from "../../../../tests/corpus/sorted-rows.json";
import type { Phase, SortBy, TaskRow } from "../api/types";
import { fakeMatch } from "../api/fake-heads";
import { compareRows } from "./order";

const row = (of: (typeof corpus.rows)[number]): TaskRow => ({
  task: {
    metadata: { id: `t${of.n}`, resourceVersion: 1, createdAt: of.n, updatedAt: of.updatedAt },
    spec: { slot: of.lane, ownLane: false, name: of.name, command: "true" },
    status: { phase: of.phase as Phase, attempt: 1, exitCode: of.exitCode },
  },
  startedAt: of.startedAt,
  suspension: of.suspension,
  finishedAt: of.finishedAt,
  stopping: false,
  recentRuns:
    of.startedAt !== undefined && of.endedAt !== undefined
      ? [
          {
            attempt: 1,
            phase: of.phase as Phase,
            durationMs: Math.max(0, of.endedAt - of.startedAt - (of.suspension?.totalMs ?? 0)),
          },
        ]
      : [],
});

test.each(corpus.orders)("the page sorts as the backend does: $sort, reversed: $reverse", (of) => {
  const order = { by: of.sort as SortBy, reverse: of.reverse ?? false };
  const sorted = corpus.rows.map(row).sort(compareRows(order, corpus.now));
  expect(sorted.map(({ task }) => task.metadata.createdAt)).toEqual(of.order);
});

test.each(corpus.took)(
  "a filter by duration leaves what the backend leaves: $atLeastMs to $atMostMs",
  (of) => {
    const query = { tookAtLeastMs: of.atLeastMs, tookAtMostMs: of.atMostMs };
    const found = corpus.rows.map(row).filter((one) => fakeMatch(one, query));
    expect(found.map(({ task }) => task.metadata.createdAt).reverse()).toEqual(of.rows);
  },
);
