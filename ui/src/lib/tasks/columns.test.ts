import { expect, test } from "vitest";
import type { ListColumn } from "../api/types";
import { fitting, moved, toggled, tracks, USUAL, whole } from "./columns";

test("where there is little room, the columns at the right go first and the name never", () => {
  const many: ListColumn[] = [...USUAL, "lane", "exit"];
  expect(fitting(many, 2000)).toEqual(many);
  expect(fitting(many, 810)).toEqual([...USUAL, "lane"]);
  expect(fitting(many, 100)).toEqual(["state", "name", "story"]);
});

test("a column moves within the others, and not out of them", () => {
  expect(moved(["state", "name", "took"], "took", -1)).toEqual(["state", "took", "name"]);
  expect(moved(["state", "name", "took"], "took", 1)).toEqual(["state", "name", "took"]);
  expect(moved(["state", "name"], "exit", 1)).toEqual(["state", "name"]);
});

test("a column is taken out and put back at the end", () => {
  const without = toggled(USUAL, "runs");
  expect(without).not.toContain("runs");
  expect(toggled(without, "runs").at(-1)).toBe("runs");
});

test("a row always has its state and its name", () => {
  expect(whole([])).toEqual(USUAL);
  expect(whole(["exit"])).toEqual(["state", "name", "exit"]);
});

test("a row that can be ticked has room for the tick", () => {
  expect(tracks(["state", "took"], false)).toBe("100px 74px");
  expect(tracks(["state", "took"], true)).toBe("120px 74px");
});
