import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/svelte";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { useBackend } from "../lib/api";
import { createFakeBackend } from "../lib/api/fake";
import { EVERYTHING } from "../lib/logs/find/search.svelte";
import LogView from "./LogView.svelte";
import MergedView from "./MergedView.svelte";

let backend: ReturnType<typeof createFakeBackend>;
let id: string;

beforeEach(() => {
  backend = createFakeBackend({ tasks: 8 });
  useBackend(backend);
  id = backend.ids()[0] ?? "";
  vi.spyOn(HTMLElement.prototype, "clientHeight", "get").mockReturnValue(380);
  vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockReturnValue(900);
});
afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
});

const drawn = () => screen.getAllByTestId("log-row").map((row) => Number(row.dataset.row));
const pane = () => screen.getByTestId("log-pane");

async function open(more: { row?: number } = {}) {
  render(LogView, { task: id, attempt: 1, ...more });
  await waitFor(() => expect(screen.getAllByTestId("log-row").length).toBeGreaterThan(15));
}

async function find(text: string) {
  const field = screen.getByTestId("find");
  await fireEvent.input(field, { target: { value: text } });
  await waitFor(() => expect(screen.getByTestId("find-status").textContent).toMatch(/\d|hits/));
  return field;
}

it("finds as one types, marks the hits, steps with Enter and goes back with Escape", async () => {
  await open();
  const field = await find("payload");
  const row = await waitFor(() => {
    const current = document.querySelector<HTMLElement>("[aria-current=true]");
    expect(current?.querySelector(".hit")?.textContent).toBe("payload");
    return Number(current?.dataset.row);
  });
  await fireEvent.keyDown(field, { key: "Enter", shiftKey: true });
  await waitFor(() =>
    expect(Number(document.querySelector<HTMLElement>("[aria-current=true]")?.dataset.row)).toBeLessThan(row),
  );
  await fireEvent.keyDown(field, { key: "Escape" });
  await waitFor(() => expect(Math.max(...drawn())).toBe(12_803));
  expect(screen.getByTestId("find")).toHaveProperty("value", "");
});

it("filters, shows lines around a hit, and the hit in the log", async () => {
  await open();
  await fireEvent.click(screen.getByTestId("find-mode-filter"));
  await find("connection refused");
  await waitFor(() =>
    expect(screen.getAllByTestId("log-row").every((row) => row.textContent?.includes("refused"))).toBe(true),
  );
  expect(screen.getByTestId("log-extent").textContent).toMatch(/^2\d\d of 12,804 lines/);
  const [first] = screen.getAllByTestId("log-row");
  const row = Number(first?.dataset.row);
  await fireEvent.contextMenu(first as HTMLElement);
  await fireEvent.click(screen.getByTestId("show-around"));
  await waitFor(() => expect(drawn()).toContain(row + 2));
  await fireEvent.contextMenu(document.querySelector(`[data-row="${row}"]`) as HTMLElement);
  await fireEvent.click(screen.getByTestId("show-in-log"));
  await waitFor(() => expect(drawn()).toEqual(expect.arrayContaining([row - 1, row, row + 1])));
  expect(document.querySelector("[aria-current=true]")?.getAttribute("data-row")).toBe(String(row));
});

it("opens at a row, marks it by key, and lists the mark with its note", async () => {
  await open({ row: 500 });
  await waitFor(() =>
    expect(document.querySelector("[aria-current=true]")?.getAttribute("data-row")).toBe("500"),
  );
  await fireEvent.keyDown(pane(), { key: "b" });
  await waitFor(() => expect(document.querySelector('[data-row="500"] .flag')).not.toBeNull());
  await fireEvent.click(screen.getByTestId("more"));
  await fireEvent.click(screen.getByTestId("bookmarks"));
  const note = await screen.findByLabelText("Note on line 501");
  await fireEvent.change(note, { target: { value: "here it began" } });
  const kept = async () => (await backend.listBookmarks({ id })).map(({ row, note }) => [row, note]);
  await waitFor(async () => expect(await kept()).toEqual([[500, "here it began"]]));
  // Taken away by the key, and by the panel: it comes back with its note.
  for (const remove of [
    () => fireEvent.keyDown(pane(), { key: "b" }),
    () => fireEvent.click(screen.getByLabelText("Remove the bookmark of line 501")),
  ]) {
    await remove();
    await waitFor(async () => expect(await kept()).toEqual([]));
    await fireEvent.click(await screen.findByText("Undo"));
    await waitFor(async () => expect(await kept()).toEqual([[500, "here it began"]]));
    await screen.findByLabelText("Note on line 501");
  }
});

