import { EditorView } from "@codemirror/view";
import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/svelte";
import { afterEach, expect, test, vi } from "vitest";
import CodeEditor from "./CodeEditor.svelte";

let later: { arrive: () => void };
vi.mock("./load", () => ({
  loadEditor: () =>
    new Promise((resolve) => {
      later = { arrive: () => void import("./code-mirror").then(resolve) };
    }),
}));
afterEach(cleanup);

const area = (): HTMLTextAreaElement => screen.getByTestId("field");
/** The editor, once it has taken the place of the text area. */
async function arrived(): Promise<EditorView> {
  later.arrive();
  await waitFor(() => expect(screen.getByTestId("field").tagName).toBe("DIV"));
  const view = EditorView.findFromDOM(screen.getByTestId("field"));
  if (view === null) throw new Error("no editor");
  return view;
}
const draw = (props: object = {}) =>
  render(CodeEditor, { value: "echo a\n", language: "shell", label: "Script", testid: "field", ...props });

test("what was typed before the editor was there is in it, with the focus and the caret", async () => {
  draw();
  area().focus();
  await fireEvent.input(area(), { target: { value: "echo ab\n" } });
  area().setSelectionRange(6, 6);
  const view = await arrived();
  expect(view.state.doc.toString()).toBe("echo ab\n");
  expect(view.state.selection.main.head).toBe(6);
  expect(view.hasFocus).toBe(true);
});

test("a text that nobody is in is shown from its beginning", async () => {
  draw();
  // Where the engine leaves the caret of an area whose text was set.
  area().setSelectionRange(7, 7);
  expect((await arrived()).state.selection.main.head).toBe(0);
});

test("the editor does not come while an input method composes", async () => {
  draw();
  await fireEvent.compositionStart(area());
  later.arrive();
  await import("./code-mirror");
  await new Promise((done) => setTimeout(done));
  expect(screen.getByTestId("field").tagName).toBe("TEXTAREA");
  await fireEvent.compositionEnd(area());
  await waitFor(() => expect(screen.getByTestId("field").tagName).toBe("DIV"));
});

test("Tab indents and is undone, and leaves once Escape was pressed", async () => {
  draw();
  expect(screen.getByTestId("field").getAttribute("aria-describedby")).toBeTruthy();
  const view = await arrived();
  // Without the focus: happy-dom tells of a new selection while it is being set.
  view.dispatch({ selection: { anchor: 0 } });
  const press = (key: string, more: object = {}) => fireEvent.keyDown(view.contentDOM, { key, ...more });
  expect(await press("Tab", { keyCode: 9 })).toBe(false);
  expect(view.state.doc.toString()).toBe("  echo a\n");
  await press("z", { keyCode: 90, ctrlKey: true });
  expect(view.state.doc.toString()).toBe("echo a\n");
  const beyond = vi.fn();
  document.body.addEventListener("keydown", beyond);
  await press("Escape", { keyCode: 27 });
  expect(beyond).not.toHaveBeenCalled();
  await screen.findByText("Tab leaves the text");
  // Left to the engine, which moves the focus.
  expect(await press("Tab", { keyCode: 9 })).toBe(true);
  // The next one is for what is around it.
  await press("Escape", { keyCode: 27 });
  expect(beyond).toHaveBeenCalledTimes(2);
  document.body.removeEventListener("keydown", beyond);
  await press("a", { keyCode: 65 });
  await waitFor(() => expect(screen.queryByText("Tab leaves the text")).toBeNull());
});

test("another text from outside is shown, and the field says when it is wrong", async () => {
  const { rerender } = draw();
  const view = await arrived();
  await rerender({ value: "make\n", control: { "aria-invalid": true } });
  expect(view.state.doc.toString()).toBe("make\n");
  expect(view.contentDOM.getAttribute("aria-invalid")).toBe("true");
  expect(view.contentDOM.getAttribute("aria-label")).toBe("Script");
});

test("what is wrong is marked at its place", async () => {
  draw({ value: "one\ntwo\n", check: (text: string) => ({ message: "no", at: text.indexOf("two") }) });
  const view = await arrived();
  await waitFor(() => expect(view.contentDOM.querySelector(".cm-lintRange-error")?.textContent).toBe("two"));
});
