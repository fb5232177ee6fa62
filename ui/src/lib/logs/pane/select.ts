// Selecting with the pointer: press and drag, past the edges too, Shift to extend, twice for a word, three times for a line.
import { onNextFrame } from "../../shared/next-frame";
import { pointAt } from "./point";
import { wordAt, type Point } from "./selection";
import type { PaneView } from "./view.svelte";

function textOf(view: PaneView, position: number): string {
  return view.reader.rows?.get(position)?.text ?? "";
}

function pointOf(view: PaneView, layer: HTMLElement, event: MouseEvent): Point {
  const { row, column, position } = pointAt(layer, event.clientX, event.clientY);
  return { row, column: position === null ? column : Math.min(column, textOf(view, position).length) };
}

/** Takes a press on the text of a row. */
export function press(view: PaneView, layer: HTMLElement, pane: HTMLElement, event: MouseEvent): void {
  const at = pointAt(layer, event.clientX, event.clientY);
  const point = pointOf(view, layer, event);
  if (event.detail === 2 && at.position !== null) {
    const { from, to } = wordAt(textOf(view, at.position), point.column);
    view.select({ row: at.row, column: from }, { row: at.row, column: to });
  } else if (event.detail >= 3) {
    view.select({ row: at.row, column: 0 }, { row: at.row, column: Infinity });
  } else {
    view.select(event.shiftKey && view.selection ? view.selection.anchor : point, point);
    drag(view, layer, pane, event);
  }
}

/** Follows the pointer until the button is let go, scrolling while it is above or below the pane. */
function drag(view: PaneView, layer: HTMLElement, pane: HTMLElement, from: MouseEvent): void {
  let last = from;
  let callOff = (): void => {};
  const extend = (): void => {
    if (view.selection) view.select(view.selection.anchor, pointOf(view, layer, last));
  };
  const outside = (): void => {
    const box = pane.getBoundingClientRect();
    const past = last.clientY < box.top ? last.clientY - box.top : Math.max(0, last.clientY - box.bottom);
    if (past !== 0) {
      view.move(() => view.scroll.moveBy(past / 2));
      extend();
    }
    callOff = onNextFrame(outside);
  };
  const onmove = (event: MouseEvent): void => {
    last = event;
    extend();
  };
  const onup = (): void => {
    callOff();
    window.removeEventListener("mousemove", onmove);
    window.removeEventListener("mouseup", onup);
  };
  window.addEventListener("mousemove", onmove);
  window.addEventListener("mouseup", onup);
  callOff = onNextFrame(outside);
}