it("goes to a line by its number, and refuses one that is not there", async () => {
  await open();
  await fireEvent.keyDown(pane(), { key: "g", ctrlKey: true });
  const field = await screen.findByTestId("line-field");
  await fireEvent.input(field, { target: { value: "99,999,999" } });
  expect(field.getAttribute("aria-invalid")).toBe("true");
  await fireEvent.input(field, { target: { value: "1,000" } });
  await fireEvent.submit(field.closest("form") as HTMLFormElement);
  await waitFor(() => expect(drawn()).toContain(999));
});

it("jumps by e to an error, and draws numbers and times when asked", async () => {
  await open();
  await fireEvent.keyDown(pane(), { key: "e" });
  await waitFor(() => expect(document.querySelector("[aria-current=true]")?.textContent).toContain("error:"));
  await fireEvent.click(screen.getByTestId("more"));
  await fireEvent.click(screen.getByTestId("line-numbers"));
  const [row] = screen.getAllByTestId("log-row");
  await waitFor(() =>
    expect(row?.querySelector(".number")?.textContent).toBe(String(Number(row?.dataset.row) + 1)),
  );
});

it("counts what the log says went wrong, and a click on the count goes there", async () => {
  await open();
  const all = (await backend.readLog({ run: { id, attempt: 1 }, from: 0, count: 1000 })).rows;
  const first = all.find(({ severity }) => severity === "warning");
  expect((await screen.findByTestId("error-count")).textContent).toMatch(/^\d[\d,]* errors?$/);
  const warnings = await screen.findByTestId("warning-count");
  expect(warnings.textContent).toMatch(/^\d[\d,]* warnings?$/);
  await fireEvent.keyDown(pane(), { key: "Home" });
  await fireEvent.click(warnings);
  const current = () => document.querySelector("[aria-current=true]");
  await waitFor(() => expect(current()?.getAttribute("data-row")).toBe(String(first?.row)));
  expect(current()?.querySelector(".severity.warning")).not.toBeNull();
});

it("is read in another encoding when that is chosen, at the same place, and says so", async () => {
  await open({ row: 500 });
  await waitFor(() => expect(drawn()).toContain(500));
  expect(screen.queryByTestId("encoding")).toBeNull();
  await fireEvent.click(screen.getByTestId("more"));
  await fireEvent.click(screen.getByTestId("choose-encoding"));
  await fireEvent.click(await screen.findByTestId("encoding-windows-1251"));
  await waitFor(() => expect(screen.getByTestId("encoding").textContent).toBe("windows-1251"));
  await waitFor(() => expect(drawn()).toContain(500));
  await fireEvent.click(screen.getByTestId("encoding"));
  await fireEvent.click(await screen.findByTestId("encoding-auto"));
  await waitFor(() => expect(screen.queryByTestId("encoding")).toBeNull());
});

it("shows a record field by field below its line, and hides it again", async () => {
  const read = backend.readLog;
  const text = '{"level":"info","id":12345678901234567890,"err":{"code":1.10}}';
  backend.readLog = async (...args) => {
    const page = await read(...args);
    return { ...page, rows: page.rows.map((row) => ({ ...row, text, spans: undefined })) };
  };
  await open({ row: 500 });
  await waitFor(() => expect(document.querySelector("[aria-current=true]")).not.toBeNull());
  await fireEvent.keyDown(pane(), { key: "x" });
  const record = await screen.findByTestId("record");
  expect([...record.children].map((field) => field.textContent)).toEqual([
    "level: info",
    "id: 12345678901234567890",
    "err:",
    "  code: 1.10",
  ]);
  await fireEvent.keyDown(pane(), { key: "x" });
  await waitFor(() => expect(screen.queryByTestId("record")).toBeNull());
});

it("shows a clamped line part by part", async () => {
  const whole = "0123456789abcdef".repeat(8192);
  const read = backend.readLog;
  backend.readLog = async (...args) => {
    const page = await read(...args);
    return {
      ...page,
      rows: page.rows.map((row) => ({
        ...row,
        text: whole.slice(0, 10_000),
        spans: undefined,
        more: whole.length - 10_000,
      })),
    };
  };
  backend.readLine = async ({ fromByte: from, count }) => ({
    text: whole.slice(from, from + count),
    fromByte: from,
    nextByte: Math.min(whole.length, from + count),
    fullLen: whole.length,
  });
  await open();
  await fireEvent.click(screen.getAllByTestId("show-all")[0] as HTMLElement);
  await waitFor(() => expect(screen.getByTestId("whole-line-text").textContent).toHaveLength(65_536));
  await fireEvent.click(screen.getByText("Last"));
  await waitFor(() => expect(screen.getByTestId("whole-line").textContent).toContain("131 kB of 131 kB"));
});

