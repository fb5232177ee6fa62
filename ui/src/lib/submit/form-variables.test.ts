import { fireEvent, screen, waitFor } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";
import { eachTestAnew, field, given, open, type } from "./form-in-test";

eachTestAnew();

describe("a variable with line breaks", () => {
  const pem = "-----BEGIN KEY-----\nMIIBQ==\n-----END KEY-----\n";
  const value = (): HTMLInputElement => screen.getByLabelText("Value of variable 1");
  const paste = (into: HTMLElement, text: string) =>
    fireEvent.paste(into, { clipboardData: { getData: () => text } });
  async function run(): Promise<unknown> {
    await type("field-command", "deploy");
    await type("field-cwd", "/tmp");
    await fireEvent.click(screen.getByTestId("submit"));
    await waitFor(() => expect(given.sent).toHaveLength(1));
    const kind = given.sent[0]?.kind as { subprocess: { env?: unknown } };
    return kind.subprocess.env;
  }

  it("is edited without losing them", async () => {
    const mode = { command: { command: "deploy" } };
    open({ slot: "s", kind: { subprocess: { mode, env: [{ key: "CERT", value: pem }] } } });
    expect(value().tagName).toBe("TEXTAREA");
    await fireEvent.input(value(), { target: { value: `${pem}more` } });
    expect(await run()).toEqual([{ key: "CERT", value: `${pem}more` }]);
  });

  it("can be pasted into the field of a value, and of a key with the rest of a .env file", async () => {
    open();
    await fireEvent.click(screen.getByText("Add variable"));
    await fireEvent.input(screen.getByLabelText("Key of variable 1"), { target: { value: "CERT" } });
    await paste(value(), pem);
    await waitFor(() => expect(document.activeElement).toBe(value()));
    await fireEvent.click(screen.getByText("Add variable"));
    await paste(screen.getByLabelText("Key of variable 2"), `OTHER='a\nb'\nREGION=eu`);
    expect(await run()).toEqual([
      { key: "CERT", value: pem },
      { key: "OTHER", value: "a\nb" },
      { key: "REGION", value: "eu" },
    ]);
  });
});

it("edits the variables as text, and loses none", async () => {
  const env = [
    { key: "CERT", value: "a\nb" },
    { key: "MY VAR", value: "odd" },
  ];
  open({ slot: "s", kind: { subprocess: { mode: { command: { command: "deploy" } }, env } } });
  await fireEvent.click(screen.getByText("Environment"));
  await fireEvent.click(screen.getByText("Edit as text"));
  expect(field("env-text").value).toBe('CERT="a\\nb"');
  await type("env-text", `${field("env-text").value}\nREGION=eu`);
  await fireEvent.click(screen.getByText("Edit as a table"));
  await fireEvent.click(screen.getByTestId("submit"));
  await waitFor(() => expect(given.sent).toHaveLength(1));
  expect((given.sent[0]?.kind as { subprocess: { env?: unknown } }).subprocess.env).toEqual([
    { key: "MY VAR", value: "odd" },
    { key: "CERT", value: "a\nb" },
    { key: "REGION", value: "eu" },
  ]);
});
