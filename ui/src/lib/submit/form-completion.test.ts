import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/svelte";
import { beforeEach, describe, expect, it } from "vitest";
import { useBackend, type Backend, type TaskSpec } from "../api";
import { eachTestAnew, field, given, open, readCommandLine, type } from "./form-in-test";
import SubmitForm from "./SubmitForm.svelte";

eachTestAnew();

describe("what goes on with what one types", () => {
  beforeEach(() =>
    useBackend({
      validateSpec: async () => {},
      submitTask: async (spec: TaskSpec) => (given.sent.push(spec), "id-1"),
      completeProgram: async ({ prefix }: { prefix: string }) =>
        ["make", "makepkg"].filter((name) => name.startsWith(prefix)),
      completeDirectory: async ({ prefix }: { prefix: string }) =>
        ["/srv/data", "/srv/data/raw"].filter((path) => path.startsWith(prefix)),
      listImages: async () => [{ name: "docker.io/library/alpine:3", runner: "podman", size: "8 MB" }],
      queryTasks: async () => ({ tasks: [], total: 0 }),
      hasDirectory: async () => true,
      readCommandLine,
      pickDirectory: async (from: string) => `${from}/picked`,
      listRunners: async () => [],
    } as unknown as Backend),
  );
  // Not those of the selects.
  const offered = () =>
    [...document.querySelectorAll("li[role=option]")].map((one) => one.textContent?.trim());
  it("offers the images that are here, and sends what a container sees of the machine", async () => {
    const { onsubmitted } = open();
    await fireEvent.click(screen.getByRole("tab", { name: "Container" }));
    await write("field-image", "alp");
    await waitFor(() => expect(offered()).toEqual(["docker.io/library/alpine:3 8 MB"]));
    await fireEvent.keyDown(field("field-image"), { key: "ArrowDown" });
    await fireEvent.keyDown(field("field-image"), { key: "Enter" });
    await fireEvent.click(screen.getByRole("button", { name: "Add volume" }));
    const fill = (label: string, value: string) =>
      fireEvent.input(screen.getByLabelText(label), { target: { value } });
    await fill("Path of this machine, or name, of volume 1", "/srv");
    await fill("Path in the container of volume 1", "/data");
    await fill("Network", "none");
    await fireEvent.click(screen.getByTestId("submit"));
    await waitFor(() => expect(onsubmitted).toHaveBeenCalled());
    expect(given.sent.at(-1)?.kind).toEqual({
      container: {
        image: "docker.io/library/alpine:3",
        volumes: [{ source: "/srv", target: "/data" }],
        network: "none",
      },
    });
  });

  async function write(id: string, text: string): Promise<void> {
    field(id).focus();
    field(id).value = text;
    field(id).setSelectionRange(text.length, text.length);
    await fireEvent.input(field(id));
  }
  const press = (id: string, key: string) => fireEvent.keyDown(field(id), { key });

  it("is chosen by the arrows, and until then Enter and Tab are what they are", async () => {
    open();
    await write("field-command", "ma");
    await waitFor(() => expect(offered()).toEqual(["make", "makepkg"]));
    expect(await press("field-command", "Enter")).toBe(true);
    expect(await press("field-command", "Tab")).toBe(true);
    await press("field-command", "ArrowDown");
    await press("field-command", "ArrowDown");
    expect(field("field-command").getAttribute("aria-activedescendant")).toBe(
      document.querySelector("li[aria-selected=true]")?.id,
    );
    expect(await press("field-command", "Enter")).toBe(false);
    expect(field("field-command").value).toBe("makepkg");
    expect(offered()).toEqual([]);
  });

  it("goes from directory to directory, and Escape closes nothing but the list", async () => {
    open();
    await write("field-cwd", "/srv/d");
    await waitFor(() => expect(offered()).toEqual(["/srv/data/", "/srv/data/raw/"]));
    await fireEvent.click(screen.getByText("/srv/data/"));
    await waitFor(() => expect(offered()).toEqual(["/srv/data/raw/"]));
    expect(field("field-cwd").value).toBe("/srv/data/");
    expect(await press("field-cwd", "Escape")).toBe(false);
    expect(offered()).toEqual([]);
  });

  it("is looked for with the system's dialog where the tasks are on this machine", async () => {
    open();
    expect(screen.queryByTestId("browse")).toBeNull();
    cleanup();
    render(SubmitForm, { title: "New task", home: "/home/me", onsubmitted: () => {}, oncancel: () => {} });
    await type("field-cwd", "~/work");
    await fireEvent.click(screen.getByTestId("browse"));
    await waitFor(() => expect(field("field-cwd").value).toBe("/home/me/work/picked"));
  });
});
