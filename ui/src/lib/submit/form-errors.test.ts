import { fireEvent, screen, waitFor } from "@testing-library/svelte";
import { expect, it } from "vitest";
import { ApiError } from "../api";
import { sentence } from "./errors";
import { eachTestAnew, field, given, open, refuse, type } from "./form-in-test";

eachTestAnew();

it.each([
  ["must be greater than 0 ms", "Must be greater than 0 ms"],
  ["maxMs is shorter than firstMs", "maxMs is shorter than firstMs"],
  ["kind.subprocess is missing", "kind.subprocess is missing"],
  ["Already one", "Already one"],
])("says a fragment as a sentence: %s", (fragment, said) => expect(sentence(fragment)).toBe(said));

it("says on leaving a field what is wrong with it, and nothing yet of the others", async () => {
  open();
  await type("field-cwd", "/nope");
  refuse("kind.subprocess.mode.command.command");
  await fireEvent.blur(field("field-cwd"));
  expect(screen.queryByTestId("error-kind.subprocess.mode.command.command")).toBeNull();
  refuse("kind.subprocess.cwd", "no such directory");
  await fireEvent.blur(field("field-cwd"));
  await waitFor(() =>
    expect(screen.getByTestId("error-kind.subprocess.cwd").textContent).toBe("No such directory"),
  );
  expect(field("field-cwd").getAttribute("aria-invalid")).toBe("true");
});

it("finds nothing wrong with a form that nobody has written into", async () => {
  open();
  refuse("kind.subprocess.mode.command.command", "must not be empty");
  await fireEvent.blur(field("field-command"));
  await type("field-name", "tests");
  await new Promise((resolve) => setTimeout(resolve));
  expect(screen.queryByTestId("bad-fields")).toBeNull();
  await fireEvent.blur(field("field-command"));
  await screen.findByTestId("bad-fields");
});

it("moves nothing under the pointer while it is pressed", async () => {
  open();
  await type("field-command", " ");
  refuse("kind.subprocess.mode.command.command", "must not be empty");
  await fireEvent.pointerDown(screen.getByText("Lane"));
  await fireEvent.blur(field("field-command"));
  await new Promise((resolve) => setTimeout(resolve));
  expect(screen.queryByTestId("bad-fields")).toBeNull();
  await fireEvent.pointerUp(screen.getByText("Lane"));
  await screen.findByTestId("bad-fields");
});

it("sends nothing that is wrong when the press that sends it leaves a field", async () => {
  open();
  await type("field-command", "make");
  await fireEvent.click(screen.getByText("Limits and stop"));
  const timeout = screen.getByLabelText("Stop an attempt after");
  await fireEvent.input(timeout, { target: { value: "soon" } });
  // Both judge the form, and the one that began later ends before the other.
  let answer = () => {};
  given.answered = new Promise((resolve) => (answer = resolve));
  await fireEvent.pointerDown(screen.getByTestId("submit"));
  await fireEvent.blur(timeout);
  await fireEvent.pointerUp(screen.getByTestId("submit"));
  await fireEvent.click(screen.getByTestId("submit"));
  await new Promise((resolve) => setTimeout(resolve));
  answer();
  expect((await screen.findByTestId("error-timeout")).textContent).toContain("Enter a duration");
  expect(given.sent).toEqual([]);
});

it("says nothing of a field that is not there, and says it again where that is", async () => {
  open();
  await type("field-command", " ");
  refuse("kind.subprocess.mode.command.command", "must not be empty");
  await fireEvent.blur(field("field-command"));
  await screen.findByTestId("bad-fields");
  refuse("kind.subprocess.mode.script.body", "must not be empty");
  await fireEvent.click(screen.getByRole("tab", { name: "Script" }));
  await waitFor(() => expect(screen.queryByTestId("bad-fields")).toBeNull());
  refuse("kind.subprocess.mode.command.command", "must not be empty");
  await fireEvent.click(screen.getByRole("tab", { name: "Command" }));
  await screen.findByTestId("bad-fields");
});

it("opens the section of the first bad field and goes there", async () => {
  open();
  refuse("backoff.maxMs");
  await fireEvent.click(screen.getByTestId("submit"));
  const error = await screen.findByTestId("error-backoff.maxMs");
  expect(error.closest("details")?.open).toBe(true);
  await waitFor(() => expect(document.activeElement?.id).toBe("field-backoff-maxMs"));
  expect(given.sent).toEqual([]);
});

