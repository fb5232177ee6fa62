import { fireEvent, render, screen, waitFor, within } from "@testing-library/svelte";
import { expect, test, vi } from "vitest";
import { useBackend, type Backend } from "../lib/api";
import { createFakeBackend, type FakeControls } from "../lib/api/fake";
import MainView from "./MainView.svelte";

let fake: Backend & FakeControls;

async function open(machines = false) {
  fake = createFakeBackend({ tasks: 3, machines });
  useBackend(fake);
  render(MainView);
  await screen.findAllByTestId("task-row");
  await fireEvent.click(screen.getByTestId("open-settings"));
  await fireEvent.click(await screen.findByTestId("settings-connections"));
}
const write = (field: string, value: string) =>
  fireEvent.input(screen.getByTestId(`connection-${field}`), { target: { value } });
async function add(fields: Record<string, string>) {
  await fireEvent.click(screen.getByTestId("add-connection"));
  for (const [field, value] of Object.entries(fields)) await write(field, value);
  await fireEvent.click(screen.getByTestId("save-connection"));
}
const connection = (name: string) =>
  screen.getAllByTestId("connection").find(({ dataset }) => dataset.machine === name)!;
const kept = async () => (await fake.getSettings()).connections;

test("without another machine the sidebar has none to choose from; once one is added it has", async () => {
  await open();
  await fireEvent.click(screen.getByTestId("add-connection"));
  await write("name", "build");
  await write("url", "ssh://build");
  // ssh has its own keys.
  expect(screen.queryByTestId("connection-token")).toBeNull();
  await fireEvent.click(screen.getByTestId("test-connection"));
  expect((await screen.findByTestId("connection-outcome")).textContent).toContain(
    "2 tasks are running there",
  );
  expect(await kept()).toEqual([]);
  await fireEvent.click(screen.getByTestId("save-connection"));
  await waitFor(async () => expect(await kept()).toEqual([{ name: "build", url: "ssh://build" }]));
  expect(screen.queryByTestId("connection-form")).toBeNull();
  await fireEvent.click(screen.getByTestId("close-settings"));
  expect(screen.getByTestId("machine").dataset.reach).toBe("idle");
  expect(screen.getByTestId("machine").textContent).toContain("not contacted");
});

const ways: [string, () => Promise<unknown>][] = [
  ["Cancel", () => fireEvent.click(screen.getByRole("button", { name: "Cancel" }))],
  ["Escape", () => fireEvent.keyDown(screen.getByTestId("connection-url"), { key: "Escape" })],
  ["Change", () => fireEvent.click(screen.getAllByTestId("change")[0]!)],
  ["Change of another", () => fireEvent.click(screen.getAllByTestId("change")[1]!)],
  ["Add a machine", () => fireEvent.click(screen.getByTestId("add-connection"))],
  ["another section", () => fireEvent.click(screen.getByTestId("settings-general"))],
  ["Tasks", () => fireEvent.click(screen.getByTestId("close-settings"))],
  ["Show", () => fireEvent.click(screen.getAllByRole("button", { name: "Show" })[0]!)],
  ["Ctrl+,", () => fireEvent.keyDown(screen.getByTestId("connection-url"), { key: ",", ctrlKey: true })],
  ["Ctrl+N", () => fireEvent.keyDown(screen.getByTestId("connection-url"), { key: "n", ctrlKey: true })],
];

test.each(ways)("what is typed into a connection is given up after a question alone: %s", async (_, go) => {
  await open(true);
  await fireEvent.click(screen.getAllByTestId("change")[0]!);
  const form = screen.getByTestId("connection-form");
  await write("url", "ssh://elsewhere");
  await go();
  expect((await screen.findByTestId("question")).textContent).toContain("Discard this connection?");
  await fireEvent.click(screen.getByTestId("confirm-cancel"));
  expect(form.isConnected).toBe(true);
  expect(screen.getByTestId<HTMLInputElement>("connection-url").value).toBe("ssh://elsewhere");
  await go();
  await fireEvent.click(await screen.findByRole("button", { name: "Discard" }));
  await waitFor(() => expect(form.isConnected).toBe(false));
  expect(screen.queryByTestId("question")).toBeNull();
});

