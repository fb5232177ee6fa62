import { expect, test } from "vitest";
import { Past, type PastPage } from "./past.svelte";
import type { HistoryQuery } from "../../api/types";

/** A task with attempts up to `latest`, of which the first ten and the latest thousand are kept. */
function task(latest: number) {
  const state = { latest, asked: [] as HistoryQuery[] };
  const kept = () =>
    Array.from({ length: state.latest }, (_, i) => i + 1).filter((n) => n <= 10 || n > state.latest - 1000);
  const read = async (query: HistoryQuery): Promise<PastPage<number>> => {
    state.asked.push(query);
    const hits = kept().filter((n) => n < (query.before ?? Infinity));
    const items = hits.slice(-(query.limit ?? 100));
    const count = state.latest - 1010;
    const notKept = count > 0 ? { after: 10, count } : undefined;
    return { items, more: items.length < hits.length, notKept };
  };
  return { state, past: new Past(read, (n: number) => n) };
}

test("of a task with 100,000 attempts the latest are read, and the others page by page back to the first", async () => {
  const { state, past } = task(100_000);
  await past.latest();
  expect([past.items.length, past.items[0], past.items.at(-1), past.more]).toEqual([
    100,
    99_901,
    100_000,
    true,
  ]);
  while (past.more) await past.earlier();
  expect(past.items.length).toBe(1010);
  expect(past.items[0]).toBe(1);
  expect(state.asked.every((query) => query.limit === 100)).toBe(true);
  expect(past.missingBefore(99_001, 10)).toBe(98_990);
  expect([past.missingBefore(99_002, 99_001), past.missingBefore(10, 9)]).toEqual([0, 0]);
});

test("what an earlier page was refused for is forgotten when it is read", async () => {
  const { state, past } = task(250);
  await past.latest();
  const [asked] = [state.asked];
  state.asked = null as never;
  await past.earlier();
  expect(past.error).toBeDefined();
  state.asked = asked;
  await past.earlier();
  expect([past.items.length, past.error]).toEqual([200, undefined]);
});

test("what comes is joined to what was read, and what no longer adjoins is left", async () => {
  const { state, past } = task(250);
  await past.latest();
  await past.earlier();
  expect(past.items.length).toBe(200);
  state.latest = 260;
  await past.latest();
  expect([past.items.length, past.items[0], past.items.at(-1)]).toEqual([210, 51, 260]);
  expect(past.items).toEqual([...new Set(past.items)]);
  state.latest = 900;
  await past.latest();
  expect([past.items.length, past.items[0], past.more]).toEqual([100, 801, true]);
});
