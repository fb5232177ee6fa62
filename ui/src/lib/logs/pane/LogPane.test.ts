import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/svelte";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Asks, Backend, LogInfo } from "../../api";
import LogPane from "./LogPane.svelte";
import { PaneView } from "./view.svelte";
import { OneLog } from "../one/one-log.svelte";
import { LogReader } from "../window/reader.svelte";

const oncopy = vi.fn();
let tell: (change: Partial<LogInfo>) => void;

const onmenu = vi.fn();

async function open(texts: string[], live = true) {
  let info: LogInfo = {
    attempt: 1,
    rows: texts.length,
    bytes: texts.length * 20,
    live,
    phase: live ? "running" : "failed",
    exitCode: live ? undefined : 3,
    startedAt: 0,
    finishedAt: live ? undefined : 1000,
    attempts: 1,
  };
  const backend = {
    getTaskRow: async () => null,
    listTaskRuns: async () => [],
    watchTasks: async () => () => {},
    watchLog: async (_id: string, _attempt: number, onInfo: (info: LogInfo) => void) => {
      tell = (change) => onInfo((info = { ...info, ...change }));
      tell({});
      return () => {};
    },
    readLog: async ({ from, count }: Asks["readLog"]["request"]) => ({
      from,
      total: info.rows,
      rows: Array.from({ length: Math.max(0, Math.min(count, info.rows - from)) }, (_, i) => ({
        row: from + i,
        stream: (from + i) % 2 === 1 ? ("stderr" as const) : ("stdout" as const),
        ts: 0,
        text: texts[from + i] ?? `row ${from + i}`,
        fullLen: 10,
        partial: false,
        continued: false,
      })),
    }),
  } as unknown as Backend;
  const session = new LogReader(new OneLog(backend, "t", 1));
  await session.open();
  const view = new PaneView(session);
  render(LogPane, { view, oncopy, onmenu, onshowall: () => {} });
  return Object.assign(session, { view });
}

beforeEach(() => {
  vi.spyOn(HTMLElement.prototype, "clientHeight", "get").mockReturnValue(190);
  vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockReturnValue(800);
});
afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
});

const last = (): number =>
  Math.max(...screen.getAllByTestId("log-row").map((row) => Number(row.dataset.row)));

it("draws output as text, whatever it holds", async () => {
  await open(["<img src=x onerror=alert(1)><script>x</script>"]);
  await screen.findByTestId("log-row");
  const row = screen.getByTestId("log-row");
  expect(row.querySelector("img, script")).toBeNull();
  expect(row.textContent).toContain("<img src=x onerror=alert(1)>");
});

it("tells stderr apart in words too, and ends with how the run ended", async () => {
  await open(["out", "err"], false);
  await screen.findByText("err");
  expect(screen.getAllByTestId("log-row")[1]?.textContent).toContain("stderr");
  expect(screen.getByTestId("log-end").textContent).toBe("Failed · exit 3 · after 1.0 s");
});

it("goes on following when it grows, though the engine then scrolls it", async () => {
  const session = await open(Array.from({ length: 200 }, (_, i) => `row ${i}`));
  await waitFor(() => expect(last()).toBe(199));
  const pane = screen.getByTestId("log-pane");
  const before = pane.scrollTop;
  expect(before).toBeGreaterThan(100);
  // Taller, so that its end is at a smaller scrollTop; nobody has measured it yet.
  vi.spyOn(HTMLElement.prototype, "clientHeight", "get").mockReturnValue(250);
  pane.scrollTop = before - 60;
  await fireEvent.scroll(pane);
  expect(session.follow.following).toBe(true);
  tell({ rows: 300, bytes: 9_000 });
  await waitFor(() => expect(last()).toBe(299));
});

it("follows the end of a huge log, yields to scrolling up, and comes back by the pill", async () => {
  const session = await open(Array.from({ length: 5 }, (_, i) => `row ${i}`));
  tell({ rows: 100_000_000, bytes: 1e9 });
  await waitFor(() => expect(last()).toBe(99_999_999));
  expect(screen.getAllByTestId("log-row").length).toBeLessThan(20);
  await fireEvent.wheel(screen.getByTestId("log-pane"), { deltaY: -190 });
  expect(session.follow.following).toBe(false);
  await waitFor(() => expect(last()).toBe(99_999_989));
  tell({ rows: 100_001_204, bytes: 1e9 + 9 });
  expect((await screen.findByTestId("new-lines")).textContent).toBe("1,204 new lines ↓");
  expect(last()).toBe(99_999_989);
  await fireEvent.click(screen.getByTestId("new-lines"));
  await waitFor(() => expect(last()).toBe(100_001_203));
  expect(screen.queryByTestId("new-lines")).toBeNull();
});

