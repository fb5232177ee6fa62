// Selecting with the pointer: press and drag, past the edges too, Shift to extend, twice for a word, three times for a line.
import { onNextFrame } from "../../shared/next-frame";
import type { Place } from "../rows/numbers";
import { pointAt } from "./point";
import { wholeRows, wordAt, type Point } from "./selection";
import type { PaneView } from "./view.svelte";

/** So near to an edge a drag scrolls: beyond it there may be no screen. */
const EDGE = 14;
/** A press that moves less means the place where it began. */
const STILL = 4;

function textOf(view: PaneView, place: Place): string {
  return view.reader.rows?.get(place)?.text ?? "";
}

function pointOf(view: PaneView, layer: HTMLElement, event: MouseEvent): Point {
  const { key, column, place } = pointAt(layer, event.clientX, event.clientY);
  return { key, column: place === null ? column : Math.min(column, textOf(view, place).length) };
}

/** Takes a press on the text of a row; `done` is called when the selection is made. */
export function press(
  view: PaneView,
  layer: HTMLElement,
  pane: HTMLElement,
  event: MouseEvent,
  done: () => void,
): void {
  const at = pointAt(layer, event.clientX, event.clientY);
  const point = pointOf(view, layer, event);
  view.stand(at.key);
  if (event.detail === 2 && at.place !== null) {
    const { from, to } = wordAt(textOf(view, at.place), point.column);
    view.select({ key: at.key, column: from }, { key: at.key, column: to });
    done();
  } else if (event.detail >= 3) {
    const { anchor, focus } = wholeRows(at.key, at.key);
    view.select(anchor, focus);
    done();
  } else {
    view.select(event.shiftKey && view.selection ? view.selection.anchor : point, point);
    drag(view, layer, pane, event, done);
  }
}

/** How far a drag at `at`, begun at `from`, is past one of two edges, or so near that it means to go on; negative before the first. */
export function pastEdge(at: number, from: number, first: number, last: number): number {
  const [before, behind] = [first + EDGE - at, at - (last - EDGE)];
  if (before > 0 && at < from - STILL) return -before;
  return behind > 0 && at > from + STILL ? behind : 0;
}

/** Follows the pointer until the button is let go, scrolling while it is at an edge of the pane or beyond. */
function drag(
  view: PaneView,
  layer: HTMLElement,
  pane: HTMLElement,
  from: MouseEvent,
  done: () => void,
): void {
  let last = from;
  let callOff = (): void => {};
  const extend = (): void => {
    if (view.selection) view.select(view.selection.anchor, pointOf(view, layer, last));
  };
  const scroll = (): void => {
    const { top, left } = pane.getBoundingClientRect();
    const down = pastEdge(last.clientY, from.clientY, top, top + pane.clientHeight);
    const right = pastEdge(last.clientX, from.clientX, left, left + pane.clientWidth);
    if (right !== 0) pane.scrollLeft += right;
    if (down !== 0) view.move(() => view.scroll.moveBy(down));
    if (right !== 0 || down !== 0) extend();
    callOff = onNextFrame(scroll);
  };
  const onmove = (event: MouseEvent): void => {
    last = event;
    extend();
  };
  const onup = (): void => {
    callOff();
    window.removeEventListener("mousemove", onmove);
    window.removeEventListener("mouseup", onup);
    done();
  };
  window.addEventListener("mousemove", onmove);
  window.addEventListener("mouseup", onup);
  callOff = onNextFrame(scroll);
}
