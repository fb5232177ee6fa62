import { fireEvent, screen, waitFor } from "@testing-library/svelte";
import { expect, it } from "vitest";
import { eachTestAnew, field, given, open, type } from "./form-in-test";

eachTestAnew();

it("keeps JSON that does not parse, marks its line, and does not leave it", async () => {
  open();
  await type("field-command", "true");
  await fireEvent.click(screen.getByRole("tab", { name: "JSON" }));
  const text = '{\n  "slot": oops\n}';
  await type("field-json", text);
  await fireEvent.click(screen.getByRole("tab", { name: "Command" }));
  expect((await screen.findByTestId("error-json")).textContent).toContain("Line 2");
  expect(field("field-json").value).toBe(text);
});

it("goes through its tabs by arrows, Home and End, round both ends", async () => {
  open();
  await type("field-command", "true");
  screen.getByRole("tab", { name: "Command" }).focus();
  const chosen: (string | undefined)[] = [];
  for (const key of ["ArrowRight", "ArrowRight", "Home", "ArrowLeft", "ArrowRight", "End"]) {
    await fireEvent.keyDown(document.activeElement ?? document.body, { key });
    chosen.push(document.activeElement?.textContent?.trim());
    await waitFor(() => expect(screen.getByRole("tab", { selected: true })).toBe(document.activeElement));
  }
  expect(chosen).toEqual(["Script", "Container", "Command", "YAML", "Command", "YAML"]);
});

it("takes JSON over into the form", async () => {
  open();
  await fireEvent.click(screen.getByRole("tab", { name: "JSON" }));
  const spec = {
    slot: "etl",
    kind: { subprocess: { mode: { command: { command: "make", args: ["all x"] } } } },
  };
  await type("field-json", JSON.stringify(spec));
  await fireEvent.click(screen.getByRole("tab", { name: "Command" }));
  expect(field("field-command").value).toBe("make 'all x'");
});

it("goes from JSON to YAML and back, and keeps YAML that does not parse", async () => {
  open({ slot: "etl", kind: { subprocess: { mode: { command: { command: "make" } } } }, timeout: 60_000 });
  await fireEvent.click(screen.getByRole("tab", { name: "JSON" }));
  await type("field-json", field("field-json").value.replace("60000", "90000"));
  await fireEvent.click(screen.getByRole("tab", { name: "YAML" }));
  const text = (await screen.findByTestId<HTMLTextAreaElement>("field-yaml")).value;
  expect(text).toContain("timeout: 90000\n");
  const broken = text.replace("command: make", "command: [make");
  await type("field-yaml", broken);
  for (const tab of ["JSON", "Command"]) {
    await fireEvent.click(screen.getByRole("tab", { name: tab }));
    expect((await screen.findByTestId("error-yaml")).textContent).toMatch(/^Line \d+: This is not YAML/);
    expect(field("field-yaml").value).toBe(broken);
  }
  await type("field-yaml", text);
  await fireEvent.click(screen.getByTestId("submit"));
  await waitFor(() => expect(given.sent[0]).toMatchObject({ slot: "etl", timeout: 90_000 }));
});

it("shows a text again as it was written, until the form says something else", async () => {
  open();
  const yaml = () => fireEvent.click(screen.getByRole("tab", { name: "YAML" }));
  await yaml();
  await screen.findByTestId("field-yaml");
  const text = "slot: etl # shared\nkind: {subprocess: {mode: {command: {command: make}}}}\n";
  await type("field-yaml", text);
  await fireEvent.click(screen.getByRole("tab", { name: "Command" }));
  await yaml();
  expect((await screen.findByTestId<HTMLTextAreaElement>("field-yaml")).value).toBe(text);
  await fireEvent.click(screen.getByRole("tab", { name: "Command" }));
  await type("field-command", "make all");
  await yaml();
  expect((await screen.findByTestId<HTMLTextAreaElement>("field-yaml")).value).toContain("- all");
});