/** Of each line no more than its first letters is drawn. */
function clip(letters: number) {
  const { readLog, searchRanges } = backend;
  backend.readLog = async (ask) => {
    const page = await readLog(ask);
    const clipped = (text: string) => ({ text: text.slice(0, letters), more: text.length - letters });
    return { ...page, rows: page.rows.map((row) => ({ ...row, spans: undefined, ...clipped(row.text) })) };
  };
  backend.searchRanges = async (ask) =>
    (await searchRanges(ask)).flatMap(({ row, ranges }) => {
      const drawn = ranges.filter(([from]) => from < letters);
      return drawn.length > 0 ? [{ row, ranges: drawn }] : [];
    });
}

it("opens a clamped row at the hit in it, and the whole line there", async () => {
  clip(0);
  await open();
  const field = await find("a");
  const deep = await screen.findByTestId("deep-hit");
  expect(deep.querySelector(".hit")?.textContent).toBe("a");
  const at = () => screen.queryByTestId("deep-hit")?.querySelector(".hit")?.previousSibling?.textContent;
  const current = () => document.querySelector<HTMLElement>("[aria-current=true]")?.dataset.row;
  // Enter goes through the matches that are not drawn, and Shift+Enter back through them.
  const [row, first] = [current(), at()];
  await fireEvent.keyDown(field, { key: "Enter" });
  await waitFor(() => expect(at()).not.toBe(first));
  expect(current()).toBe(row);
  await fireEvent.keyDown(field, { key: "Enter", shiftKey: true });
  await waitFor(() => expect(at()).toBe(first));
  expect(current()).toBe(row);
  await fireEvent.keyDown(field, { key: "Enter", shiftKey: true });
  await waitFor(() => expect(current()).not.toBe(row));
  // It came from behind: at the last match of that row.
  const last = await screen.findByTestId("deep-hit");
  expect([...last.querySelectorAll(".marked")].at(-1)).toBe(last.querySelector(".hit"));

  await fireEvent.click(last.querySelector("button") as HTMLElement);
  await waitFor(() => expect(screen.getByTestId("whole-line-text").querySelector(".hit")).not.toBeNull());
});

it("offers fields where lines are JSON, and draws them when they are taken", async () => {
  const web = (await backend.listTasks({ query: { slot: "web" } })).rows[0]?.task.metadata.id ?? "";
  render(LogView, { task: web, attempt: 6 });
  await screen.findByTestId("json-offer");
  await fireEvent.click(screen.getByText("Show as fields"));
  await waitFor(() => expect(document.querySelector(".message")?.textContent).toBeTruthy());
  expect(screen.queryByTestId("json-offer")).toBeNull();
});

it("leaves the log alone while a dialog is open over it, and closes its window all the same", async () => {
  const close = vi.spyOn(backend, "closeWindow").mockResolvedValue();
  const mark = vi.spyOn(backend, "setBookmark");
  await open();
  await fireEvent.keyDown(pane(), { key: "c" });
  const dialog = await screen.findByTestId("columns");
  for (const target of [dialog.querySelector("button")!, document.body]) {
    expect(await fireEvent.keyDown(target, { key: "b" })).toBe(true);
    expect(await fireEvent.keyDown(target, { key: "b", ctrlKey: true })).toBe(true);
    expect(await fireEvent.keyDown(target, { key: "s", ctrlKey: true })).toBe(true);
    expect(await fireEvent.keyDown(target, { key: "?" })).toBe(true);
  }
  expect(screen.getAllByRole("dialog")).toEqual([dialog]);
  expect(mark).not.toHaveBeenCalled();
  await fireEvent.keyDown(document.body, { key: "w", ctrlKey: true });
  expect(close).toHaveBeenCalledOnce();
});

