import { describe, expect, it } from "vitest";
import { follow, FOLLOWING, newRows, newRowsLabel, nextAttempt } from "./follow";

describe("follow", () => {
  it("yields to scrolling up and counts what comes after", () => {
    const reading = follow(FOLLOWING, { type: "scrolledUp", rows: 1000 });
    expect(reading.following).toBe(false);
    expect(newRows(reading, 2204)).toBe(1204);
    expect(newRowsLabel(1204)).toBe("1,204 new lines ↓");
    expect(newRowsLabel(1)).toBe("1 new line ↓");
  });

  it("keeps the first count when the reader goes on scrolling", () => {
    const reading = follow(FOLLOWING, { type: "scrolledUp", rows: 1000 });
    expect(follow(reading, { type: "scrolledUp", rows: 1500 })).toBe(reading);
  });

  it("yields to a selection, and resumes at the end, whatever is selected", () => {
    const marking = follow(FOLLOWING, { type: "selected", rows: 10 });
    expect(marking.following).toBe(false);
    expect(follow(marking, { type: "reachedEnd", rows: 20 }).following).toBe(true);
  });

  it("counts of the new rows those that are below what is shown", () => {
    const reading = follow(FOLLOWING, { type: "scrolledUp", rows: 1000 });
    expect(newRows(reading, 2000, 1020)).toBe(1000);
    expect(newRows(reading, 2000, 300)).toBe(300);
  });

  it("resumes at End and when scrolled down to the last row", () => {
    const reading = follow(FOLLOWING, { type: "scrolledUp", rows: 10 });
    expect(follow(reading, { type: "resume", rows: 20 }).following).toBe(true);
    expect(follow(reading, { type: "reachedEnd", rows: 20 }).following).toBe(true);
    expect(newRows(FOLLOWING, 99)).toBe(0);
  });

  it("moves on to a new attempt only when it was not pinned to one", () => {
    expect(nextAttempt(1, 2, false)).toBe(2);
    expect(nextAttempt(1, 2, true)).toBe(1);
    expect(nextAttempt(2, 1, false)).toBe(2);
  });
});
