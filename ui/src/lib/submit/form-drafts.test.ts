import { cleanup, fireEvent, screen, waitFor } from "@testing-library/svelte";
import { expect, it } from "vitest";
import type { TaskSpec } from "../api";
import { eachTestAnew, field, given, open, refuse, type } from "./form-in-test";

eachTestAnew();

it("has the text of a task that was being written again when it is opened anew", async () => {
  open();
  await fireEvent.click(screen.getByRole("tab", { name: "JSON" }));
  await waitFor(() => field("field-json"));
  await type("field-json", '{"slot": "half a t');
  cleanup();
  open();
  await waitFor(() => expect(field("field-json").value).toBe('{"slot": "half a t'));
  // What is begun anew is a form, and has no text any more.
  await fireEvent.click(screen.getByRole("button", { name: "Start over" }));
  cleanup();
  open();
  expect(screen.queryByTestId("field-json")).toBeNull();
});

it("brings an unfinished task back, and starts over when asked", async () => {
  open();
  await type("field-command", "half a thou");
  await waitFor(() => expect(JSON.stringify(given.drafts.of())).toContain("half a thou"));
  cleanup();
  open();
  expect(field("field-command").value).toBe("half a thou");
  await fireEvent.click(screen.getByText("Start over"));
  expect(field("field-command").value).toBe("");
});

it("keeps secrets out of a draft, and says which to write again", async () => {
  const spec: TaskSpec = {
    slot: "s",
    kind: {
      subprocess: {
        mode: { command: { command: "deploy" } },
        env: [
          { key: "API_TOKEN", value: "hunter2" },
          { key: "REGION", value: "eu" },
        ],
      },
    },
  };
  open(spec);
  await type("field-command", "deploy --all");
  await waitFor(() => expect(JSON.stringify(given.drafts.of({ spec }))).toContain("--all"));
  expect(JSON.stringify(given.drafts.of({ spec }))).not.toContain("hunter2");
  expect(screen.queryByTestId("withheld")).toBeNull();
  cleanup();
  open(spec);
  expect(field("field-command").value).toBe("deploy --all");
  expect(screen.getByTestId("withheld").textContent).toContain("API_TOKEN");
  expect(screen.getByTestId("withheld").closest("details")?.open).toBe(true);
  expect(screen.getByLabelText<HTMLInputElement>("Value of variable 2").value).toBe("eu");
  await fireEvent.input(screen.getByLabelText("Value of variable 1"), { target: { value: "new" } });
  expect(screen.queryByTestId("withheld")).toBeNull();
});

it("says at once what is wrong in a closed section of what it brings back", async () => {
  const limit = (label: string) => screen.getByLabelText<HTMLInputElement>(label);
  open();
  await type("field-command", "true");
  await fireEvent.click(screen.getByText("Limits and stop"));
  await fireEvent.input(limit("Processor, %"), { target: { value: "1.5" } });
  await waitFor(() => expect(given.drafts.of()?.form.limits.cpu).toBe("1.5"));
  cleanup();
  refuse("kind.subprocess.mode.command.command", "is not to one's taste");
  open();
  await screen.findByText("Check this");
  expect(screen.getByTestId("bad-fields").textContent).toContain("1 field needs attention");
  await fireEvent.click(screen.getByText("Limits and stop"));
  const said = () => screen.queryByTestId("error-limits.cpuPercent")?.textContent;
  expect(said()).toBe("Enter a whole number, such as 150");
  // It stays until it is mended, whatever else is left.
  await fireEvent.input(limit("Memory"), { target: { value: "much" } });
  await fireEvent.blur(limit("Memory"));
  await screen.findByTestId("error-limits.memoryBytes");
  expect(said()).toBe("Enter a whole number, such as 150");
});
