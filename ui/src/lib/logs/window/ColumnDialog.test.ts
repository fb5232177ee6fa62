import { cleanup, fireEvent, render, screen } from "@testing-library/svelte";
import { afterEach, expect, it, vi } from "vitest";
import { MAX_COLUMNS } from "../text/columns";
import ColumnDialog from "./ColumnDialog.svelte";

afterEach(cleanup);

function open(chosen: readonly string[] = []) {
  const onchoose = vi.fn();
  render(ColumnDialog, { chosen, offered: [], onchoose, onclose: vi.fn() });
  return onchoose;
}
const go = () => screen.getByTestId<HTMLButtonElement>("columns-show");
const name = (field: string) =>
  fireEvent.input(screen.getByTestId("column-name"), { target: { value: field } });

it("takes a field by its name, also where no record is in view", async () => {
  const onchoose = open();
  expect(go().disabled).toBe(true);
  await name("reqId");
  expect(go().textContent).toBe("Add field");
  await fireEvent.click(go());
  expect(screen.getByLabelText("reqId")).toBeTruthy();
  await fireEvent.click(go());
  expect(onchoose).toHaveBeenCalledWith(["reqId"]);
});

it("takes no more fields than there are columns", async () => {
  open(Array.from({ length: MAX_COLUMNS }, (_, n) => `field ${n}`));
  expect(go().disabled).toBe(false);
  await name("one more");
  expect(go().disabled).toBe(true);
});