it.each([
  ["never", {}, false],
  ["never", { stall: { silentMs: 600_000, then: "stop" } }, false],
  // An alarm that starts another attempt waits as well.
  ["never", { stall: { silentMs: 600_000, then: "restart" } }, true],
  ["onFailure", {}, true],
  ["always", {}, true],
] as const)("asks for the waits before retries where there can be any: %s %j", (type, more, asked) => {
  open({
    slot: "etl",
    kind: { subprocess: { mode: { command: { command: "true" } } } },
    restart: { type },
    ...more,
  });
  for (const label of ["Give up after", "First wait", "Jitter"])
    expect(screen.queryByLabelText(label) !== null).toBe(asked);
});

it("says everything that is wrong at once, counts it, and jumps from one to the next", async () => {
  open();
  await type("field-command", "true");
  await fireEvent.click(screen.getByText("Limits and stop"));
  await fireEvent.input(screen.getByLabelText("Processes"), { target: { value: "-5" } });
  given.wrong = new ApiError({
    error: "InvalidRequest",
    field: "kind.subprocess.cwd",
    message: "must be an absolute path",
    others: [{ field: "maxRetries", message: "must be from 1 to 10" }],
  });
  await fireEvent.click(screen.getByTestId("submit"));
  const jump = await screen.findByTestId("bad-fields");
  expect(jump.textContent).toContain("3 fields need attention");
  expect(screen.getByTestId("error-kind.subprocess.cwd").textContent).toBe("Must be an absolute path");
  expect(screen.getByTestId("error-limits.processes").textContent).toContain("whole number");
  expect(screen.getByTestId("error-maxRetries").textContent).toBe("Must be from 1 to 10");
  const visited: (string | undefined)[] = [];
  for (let n = 0; n < 4; n += 1) {
    await fireEvent.click(jump);
    await waitFor(() => expect(document.activeElement?.id).not.toBe(visited.at(-1)));
    visited.push(document.activeElement?.id);
  }
  expect(visited).toEqual([
    "field-kind-subprocess-cwd",
    "field-limits-processes",
    "field-maxRetries",
    "field-kind-subprocess-cwd",
  ]);
  expect(given.sent).toEqual([]);
});

it("names the row of a variable that is wrong", async () => {
  open();
  await type("field-command", "true");
  given.wrong = new ApiError({
    error: "InvalidRequest",
    field: "kind.subprocess.env[0].key",
    message: "must not be blank",
    others: [{ field: "kind.subprocess.env[2].key", message: "must not contain '='" }],
  });
  await fireEvent.click(screen.getByTestId("submit"));
  expect((await screen.findByTestId("error-kind.subprocess.env")).textContent).toBe(
    "Row 1: Must not be blank. Row 3: Must not contain '='",
  );
});

it("refuses a ~ that it cannot know, in words", async () => {
  open();
  await type("field-command", "true");
  await type("field-cwd", "~/work");
  await fireEvent.click(screen.getByTestId("submit"));
  expect((await screen.findByTestId("error-kind.subprocess.cwd")).textContent).toContain("whole path");
  expect(given.sent).toEqual([]);
});

it("has the focus in the command after an advice was heeded", async () => {
  open();
  await type("field-command", "FOO=1 make");
  const advice = await screen.findByRole("button", { name: "Run in a shell" });
  advice.focus();
  await fireEvent.click(advice);
  await waitFor(() => expect(document.activeElement).toBe(field("field-command")));
});

it("shows an error of no field at the top, and a busy lane beside the lane", async () => {
  open();
  given.wrong = new ApiError({ error: "Unavailable", message: "storage is read-only" });
  await fireEvent.click(screen.getByTestId("submit"));
  await screen.findByText("Storage is read-only");
  given.wrong = new ApiError({ error: "SlotBusy", message: "lane etl is busy", slot: "etl", running: "x" });
  await fireEvent.click(screen.getByTestId("submit"));
  expect((await screen.findByTestId("error-slot")).textContent).toBe("Lane etl is busy");
});

it("keeps what it says while the focus goes to the first bad field", async () => {
  open();
  await fireEvent.click(screen.getByText("Lane"));
  await fireEvent.click(screen.getByLabelText(/shared lane/));
  refuse("slot", "a lane needs a name");
  field("field-command").focus();
  await fireEvent.keyDown(field("field-command"), { key: "Enter", ctrlKey: true });
  await waitFor(() => expect(document.activeElement?.id).toBe("field-slot"));
  await fireEvent.blur(field("field-command"));
  await new Promise((resolve) => setTimeout(resolve));
  expect(screen.getByTestId("error-slot").textContent).toBe("A lane needs a name");
});

it("says beside the kind that no runner takes a container", async () => {
  open({ slot: "s", kind: { container: { image: "alpine:3" } } });
  refuse("kind", "no runner for containers");
  await fireEvent.click(screen.getByTestId("submit"));
  expect((await screen.findByTestId("error-kind")).textContent).toBe("No runner for containers");
});
