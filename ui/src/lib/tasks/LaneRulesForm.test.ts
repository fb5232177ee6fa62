import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/svelte";
import { afterEach, expect, test, vi } from "vitest";
import { ApiError } from "../api/errors";
import type { Lane, LaneRules } from "../api/types";
import LaneRulesForm from "./LaneRulesForm.svelte";

afterEach(cleanup);

const lane = (rules: LaneRules): Lane => ({
  slot: "etl",
  capacity: 1,
  running: 0,
  queued: 1,
  paused: false,
  own: false,
  rules,
});
const change = (label: string, value: string) =>
  fireEvent.change(screen.getByLabelText(label), { target: { value } });

test("each condition is sent as it is written, beside those that are there", async () => {
  const save = vi.fn(async (_: LaneRules) => {});
  render(LaneRulesForm, { lane: lane({ loadBelow: 2 }), save });
  await fireEvent.click(screen.getByLabelText("on mains power"));
  expect(save).toHaveBeenLastCalledWith({ loadBelow: 2, onMains: true });
  await change("when idle for", "10m");
  expect(save).toHaveBeenLastCalledWith({ loadBelow: 2, idleMs: 600_000 });
  await change("with free disk above", "50 GB");
  expect(save).toHaveBeenLastCalledWith({ loadBelow: 2, freeBytes: 50_000_000_000 });
  await change("with a load below", "");
  expect(save).toHaveBeenLastCalledWith({ loadBelow: undefined });
  await change("Keep the computer awake", "onMains");
  expect(save).toHaveBeenLastCalledWith({ loadBelow: 2, keepAwake: "onMains" });
});

test("the machines of a lane are sent as they are read, and an empty field is this one", async () => {
  const save = vi.fn(async (_: LaneRules) => {});
  render(LaneRulesForm, { lane: lane({ loadBelow: 2 }), save });
  await change("Run tasks on", "here 2, nas 4");
  const machines = [
    { name: "here", places: 2 },
    { name: "nas", places: 4 },
  ];
  expect(save).toHaveBeenLastCalledWith({ loadBelow: 2, machines });
  await change("Run tasks on", "nas 0");
  await screen.findByText(/such as here 2, nas 4/);
  expect(save).toHaveBeenCalledTimes(1);
  await change("Run tasks on", "");
  expect(save).toHaveBeenLastCalledWith({ loadBelow: 2, machines: undefined });
});

test("hours are sent when both are there", async () => {
  const save = vi.fn(async (_: LaneRules) => {});
  render(LaneRulesForm, { lane: lane({}), save });
  const write = async (label: string, value: string) => {
    await fireEvent.input(screen.getByLabelText(label), { target: { value } });
    await change(label, value);
  };
  await write("From", "22:00");
  expect(save).not.toHaveBeenCalled();
  await write("To", "06:00");
  expect(save).toHaveBeenLastCalledWith({ between: { from: "22:00", to: "06:00" } });
});

test("what is wrong is said beside its field, and sent only where it can be read", async () => {
  const refused = new ApiError({
    error: "InvalidRequest",
    field: "rules.idleMs",
    message: "must be from 60,000",
  });
  const save = vi.fn(() => Promise.reject(refused));
  render(LaneRulesForm, { lane: lane({}), save });
  await change("with free disk above", "much");
  await screen.findByText("Enter a size such as 50 GB");
  expect(save).not.toHaveBeenCalled();
  await change("when idle for", "5s");
  await waitFor(() => expect(screen.getByRole("alert").textContent).toBe("Must be from 60,000"));
});
