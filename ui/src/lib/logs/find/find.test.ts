import { waitFor } from "@testing-library/svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createFakeBackend } from "../../api/fake";
import type { Asks, Backend, SearchProgress } from "../../api";
import { AllLogsSearch } from "./all-logs.svelte";
import { Find, type FindPlace } from "./find.svelte";
import { handOver, takeHandedOver } from "./hand-over";
import { Highlights } from "./highlights.svelte";
import { OneLog } from "../one/one-log.svelte";
import { EVERYTHING, LogSearch } from "./search.svelte";
import { findStatus } from "./status";

const backend = createFakeBackend({ tasks: 1 });
const id = backend.ids()[0] ?? "";
const { rows } = await backend.readLog({ run: { id, attempt: 1 }, from: 0, count: 1000 });
const warnings = rows.filter((row) => row.text.includes("warning")).map((row) => row.row);

function stand(near = 100) {
  const shown: number[] = [];
  const place: FindPlace = {
    search: (query, onProgress) => new LogSearch(new OneLog(backend, id, 1), query, near, onProgress),
    at: () => near,
    show: (row) => void shown.push(row),
    drawn: () => undefined,
    runOf: () => ({ id, attempt: 1 }),
    changed: vi.fn(),
    begin: vi.fn(),
    back: vi.fn(),
  };
  return { place, shown, find: new Find(place) };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("the find field", () => {
  it("goes to the nearest hit after a pause in typing, and says which of how many it is", async () => {
    const { find, shown } = stand();
    find.typed("war");
    find.typed("warning");
    expect(find.search).toBeNull();
    await vi.advanceTimersByTimeAsync(200);
    const nearest = warnings.find((row) => row >= 100) ?? -1;
    expect(shown).toEqual([nearest]);
    expect(find.hit?.key).toBe(nearest);
    expect(findStatus(find).text).toMatch(/^\d+ of \d+$/);
    expect(find.hit?.index).toBe(warnings.indexOf(nearest) + 1);
    // How far it is says something only while it is not through.
    expect(findStatus(find).detail).toBe("");
    expect(findStatus(find).title).toContain(" · searched ");
    expect(findStatus(find, 900).detail).toBe(" · 900 lines gone");
  });

  it("steps both ways and goes round", async () => {
    const { find, shown } = stand(0);
    find.typed("warning");
    await vi.advanceTimersByTimeAsync(200);
    await find.step(true);
    await find.step(true);
    await find.step(false);
    expect(shown).toEqual([warnings[0], warnings[1], warnings[2], warnings[1]]);
    await find.step(false);
    await find.step(false);
    expect(find.hit?.index).toBe(find.hit?.total);
  });

  it("does not move the view in filter mode", async () => {
    const { find, shown } = stand();
    find.mode = "filter";
    find.typed("warning");
    await vi.advanceTimersByTimeAsync(200);
    expect(find.search?.matches).toBeGreaterThan(10);
    expect(shown).toEqual([]);
  });

  it("looks for what fields of records say, alone or beside a pattern", async () => {
    const search = vi.spyOn(backend, "openSearch");
    const { find } = stand();
    find.narrowed("level=error");
    await vi.advanceTimersByTimeAsync(200);
    expect(find.active).toBe(true);
    expect(search.mock.lastCall?.[2]).toMatchObject({ pattern: "", fields: "level=error" });
    find.typed("warning");
    await vi.advanceTimersByTimeAsync(200);
    expect(search.mock.lastCall?.[2]).toMatchObject({ pattern: "warning", fields: "level=error" });
    find.leave();
    expect([find.fields, find.active]).toEqual(["", false]);
    search.mockRestore();
  });

  it("says what is wrong with a pattern, and that nothing was found", async () => {
    const { find } = stand();
    find.toggle("regex");
    find.typed("(");
    await vi.advanceTimersByTimeAsync(200);
    expect(findStatus(find)).toMatchObject({ bad: true });
    find.typed("no such thing");
    await vi.advanceTimersByTimeAsync(200);
    expect(findStatus(find)).toMatchObject({ text: "No hits", bad: true });
  });

  it("tells where it began and, when left, to go back there", async () => {
    const { find, place } = stand();
    find.typed("w");
    expect(place.begin).toHaveBeenCalledOnce();
    find.typed("wa");
    expect(place.begin).toHaveBeenCalledOnce();
    await vi.advanceTimersByTimeAsync(200);
    find.leave();
    expect(find.search).toBeNull();
    expect(place.back).toHaveBeenCalledOnce();
  });

  it("stops where it is, and begins again with a step", async () => {
    const { find } = stand();
    find.typed("warning");
    await vi.advanceTimersByTimeAsync(200);
    find.stop();
    expect(findStatus(find).title).toContain("stopped");
    await find.step(true);
    await vi.advanceTimersByTimeAsync(200);
    expect(find.stopped).toBe(false);
    expect(find.search?.complete).toBe(true);
  });

  it("remembers how to match, for the next window", () => {
    stand().find.toggle("wholeWord");
    expect(stand().find.query).toMatchObject({ wholeWord: true, ignoreAnsi: true });
  });
});

describe("a step into what is not searched yet", () => {
  it("waits for it instead of going round", async () => {
    let tell: (progress: SearchProgress) => void = () => {};
    const hits = [50];
    const slow = {
      openSearch: async (_i: string, _a: number, _q: unknown, _n: number, on: typeof tell) => {
        tell = on;
        return { searchId: "s", close: () => {} };
      },
      searchStep: async ({ row }: Asks["searchStep"]["request"]) => {
        const hit = hits.find((one) => one > row) ?? hits[0] ?? 0;
        return { row: hit, index: hits.indexOf(hit) + 1, total: hits.length };
      },
    } as unknown as Backend;
    const search = new LogSearch(new OneLog(slow, "t", 1), EVERYTHING, 0, () => {});
    await search.open();
    const progress = { matches: 1, searchedBytes: 1, totalBytes: 9, complete: false, live: false };
    tell(progress);
    const step = search.step(50, true);
    await Promise.resolve();
    hits.push(900);
    tell({ ...progress, matches: 2 });
    expect((await step)?.key).toBe(900);
    const round = search.step(900, true);
    tell({ ...progress, complete: true });
    expect((await round)?.key).toBe(50);
  });

  it("goes on with a search whose log can be read again", async () => {
    let tell: (progress: SearchProgress) => void = () => {};
    const at = { matches: 1, searchedBytes: 1, totalBytes: 1, complete: true, live: true };
    const patient = {
      openSearch: async (...[, , , , onProgress]: Parameters<Backend["openSearch"]>) => {
        tell = onProgress;
        return { searchId: "s", close: () => {} };
      },
      searchStep: async () => ({ row: 7, index: 1, total: 1 }),
    } as unknown as Backend;
    const search = new LogSearch(new OneLog(patient, "t", 1), EVERYTHING, 0, () => {});
    await search.open();
    tell({ ...at, complete: false, error: "too many open files" });
    expect(search.error?.message).toBe("too many open files");
    expect(await search.step(0, true)).toBeNull();
    tell(at);
    expect(search.error).toBeNull();
    expect((await search.step(0, true))?.key).toBe(7);
  });

  it("ends when the search is closed", async () => {
    const never = {
      openSearch: async () => ({ searchId: "s", close: () => {} }),
      searchStep: async () => null,
    } as unknown as Backend;
    const search = new LogSearch(new OneLog(never, "t", 1), EVERYTHING, 0, () => {});
    await search.open();
    const step = search.step(0, true);
    search.close();
    expect(await step).toBeNull();
  });
});

describe("highlights", () => {
  it("are asked for rows that are drawn, near ones at once, and not twice", async () => {
    vi.useRealTimers();
    const { searchId } = await backend.openSearch(id, 1, { ...EVERYTHING, pattern: "rows" }, 0, () => {});
    const ask = vi.spyOn(backend, "searchRanges");
    const highlights = new Highlights(backend, searchId);
    const far = [0, 1, 2, 700, 701].flatMap((row) => rows[row] ?? []);
    highlights.want(far);
    await waitFor(() => expect(highlights.version).toBe(1));
    expect(ask.mock.calls.map(([{ from, count }]) => [from, count])).toEqual([
      [0, 3],
      [700, 2],
    ]);
    highlights.want(far);
    expect(ask).toHaveBeenCalledTimes(2);
    const [first] = rows[0] ? highlights.of(rows[0]) : [];
    expect(rows[0]?.text.slice(...(first ?? [0, 0]))).toBe("rows");
    ask.mockRestore();
  });
});

describe("all logs", () => {
  it("lists runs with their names and counts, and forgets them with the next search", async () => {
    vi.useRealTimers();
    const many = createFakeBackend({ tasks: 5 });
    const all = new AllLogsSearch(many);
    await all.start({ ...EVERYTHING, pattern: "connection refused" });
    expect(all.found.runs).toBe(all.runs.length);
    expect(all.found.lines).toBeGreaterThan(all.found.runs);
    const [run] = all.runs;
    await waitFor(() => expect(all.names.get(run?.id ?? "")).toBeTruthy());
    await all.start({ ...EVERYTHING, pattern: "" });
    expect(all.runs).toEqual([]);
  });

  it("hands a search to the window of its task and to no other, once", () => {
    const taken = vi.fn();
    handOver("a", 7, { ...EVERYTHING, pattern: "x" });
    takeHandedOver("b", taken)();
    expect(taken).not.toHaveBeenCalled();
    takeHandedOver("a", taken)();
    takeHandedOver("a", taken)();
    expect(taken).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ pattern: "x" }), 7);
  });
});