it("goes by keys to the first row and back to the end", async () => {
  const session = await open([]);
  tell({ rows: 1000, bytes: 1000 });
  await waitFor(() => expect(last()).toBe(999));
  const pane = screen.getByTestId("log-pane");
  await fireEvent.keyDown(pane, { key: "Home" });
  await waitFor(() => expect(screen.getAllByTestId("log-row")[0]?.dataset.row).toBe("0"));
  await fireEvent.keyDown(pane, { key: "PageDown" });
  await waitFor(() => expect(screen.getAllByTestId("log-row")[0]?.dataset.row).toBe("9"));
  await fireEvent.keyDown(pane, { key: "End" });
  await waitFor(() => expect(last()).toBe(999));
  expect(session.follow.following).toBe(true);
});

it("selects everything by key, and leaves copying to the window", async () => {
  const session = await open([]);
  tell({ rows: 300, bytes: 3000 });
  await waitFor(() => expect(last()).toBe(299));
  const pane = screen.getByTestId("log-pane");
  await fireEvent.keyDown(pane, { key: "c", ctrlKey: true });
  expect(oncopy).not.toHaveBeenCalled();
  await fireEvent.keyDown(pane, { key: "a", ctrlKey: true });
  expect(session.follow.following).toBe(false);
  await fireEvent.keyDown(pane, { key: "c", ctrlKey: true });
  expect(oncopy).toHaveBeenCalledOnce();
});

const current = () => document.querySelector<HTMLElement>("[aria-current=true]")?.dataset.row;

it("moves a line by arrows, and selects lines with Shift", async () => {
  const session = await open([]);
  tell({ rows: 1000, bytes: 1000 });
  await waitFor(() => expect(last()).toBe(999));
  const pane = screen.getByTestId("log-pane");
  await fireEvent.keyDown(pane, { key: "ArrowUp" });
  await waitFor(() => expect(current()).toBe("998"));
  expect(session.follow.following).toBe(false);
  await fireEvent.keyDown(pane, { key: "k", code: "KeyK" });
  await waitFor(() => expect(current()).toBe("997"));
  // The key of j on a Russian keyboard.
  await fireEvent.keyDown(pane, { key: "о", code: "KeyJ" });
  await waitFor(() => expect(current()).toBe("998"));
  // Down at the last line follows again.
  await fireEvent.keyDown(pane, { key: "ArrowDown" });
  expect(session.follow.following).toBe(true);
  await fireEvent.keyDown(pane, { key: "g", code: "KeyG" });
  await waitFor(() => expect(screen.getAllByTestId("log-row")[0]?.dataset.row).toBe("0"));
  await fireEvent.keyDown(pane, { key: "ArrowDown" });
  await fireEvent.keyDown(pane, { key: "ArrowDown", shiftKey: true });
  await fireEvent.keyDown(pane, { key: "ArrowDown", shiftKey: true });
  expect(session.view.selection).toEqual({
    anchor: { key: 1, column: 0 },
    focus: { key: 3, column: Infinity },
  });
  // The line is brought into view.
  for (let i = 0; i < 20; i += 1) await fireEvent.keyDown(pane, { key: "ArrowDown" });
  await waitFor(() => expect(current()).toBe("23"));
  expect(session.view.selection).toBeNull();
});

it("opens the menu of the line by key, and that of a row by the pointer", async () => {
  await open(Array.from({ length: 5 }, (_, i) => `row ${i}`));
  await screen.findByText("row 4");
  const pane = screen.getByTestId("log-pane");
  await fireEvent.keyDown(pane, { key: "ArrowUp" });
  await waitFor(() => expect(current()).toBe("3"));
  await fireEvent.keyDown(pane, { key: "ContextMenu" });
  expect(onmenu).toHaveBeenLastCalledWith(3);
  await fireEvent.keyDown(pane, { key: "F10", shiftKey: true });
  expect(onmenu).toHaveBeenCalledTimes(2);
  const row = screen.getAllByTestId("log-row")[1] as HTMLElement;
  expect(await fireEvent.contextMenu(row, { clientX: 7, clientY: 9 })).toBe(false);
  expect(onmenu).toHaveBeenLastCalledWith(1, { x: 7, y: 9 });
  expect(current()).toBe("1");
});