it("shows fields of records as columns that were chosen, and lines that are none as they are", async () => {
  const web = (await backend.listTasks({ query: { slot: "web" } })).rows[0]?.task.metadata.id ?? "";
  const { readLog } = backend;
  backend.readLog = async (ask) => {
    const page = await readLog(ask);
    return {
      ...page,
      rows: page.rows.map((row) => (row.row % 5 === 0 ? { ...row, text: "no record" } : row)),
    };
  };
  render(LogView, { task: web, attempt: 6 });
  await waitFor(() => expect(screen.getAllByTestId("log-row").length).toBeGreaterThan(15));
  await fireEvent.keyDown(pane(), { key: "c" });
  const dialog = await screen.findByTestId("columns");
  const boxes = () => [...dialog.querySelectorAll<HTMLInputElement>("[type=checkbox]:checked")];
  expect(boxes().map((box) => box.parentElement?.textContent)).toEqual(["time", "level", "message"]);
  // Another one, and the last further to the left.
  await fireEvent.input(screen.getByTestId("column-name"), { target: { value: "none.at.all" } });
  await fireEvent.submit(dialog.querySelector("form") as HTMLElement);
  await fireEvent.click(screen.getByLabelText("Move message left"));
  await fireEvent.submit(dialog.querySelector("form") as HTMLElement);
  await waitFor(() => expect(screen.queryByTestId("columns")).toBeNull());
  const heads = [...screen.getByTestId("column-heads").querySelectorAll(".head")];
  expect(heads.map((head) => head.textContent?.trim())).toEqual(["time", "message", "level", "none.at.all"]);
  const rows = screen.getAllByTestId("log-row");
  expect(rows.find((row) => row.textContent?.includes("no record"))?.querySelector(".cell")).toBeNull();
  const cells = [...(rows.find((row) => row.querySelector(".cell"))?.querySelectorAll(".cell") ?? [])];
  expect(cells).toHaveLength(4);
  expect(cells[1]?.textContent).not.toBe("");

  // By a key they are wider, and away.
  const [separator] = screen.getAllByRole("separator");
  const before = (cells[0] as HTMLElement).style.width;
  await fireEvent.keyDown(separator as HTMLElement, { key: "ArrowRight" });
  await waitFor(() => expect(document.querySelector<HTMLElement>(".cell")?.style.width).not.toBe(before));
  await fireEvent.keyDown(pane(), { key: "c" });
  await waitFor(() => expect(screen.queryByTestId("column-heads")).toBeNull());
});

it("opens a file that a line names with Ctrl and a click, and from the menu", async () => {
  const { readLog } = backend;
  backend.readLog = async (ask) => {
    const page = await readLog(ask);
    const text = "  --> src/main.rs:3:18";
    return { ...page, rows: page.rows.map((row) => ({ ...row, spans: undefined, text })) };
  };
  const openFile = vi.spyOn(backend, "openFile");
  await open();
  const place = document.querySelector("[data-file]") as HTMLElement;
  expect(place.textContent).toBe("src/main.rs:3:18");
  await fireEvent.mouseDown(place);
  expect(openFile).not.toHaveBeenCalled();
  await fireEvent.mouseUp(window);
  await fireEvent.mouseDown(place, { ctrlKey: true });
  await waitFor(() =>
    expect(openFile).toHaveBeenCalledWith(id, { path: "src/main.rs", line: 3, column: 18 }),
  );
  expect((await screen.findByTestId("notice")).textContent).toContain("no editor is chosen in the settings");
  await fireEvent.contextMenu(place);
  expect(screen.getByTestId("open-file-0").textContent).toContain("Open src/main.rs:3:18 in the editor");
});

it("has no files of another machine to open", async () => {
  const { readLog } = backend;
  backend.readLog = async (ask) => {
    const page = await readLog(ask);
    return { ...page, rows: page.rows.map((row) => ({ ...row, spans: undefined, text: "a.rs:3:18" })) };
  };
  render(LogView, { task: id, attempt: 1, machine: "far" });
  await waitFor(() => expect(screen.getAllByTestId("log-row").length).toBeGreaterThan(15));
  expect(document.querySelector("[data-file]")).toBeNull();
});

async function openMerged() {
  const ids = backend.ids();
  const infos = await Promise.all(
    ids.map(async (id) => ({ id, ...(await backend.getLogInfo({ run: { id, attempt: 1 } })) })),
  );
  // Some of the others have millions of lines.
  const small = infos.filter(({ rows }) => rows > 100 && rows < 20_000);
  const sources = small.slice(0, 2).map(({ id }) => ({ id, attempt: 1 }));
  expect(sources).toHaveLength(2);
  render(MergedView, { sources });
  await waitFor(() => expect(screen.getAllByTestId("log-row").length).toBeGreaterThan(15));
  return sources;
}

