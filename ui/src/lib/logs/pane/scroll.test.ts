import { describe, expect, it } from "vitest";
import { MAX_SPACER, ScrollModel } from "./scroll";

function model(total: number, viewport = 540, rowHeight = 18): ScrollModel {
  const scroll = new ScrollModel();
  Object.assign(scroll, { total, viewport, rowHeight });
  return scroll;
}

describe.each([1e8, 1e9])("%d rows", (total) => {
  it("never asks for an element taller than engines allow", () => {
    expect(model(total).spacer).toBe(MAX_SPACER);
  });

  it("reaches the first and the last row exactly", () => {
    const scroll = model(total);
    scroll.moveToEnd();
    expect(scroll.visible.to).toBe(total);
    expect(scroll.atEnd).toBe(true);
    expect(scroll.scrollTop).toBe(MAX_SPACER - 540);
    scroll.fromScrollTop(0);
    expect(scroll.position).toEqual({ row: 0, offset: 0 });
    scroll.fromScrollTop(MAX_SPACER - 540);
    expect(scroll.visible.to).toBe(total);
  });

  it("steps by single pixels and rows anywhere, and comes back exactly", () => {
    const scroll = model(total);
    scroll.moveTo(Math.floor(total / 3));
    const start = scroll.position;
    scroll.moveBy(1);
    expect(scroll.position).toEqual({ row: start.row, offset: 1 });
    scroll.moveBy(17);
    expect(scroll.position).toEqual({ row: start.row + 1, offset: 0 });
    scroll.moveBy(-18);
    expect(scroll.position).toEqual(start);
  });

  it("maps the scrollbar there and back to within what one pixel of it means", () => {
    const scroll = model(total);
    for (const share of [0.1, 0.37, 0.5, 0.9]) {
      const row = Math.floor(total * share);
      scroll.moveTo(row);
      scroll.fromScrollTop(scroll.scrollTop);
      expect(Math.abs(scroll.position.row - row)).toBeLessThanOrEqual(1);
    }
  });
});

describe("a short log", () => {
  it("maps pixel for pixel", () => {
    const scroll = model(1000);
    expect(scroll.spacer).toBe(18_000);
    scroll.moveBy(1234);
    expect(scroll.scrollTop).toBeCloseTo(1234, 6);
  });

  it("does not move when everything fits", () => {
    const scroll = model(5);
    scroll.moveBy(100);
    expect(scroll.position).toEqual({ row: 0, offset: 0 });
    expect(scroll.atEnd).toBe(true);
    expect(scroll.scrollTop).toBe(0);
    scroll.total = 0;
    scroll.moveToEnd();
    expect(scroll.visible).toEqual({ from: 0, to: 0 });
  });

  it.each([0, 3, 500, 997, 999])("shows row %d below the top, or where the ends of the log let it", (row) => {
    const scroll = model(1000);
    scroll.moveBelowTop(row, 180);
    const { from, to } = scroll.visible;
    expect(row).toBeGreaterThanOrEqual(from);
    expect(row).toBeLessThan(to);
    if (row === 500) expect(scroll.position).toEqual({ row: 490, offset: 0 });
  });

  it("moves up when the log becomes shorter, as at a change of attempt", () => {
    const scroll = model(1000);
    scroll.moveToEnd();
    scroll.total = 10;
    scroll.clamp();
    expect(scroll.position).toEqual({ row: 0, offset: 0 });
  });
});

describe("wrapped rows", () => {
  const wrapped = (): ScrollModel => {
    const scroll = model(100);
    scroll.heightOf = (row) => (row % 10 === 0 ? 180 : 18);
    return scroll;
  };

  it("steps through tall rows by pixels and back", () => {
    const scroll = wrapped();
    scroll.moveBy(100);
    expect(scroll.position).toEqual({ row: 0, offset: 100 });
    scroll.moveBy(98);
    expect(scroll.position).toEqual({ row: 2, offset: 0 });
    scroll.moveBy(-60);
    expect(scroll.position).toEqual({ row: 0, offset: 138 });
  });

  it("ends with the last row at the bottom edge", () => {
    const scroll = wrapped();
    scroll.moveToEnd();
    expect(scroll.visible.to).toBe(100);
    const { row, offset } = scroll.position;
    let height = -offset;
    for (let at = row; at < 100; at += 1) height += scroll.heightOf?.(at) ?? 0;
    expect(height).toBe(540);
  });

  it("holds for 100 million rows of changing height: the ends, single pixels, and the scrollbar", () => {
    const scroll = model(1e8);
    scroll.heightOf = (row) => 18 * (1 + (row % 7));
    scroll.moveToEnd();
    expect(scroll.visible.to).toBe(1e8);
    expect(scroll.scrollTop).toBe(MAX_SPACER - 540);
    scroll.moveTo(31_415_926, 5);
    const start = scroll.position;
    for (const pixels of [1, 500, 20_000]) {
      scroll.moveBy(pixels);
      scroll.moveBy(-pixels);
      expect(scroll.position).toEqual(start);
    }
    scroll.fromScrollTop(scroll.scrollTop);
    expect(Math.abs(scroll.position.row - start.row)).toBeLessThanOrEqual(1);
    scroll.fromScrollTop(0);
    expect(scroll.position).toEqual({ row: 0, offset: 0 });
  });
});
