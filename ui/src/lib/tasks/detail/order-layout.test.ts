import fc from "fast-check";
import { expect, test } from "vitest";
import { placed } from "./order-layout";

const link = (on: string, task: string) => ({ on, task });

test("each stands below all that it waits for", () => {
  const found = placed(
    ["a", "b", "c", "d"],
    [link("a", "b"), link("b", "d"), link("a", "d"), link("c", "d")],
  );
  expect(found).toEqual([
    { id: "a", row: 0, column: 0 },
    { id: "b", row: 1, column: 0 },
    { id: "c", row: 0, column: 1 },
    { id: "d", row: 2, column: 0 },
  ]);
});

test("no two stand at one place, whatever waits for what, and nothing is lost", () => {
  const ids = Array.from({ length: 20 }, (_, n) => `t${n}`);
  const pair = fc.tuple(fc.nat(25), fc.nat(25)).map(([a, b]) => link(`t${a}`, `t${b}`));
  fc.assert(
    fc.property(fc.array(pair, { maxLength: 60 }), (links) => {
      const found = placed(ids, links);
      expect(new Set(found.map(({ row, column }) => `${row} ${column}`)).size).toBe(ids.length);
      // Later ones wait for earlier ones alone, as tasks do.
      const tidy = links.filter(({ on, task }) => ids.indexOf(on) < ids.indexOf(task) && ids.includes(on));
      const rows = new Map(placed(ids, tidy).map(({ id, row }) => [id, row]));
      for (const { on, task } of tidy) expect(rows.get(on)!).toBeLessThan(rows.get(task)!);
    }),
  );
});