test("a connection that was not typed into, or is saved, goes unasked", async () => {
  await open(true);
  await fireEvent.click(screen.getAllByTestId("change")[0]!);
  await fireEvent.click(screen.getByTestId("add-connection"));
  expect(screen.getAllByTestId("connection-form")).toHaveLength(1);
  await write("name", "other");
  await write("url", "ssh://other");
  await fireEvent.click(screen.getByTestId("save-connection"));
  await waitFor(() => expect(connection("other")).toBeTruthy());
  await fireEvent.click(screen.getByTestId("close-settings"));
  await waitFor(() => expect(screen.queryByTestId("settings")).toBeNull());
  expect(screen.queryByTestId("question")).toBeNull();
});

test("what is wrong is said beside its field, has the focus, and what was typed stays", async () => {
  await open(true);
  await add({ name: "build-box", url: "ssh:/box" });
  const url = screen.getByTestId<HTMLInputElement>("connection-url");
  await waitFor(() => expect(url.getAttribute("aria-invalid")).toBe("true"));
  expect(screen.getByTestId("connection-url-note").textContent).toContain("Must begin with https://");
  expect(document.activeElement).toBe(url);
  expect(url.value).toBe("ssh:/box");
  await write("url", "ssh://box");
  expect(url.getAttribute("aria-invalid")).toBe("false");
  await fireEvent.click(screen.getByTestId("save-connection"));
  await waitFor(() =>
    expect(screen.getByTestId("connection-name-note").textContent).toContain(
      "Is the name of another machine",
    ),
  );
  expect((await kept()).length).toBe(2);
});

test("an unknown certificate is shown, and kept only when the person says that it is the one", async () => {
  await open();
  const tested = vi.spyOn(fake, "testConnection");
  await add({ name: "lab", url: "https://lab:7654", token: "s3cret" });
  const seen = (await screen.findByTestId("seen-fingerprint")).textContent;
  expect(await kept()).toEqual([]);
  await fireEvent.click(screen.getByTestId("trust"));
  await waitFor(async () =>
    expect(await kept()).toEqual([{ name: "lab", url: "https://lab:7654", fingerprint: seen }]),
  );
  expect(tested.mock.lastCall).toEqual([
    { name: "lab", url: "https://lab:7654", fingerprint: seen },
    "s3cret",
  ]);
  // The token is not shown, not even in the form of its connection.
  expect(connection("lab").textContent).toContain("with a token");
  await fireEvent.click(within(connection("lab")).getByTestId("change"));
  expect(screen.getByTestId<HTMLInputElement>("connection-token").value).toBe("");
  expect(document.body.innerHTML).not.toContain("s3cret");
});

test("a kept token stays for its URL, and is asked for again at another one", async () => {
  await open();
  await add({ name: "lab", url: "http://127.0.0.1:7654", token: "s3cret" });
  await waitFor(async () => expect((await kept()).length).toBe(1));
  const saved = vi.spyOn(fake, "saveConnection");
  await fireEvent.click(within(connection("lab")).getByTestId("change"));
  await fireEvent.click(screen.getByTestId("save-connection"));
  await waitFor(() => expect(saved.mock.lastCall?.[1]).toBeUndefined());
  await waitFor(() => expect(screen.queryByTestId("connection-form")).toBeNull());
  await fireEvent.click(within(connection("lab")).getByTestId("change"));
  await write("url", "http://127.0.0.1:9999");
  await fireEvent.click(screen.getByTestId("save-connection"));
  await waitFor(() =>
    expect(screen.getByTestId("connection-token-note").textContent).toContain("Is required there"),
  );
});

test("a machine that does not answer is kept only when that is wanted", async () => {
  await open();
  await add({ name: "down", url: "http://down:1", token: "x" });
  expect((await screen.findByTestId("connection-outcome")).textContent).toContain("Connection refused.");
  expect(await kept()).toEqual([]);
  await fireEvent.click(screen.getByTestId("save-anyway"));
  await waitFor(async () => expect((await kept()).length).toBe(1));
  await fireEvent.click(within(connection("down")).getByTestId("test"));
  await waitFor(() => expect(connection("down").textContent).toContain("Connection refused."));
});
