import { render, screen } from "@testing-library/svelte";
import { expect, it } from "vitest";
import RowCells from "./RowCells.svelte";

it("shows what is invisible in a cell, and in its tooltip", () => {
  render(RowCells, {
    columns: ["a", "b"].map((field) => ({ field, width: 9 })),
    cells: ["x\u202ey\u0007", ""],
  });
  const cell = screen.getByText("x<202E>y^G");
  expect(cell.title).toBe("x<202E>y^G");
  expect(cell.nextElementSibling?.hasAttribute("title")).toBe(false);
});