it("finds in several logs as in one, marks the hits of each, filters, and goes back", async () => {
  const sources = await openMerged();
  const field = await find("connection refused");
  await waitFor(() => expect(document.querySelector("[aria-current=true] .hit")).not.toBeNull());
  await fireEvent.keyDown(field, { key: "Enter" });
  await waitFor(() => expect(screen.getByTestId("find-status").textContent).toMatch(/^\d+ of \d+/));
  const total = Number(/of (\d+)/.exec(screen.getByTestId("find-status").textContent ?? "")?.[1]);
  let each = 0;
  for (const { id, attempt } of sources) {
    const query = { ...EVERYTHING, pattern: "connection refused" };
    await backend.openSearch(id, attempt, query, 0, ({ matches, complete }) => {
      if (complete) each += matches;
    });
  }
  await waitFor(() => expect(each).toBe(total));
  await fireEvent.click(screen.getByTestId("find-mode-filter"));
  await waitFor(() => expect(screen.getByTestId("log-extent").textContent).toMatch(`${total} of `));
  const rows = screen.getAllByTestId("log-row");
  expect(rows.every((row) => row.textContent?.includes("refused"))).toBe(true);
  await waitFor(() => expect(rows.every((row) => row.querySelector(".marked"))).toBe(true));
  const position = Number(rows[3]?.dataset.row);
  await fireEvent.contextMenu(rows[3] as HTMLElement);
  await fireEvent.click(screen.getByTestId("show-in-log"));
  await waitFor(() =>
    expect(drawn()).toEqual(expect.arrayContaining([position - 1, position, position + 1])),
  );
  await fireEvent.keyDown(field, { key: "Escape" });
  expect(screen.getByTestId("find")).toHaveProperty("value", "");
});

it("reads several logs in one order, each line with its source", async () => {
  await openMerged();
  const names = screen.getAllByTestId("merged-source").map((one) => one.textContent?.trim());
  expect(names).toEqual(["release build", "photo sync"]);
  expect(
    screen
      .getAllByTestId("log-row")
      .every((row) => names.some((name) => row.textContent?.includes(name ?? "-"))),
  ).toBe(true);
});

it("has the focus in the log when it opens and when a field is left, and keys of any keyboard work there", async () => {
  await open();
  expect(document.activeElement).toBe(pane());
  await fireEvent.keyDown(pane(), { key: "а", code: "KeyF", ctrlKey: true });
  const field = screen.getByTestId("find");
  expect(document.activeElement).toBe(field);
  await fireEvent.keyDown(field, { key: "Enter", isComposing: true });
  await fireEvent.keyDown(field, { key: "Escape" });
  expect(document.activeElement).toBe(pane());
  await fireEvent.keyDown(pane(), { key: "ц", code: "KeyW" });
  await waitFor(() => expect(screen.getByTestId("wrap").getAttribute("aria-pressed")).toBe("true"));
  await fireEvent.keyDown(pane(), { key: "ц", code: "KeyW" });
  field.focus();
  field.blur();
  await waitFor(() => expect(document.activeElement).toBe(pane()));
});

it("draws the other rows when one cannot be drawn", async () => {
  const read = backend.readLog;
  backend.readLog = async (...args) => {
    const page = await read(...args);
    const broken = page.rows.map((row) => (row.row % 10 === 5 ? { ...row, spans: 7 as never } : row));
    return { ...page, rows: broken };
  };
  vi.spyOn(console, "error").mockImplementation(() => {});
  await open();
  await waitFor(() => expect(drawn().some((row) => row % 10 === 5)).toBe(true));
  expect(drawn().some((row) => row % 10 === 4)).toBe(true);
});

it("says of which attempts there are, and goes to one that is picked", async () => {
  const web = (await backend.listTasks({ query: { slot: "web" } })).rows[0]?.task.metadata.id ?? "";
  render(LogView, { task: web, attempt: 6 });
  await waitFor(() => expect(screen.getByTestId("attempt").textContent).toContain("Attempt 6 · running"));
  await fireEvent.click(screen.getByTestId("attempt"));
  const items = screen.getAllByRole("menuitemradio").map((item) => item.textContent?.trim());
  expect(items).toHaveLength(6);
  expect(items[4]).toBe("Attempt 2 · failed");
  await fireEvent.click(screen.getByTestId("attempt-2"));
  await waitFor(() => expect(screen.getByTestId("log-status").textContent).toContain("Failed"));
});

it("looks for nothing while its pattern is none, and does not say that it does", async () => {
  await open();
  await fireEvent.click(screen.getByTestId("find-mode-filter"));
  await fireEvent.click(screen.getByTestId("find-regex"));
  await fireEvent.input(screen.getByTestId("find"), { target: { value: "(err" } });
  await waitFor(() => expect(screen.getByTestId("find-status").className).toContain("bad"));
  expect(screen.queryByTestId("find-stop")).toBeNull();
  expect(screen.queryByText("Searching")).toBeNull();
  expect(screen.queryByText("No lines match")).toBeNull();
});
