import { cleanup, fireEvent, render, screen } from "@testing-library/svelte";
import { afterEach, expect, test, vi } from "vitest";
import RunBars, { type RunBar } from "./RunBars.svelte";

afterEach(cleanup);

const bars = (count: number): RunBar[] =>
  Array.from({ length: count }, (_, n) => ({
    key: String(n + 1),
    attempt: n + 1,
    phase: "succeeded",
    height: 10,
    said: `Run ${n + 1}`,
  }));
const stops = () => screen.getAllByRole("button").filter(({ tabIndex }) => tabIndex === 0);
const focused = () => document.activeElement?.getAttribute("data-key");

test("many bars are one stop, at the newest, and arrows go to the older ones and back", async () => {
  const onchoose = vi.fn();
  const props = { label: "Runs", verb: "Open its log", onchoose };
  const { rerender } = render(RunBars, { ...props, bars: bars(60) });
  expect(stops().map(({ dataset }) => dataset["key"])).toEqual(["60"]);
  expect(stops()[0]!.getAttribute("aria-label")).toBe("Run 60. Open its log");
  stops()[0]!.focus();
  const press = (key: string) => fireEvent.keyDown(document.activeElement!, { key });
  await press("ArrowLeft");
  expect(focused()).toBe("59");
  await press("ArrowRight");
  await press("ArrowRight");
  expect(focused()).toBe("60");
  await press("Home");
  expect(focused()).toBe("1");
  expect(stops()).toHaveLength(1);
  await press("End");
  await press("ArrowLeft");
  // A run that comes meanwhile takes nobody from where they are.
  await rerender({ ...props, bars: bars(61) });
  expect([focused(), stops().map(({ dataset }) => dataset["key"])]).toEqual(["59", ["59"]]);
  // The menu of a run finds it by that.
  expect(document.activeElement?.getAttribute("data-attempt")).toBe("59");
  await fireEvent.click(document.activeElement!);
  expect(onchoose).toHaveBeenCalledExactlyOnceWith("59");
});

test("the newest stands first in the page, from where the chart begins at its right end", () => {
  render(RunBars, { label: "Runs", verb: "Open its log", onchoose: () => {}, bars: bars(3) });
  expect(screen.getAllByRole("button").map(({ dataset }) => dataset["key"])).toEqual(["3", "2", "1"]);
});
