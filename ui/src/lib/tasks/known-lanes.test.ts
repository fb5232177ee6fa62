import { beforeEach, expect, test } from "vitest";
import type { Lane } from "../api/types";
import { KnownLanes } from "./known-lanes.svelte";

const lane = (slot: string, more: Partial<Lane> = {}): Lane => ({
  slot,
  capacity: 1,
  running: 0,
  queued: 0,
  paused: false,
  ...more,
});
const names = (lanes: Lane[]) => lanes.map(({ slot }) => slot);

beforeEach(() => localStorage.clear());

test("a shared lane stays listed when nothing is in it, also in a later window", () => {
  new KnownLanes(null).note(["web", "etl", "echo-abck2"]);
  const later = new KnownLanes(null);
  expect(names(later.all([lane("etl", { running: 1 })]))).toEqual(["etl", "web"]);
  later.forget("web");
  expect(names(new KnownLanes(null).all([]))).toEqual(["etl"]);
  expect(new KnownLanes("lab").all([])).toEqual([]);
});

test("a lane of one task is not listed, but for one that was set up by hand", () => {
  const lanes = [lane("echo-abck2", { running: 1 }), lane("make-abck3", { paused: true })];
  expect(names(new KnownLanes(null).all(lanes))).toEqual(["make-abck3"]);
});
