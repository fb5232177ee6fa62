import { expect, test } from "vitest";
import { createFakeBackend } from "./fake";
import type { LogQuery, SearchProgress } from "./types";

const query = (more: Partial<LogQuery>): LogQuery => ({
  pattern: "",
  regex: false,
  caseSensitive: false,
  wholeWord: false,
  invert: false,
  ignoreAnsi: false,
  ...more,
});

const backend = createFakeBackend({ tasks: 1 });
const id = backend.ids()[0]!;
const { rows } = await backend.readLog({ run: { id, attempt: 1 }, from: 0, count: 1000 });
const withError = rows.filter((row) => row.text.includes("error:")).map((row) => row.row as number);

test("a search counts, ranks, steps round the ends and says where the matches are", async () => {
  const seen: SearchProgress[] = [];
  const { searchId } = await backend.openSearch(id, 1, query({ pattern: "ERROR:" }), 100, (p) =>
    seen.push(p),
  );
  const last = seen.at(-1)!;
  expect(last).toMatchObject({ complete: true, nearest: withError.find((row) => row >= 100) });
  const page = await backend.searchRows({ searchId, from: 0, count: withError.length });
  expect(page.total).toBe(last.matches);
  expect(page.rows.map((row) => row.row)).toEqual(withError);
  expect(await backend.searchRank({ searchId, row: withError[2]! })).toBe(2);
  expect(await backend.searchStep({ searchId, row: withError[1]!, forward: true })).toMatchObject({
    row: withError[2],
    index: 3,
  });
  expect(await backend.searchStep({ searchId, row: withError[0]!, forward: false })).toMatchObject({
    index: last.matches,
  });
  const [first] = await backend.searchRanges({ searchId, from: withError[0]!, count: 1 });
  const text = rows[withError[0]!]!.text;
  expect(first!.ranges.map(([from, to]) => text.slice(from, to))).toEqual(["error:"]);
});

test("a pattern that is no expression is refused with its field", async () => {
  const opened = backend.openSearch(id, 1, query({ pattern: "(", regex: true }), 0, () => {});
  await expect(opened).rejects.toMatchObject({ code: "InvalidRequest", field: "query.pattern" });
});

test("merged rows come in the order of their times, from any place", async () => {
  const two = createFakeBackend({ tasks: 8 });
  const sources = two
    .ids()
    .slice(0, 3)
    .map((task) => ({ id: task, attempt: 1 }));
  const all = await two.readMerged({ sources, from: 0, count: 1000 });
  const times = all.rows.map((row) => row.ts);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  const page = await two.readMerged({ sources, from: 700, count: 50 });
  expect(page.rows).toEqual(all.rows.slice(700, 750));
});
