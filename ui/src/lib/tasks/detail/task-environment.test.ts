import { fireEvent, render, screen } from "@testing-library/svelte";
import { expect, test } from "vitest";
import { createFakeBackend } from "../../api/fake";
import TaskEnvironment from "./TaskEnvironment.svelte";

test("each variable says where it comes from, the task's own win, and no secret is shown", async () => {
  const own = [
    { key: "LANG", value: "C" },
    { key: "DEPLOY_TOKEN", value: "hush" },
  ];
  const { container } = render(TaskEnvironment, { backend: createFakeBackend({ tasks: 0 }), own });
  expect(screen.getByText("2 variables of its own")).toBeTruthy();
  const details = screen.getByTestId<HTMLDetailsElement>("task-environment");
  details.open = true;
  await fireEvent(details, new Event("toggle"));
  const line = async (name: string) => (await screen.findByText(new RegExp(`^${name}=`))).closest("li")!;
  expect((await line("EDITOR")).textContent).toContain("login shell");
  expect((await line("HOME")).textContent).toContain("app");
  expect((await line("LANG")).textContent).toMatch(/LANG=C\s+task, not app/);
  expect((await line("DEPLOY_TOKEN")).textContent).toMatch(/••••••••\s+task/);
  expect(container.textContent).not.toContain("hush");
});
