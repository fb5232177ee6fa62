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
  const save = vi.fn(async (rules: LaneRules) => lane(rules));
  render(LaneRulesForm, { lane: lane({ loadBelow: 2 }), save });
  // The feed has told of none of them yet: each begins from what the one before has left.
  await fireEvent.click(screen.getByLabelText("on mains power"));
  await waitFor(() => expect(save).toHaveBeenLastCalledWith({ loadBelow: 2, onMains: true }));
  await change("when idle for", "10m");
  await waitFor(() =>
    expect(save).toHaveBeenLastCalledWith({ loadBelow: 2, onMains: true, idleMs: 600_000 }),
  );
  const before = { onMains: true, idleMs: 600_000 };
  await change("with free disk above", "50 GB");
  await waitFor(() =>
    expect(save).toHaveBeenLastCalledWith({ ...before, loadBelow: 2, freeBytes: 50_000_000_000 }),
  );
  await change("with a load below", "");
  await waitFor(() =>
    expect(save).toHaveBeenLastCalledWith({ ...before, loadBelow: undefined, freeBytes: 50_000_000_000 }),
  );
  await change("Keep the computer awake", "onMains");
  await waitFor(() => expect(save.mock.lastCall?.[0]).toMatchObject({ ...before, keepAwake: "onMains" }));
});

test("changes are sent one after the other, and what is told late undoes none of them", async () => {
  const answers: (() => void)[] = [];
  const save = vi.fn(
    (rules: LaneRules) => new Promise<Lane>((resolve) => answers.push(() => resolve(lane(rules)))),
  );
  const { rerender } = render(LaneRulesForm, { lane: lane({}), save });
  await change("when idle for", "5m");
  await change("with a load below", "3");
  expect(save).toHaveBeenCalledTimes(1);
  answers.shift()?.();
  const both = { idleMs: 300_000, loadBelow: 3 };
  await waitFor(() => expect(save).toHaveBeenLastCalledWith(both));
  answers.shift()?.();
  for (const told of [{}, { idleMs: 300_000 }]) await rerender({ lane: lane(told), save });
  await waitFor(() => expect(screen.getByLabelText<HTMLInputElement>("with a load below").value).toBe("3"));
  await rerender({ lane: lane(both), save });
  // Another window changes them: that is what they are then.
  await rerender({ lane: lane({}), save });
  await waitFor(() => expect(screen.getByLabelText<HTMLInputElement>("with a load below").value).toBe(""));
});

test("what is refused is not shown as if it were so", async () => {
  const save = vi.fn(() =>
    Promise.reject(new ApiError({ error: "Unavailable", message: "it is read only" })),
  );
  render(LaneRulesForm, { lane: lane({}), save });
  const box = screen.getByLabelText<HTMLInputElement>("on mains power");
  await fireEvent.click(box);
  await screen.findByText("It is read only");
  expect(box.checked).toBe(false);
  const awake = screen.getByLabelText<HTMLSelectElement>("Keep the computer awake");
  await change("Keep the computer awake", "always");
  await waitFor(() => expect(awake.value).toBe("never"));
});

test("the machines of a lane are sent as they are read, and an empty field is this one", async () => {
  const save = vi.fn(async (rules: LaneRules) => lane(rules));
  render(LaneRulesForm, { lane: lane({ loadBelow: 2 }), save });
  await change("Run tasks on", "here 2, nas 4");
  const machines = [
    { name: "here", places: 2 },
    { name: "nas", places: 4 },
  ];
  expect(save).toHaveBeenLastCalledWith({ loadBelow: 2, machines });
  await waitFor(() => expect(screen.getByLabelText("Run tasks on").title).toBe("here 2, nas 4"));
  await change("Run tasks on", "nas 0");
  await screen.findByText(/such as here 2, nas 4/);
  expect(save).toHaveBeenCalledTimes(1);
  await change("Run tasks on", "");
  expect(save).toHaveBeenLastCalledWith({ loadBelow: 2, machines: undefined });
});

test("hours are sent when both are there", async () => {
  const save = vi.fn(async (rules: LaneRules) => lane(rules));
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
