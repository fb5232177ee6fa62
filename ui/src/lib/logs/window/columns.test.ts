import { beforeEach, expect, it } from "vitest";
import { ColumnChoice } from "./columns.svelte";

beforeEach(() => localStorage.clear());

it("remembers columns and their widths for a name, and those of another apart", () => {
  const choice = new ColumnChoice(() => "nightly");
  expect(choice.shown).toBeNull();
  choice.choose(["time", "message", "time"]);
  choice.resize("message", 90);
  choice.choose(["message", "reqId"]);
  const again = new ColumnChoice(() => "nightly");
  expect(again.shown).toEqual([
    { field: "message", width: 90 },
    { field: "reqId", width: 16 },
  ]);
  again.toggle();
  expect([again.shown, again.chosen.length]).toEqual([null, 2]);
  expect(new ColumnChoice(() => "constructor").shown).toBeNull();
});

it("leaves what other windows have chosen for other names meanwhile", () => {
  const [one, other] = [new ColumnChoice(() => "one"), new ColumnChoice(() => "other")];
  one.choose(["time"]);
  other.choose(["level"]);
  one.resize("time", 30);
  expect(new ColumnChoice(() => "one").shown).toEqual([{ field: "time", width: 30 }]);
  expect(new ColumnChoice(() => "other").shown).toHaveLength(1);
});

it("keeps what it can be read of, and no more names than fifty", () => {
  localStorage.setItem("solti.log.columns", '[{"name":"a","shown":true,"columns":[{"field":1}]}]');
  expect(new ColumnChoice(() => "a").shown).toBeNull();
  for (let i = 0; i < 60; i += 1) new ColumnChoice(() => `job ${i}`).choose(["time"]);
  expect(new ColumnChoice(() => "job 5").shown).toBeNull();
  expect(new ColumnChoice(() => "job 59").shown).toHaveLength(1);
  const one = new ColumnChoice(() => "job 59");
  one.resize("time", 1e9);
  expect(one.shown?.[0]?.width).toBe(400);
});
