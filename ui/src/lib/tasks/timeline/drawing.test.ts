import { expect, test } from "vitest";
import { AXIS, barAt, headAt, headsAt, layOut, type DrawnSide } from "./drawing";
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

test("the name of each machine is in sight wherever one has scrolled to, and leads to its lanes", () => {
  const lanes = Array.from({ length: 20 }, (_, n) => span(`t${n}`, `lane-${n}`));
  const layout = layOut([side("This machine", lanes), side("nas", lanes), side("lab", [])]);
  const height = 400;
  for (const top of [0, 300, layout.sides[1]!.top, layout.tall - height]) {
    const heads = headsAt(layout, top, height);
    const seen = heads.filter((y) => y >= AXIS && y + layout.whose <= height);
    // One that is above has its place in what is above.
    const above = layout.sides.filter(({ bottom }) => bottom - layout.whose < top + AXIS).length;
    expect(seen.length).toBe(3 - above);
    expect(heads.toSorted((a, b) => a - b)).toEqual(heads);
  }
  expect(headAt(layout, 0, height, height - 1)?.side.name).toBe("lab");
  expect(headAt(layout, 0, height, height - layout.whose - 1)?.side.name).toBe("nas");
  expect(headAt(layout, 0, height, height / 2)).toBeUndefined();
});
