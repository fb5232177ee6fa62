import { fireEvent, render, screen } from "@testing-library/svelte";
import { expect, test } from "vitest";
import type { Backend } from "../../api/backend";
import { createFakeBackend } from "../../api/fake";
import type { RunEnvironment } from "../../api/types";
import TaskEnvironment from "./TaskEnvironment.svelte";

const own = [
  { key: "LANG", value: "C" },
  { key: "DEPLOY_TOKEN", value: "hush" },
];
const line = async (name: string) => (await screen.findByText(new RegExp(`^${name}=`))).closest("li")!;

async function show(props: { attempt: number; backend?: Backend; elsewhere?: string }) {
  const backend = props.backend ?? createFakeBackend({ tasks: 0 });
  const { container } = render(TaskEnvironment, { backend, id: "t", own, ...props });
  const details = screen.getByTestId<HTMLDetailsElement>("task-environment");
  details.open = true;
  await fireEvent(details, new Event("toggle"));
  return container;
}

/** A backend in which each run was started with its own number as LANG, but for the first, which is not recorded. */
function recording(): Backend {
  const of = (attempt: number): RunEnvironment => ({
    attempt,
    variables: [
      { name: "DEPLOY_TOKEN", origin: "task" },
      { name: "LANG", value: `${attempt}`, origin: "task", insteadOf: "loginShell" },
      { name: "SOLTI_RUN_ID", value: `t/${attempt}`, origin: "run" },
    ],
  });
  const getRunEnvironment = async ({ run: { attempt } }: { run: { attempt: number } }) =>
    attempt === 1 ? null : of(attempt);
  return { ...createFakeBackend({ tasks: 0 }), getRunEnvironment };
}

test("before the first run each variable says where it would come from, and no secret is shown", async () => {
  const container = await show({ attempt: 0 });
  expect(screen.getByText("2 variables of its own")).toBeTruthy();
  expect((await line("EDITOR")).textContent).toContain("login shell");
  expect((await line("HOME")).textContent).toContain("app");
  expect((await line("LANG")).textContent).toMatch(/LANG=C\s+task, not app/);
  expect((await line("DEPLOY_TOKEN")).textContent).toMatch(/••••••••\s+task/);
  expect(container.textContent).toContain("if it started now");
  expect(container.textContent).not.toContain("hush");
});

test("a run shows what it was started with, on any machine, and so does each run before it", async () => {
  const container = await show({ attempt: 3, backend: recording(), elsewhere: "lab" });
  expect((await line("LANG")).textContent).toMatch(/LANG=3\s+task, not login shell/);
  expect((await line("DEPLOY_TOKEN")).textContent).toMatch(/••••••••\s+task/);
  expect((await line("SOLTI_RUN_ID")).textContent).toMatch(/t\/3\s+run/);
  expect(container.textContent).toContain("As run 3 received it.");

  await fireEvent.input(screen.getByLabelText(/^Run/), { target: { value: "2" } });
  expect(await screen.findByText("t/2")).toBeTruthy();
});

test("a run of an earlier version says that it is not recorded, and what one would get now", async () => {
  const container = await show({ attempt: 1, backend: recording() });
  expect((await line("EDITOR")).textContent).toContain("login shell");
  expect(container.textContent).toContain("What run 1 received is not recorded.");
});
