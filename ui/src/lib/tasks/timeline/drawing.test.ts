import { expect, test } from "vitest";
import { barAt, layOut, type DrawnSide } from "./drawing";
import { lanesOf } from "./bars";
import type { TaskSpan } from "../../api/types";

const span = (task: string, slot: string): TaskSpan => ({
  task,
  name: task,
  slot,
  phase: "succeeded",
  attempt: 1,
  createdAt: 0,
  startedAt: 0,
  finishedAt: 100,
});
const side = (name: string, spans: TaskSpan[]): DrawnSide => ({
  name,
  lanes: lanesOf(spans, [], 100),
  lostAt: undefined,
  note: "",
});

test("machines stand below each other, and what is under the pointer is of the one that it is over", () => {
  const layout = layOut([
    side("This machine", [span("a", "s")]),
    side("lab", []),
    side("nas", [span("b", "s")]),
  ]);
  const [here, lab, nas] = layout.sides;
  expect([here!.bottom, lab!.bottom]).toEqual([lab!.top, nas!.top]);
  // One without lanes has room to say so.
  expect(lab!.bottom - lab!.top).toBeGreaterThan(layout.whose);
  const found = [...Array(layout.tall).keys()].flatMap((y) => barAt(layout, 50, y, 0) ?? []);
  expect([...new Set(found.map(({ side, bar }) => `${side} ${bar.name}`))]).toEqual(["0 a", "2 b"]);
});

test("one machine alone has no line with its name", () => {
  const layout = layOut([side("This machine", [span("a", "s")])]);
  expect(layout.whose).toBe(0);
  expect(barAt(layout, 50, layout.sides[0]!.lanes[0]!.top + 25, 0)?.bar.name).toBe("a");
  expect(barAt(layout, 250, layout.sides[0]!.lanes[0]!.top + 25, 10)).toBeUndefined();
});
