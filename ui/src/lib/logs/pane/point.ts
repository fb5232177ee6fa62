// From a point on the screen to a row and a column of the log. Reads the drawn rows; knows nothing of what is not drawn.
import type { Place } from "../rows/numbers";
import type { Point } from "./selection";

interface CaretPosition {
  readonly offsetNode: Node;
  readonly offset: number;
}
interface CaretDocument {
  caretPositionFromPoint?(x: number, y: number): CaretPosition | null;
  caretRangeFromPoint?(x: number, y: number): Range | null;
}

export interface ScreenPoint extends Point {
  /** Where the row stands in the list; null for a row that is only drawn around another. */
  readonly place: Place | null;
}

export function pointAt(layer: HTMLElement, x: number, y: number): ScreenPoint {
  const rows = [...layer.querySelectorAll<HTMLElement>("[data-row]")];
  const first = rows[0];
  if (first === undefined) return { key: 0, column: 0, place: null };
  if (y < first.getBoundingClientRect().top) return on(first, 0);
  const row = rows.find((element) => y < element.getBoundingClientRect().bottom);
  if (row === undefined) return on(rows.at(-1) as HTMLElement, Infinity);
  const text = row.querySelector<HTMLElement>(".text");
  const box = text?.getBoundingClientRect();
  if (text === null || box === undefined || x < box.left) return on(row, 0);
  // What is drawn as fields has no columns: it is taken whole.
  if (text.dataset.whole !== undefined) return on(row, x < box.left + box.width / 2 ? 0 : Infinity);
  // On the edge between two rows an engine may answer with the neighbour's text.
  const { top, bottom } = row.getBoundingClientRect();
  const inside = Math.min(Math.max(y, top + 3), bottom - 3);
  return on(row, columnAt(text, x, inside));
}

function on(element: HTMLElement, column: number): ScreenPoint {
  const { row, place } = element.dataset;
  return { key: Number(row), column, place: place === undefined ? null : Number(place) };
}

function columnAt(text: HTMLElement, x: number, y: number): number {
  // One of the two exists in every engine; which one depends on its age.
  const page = document as unknown as CaretDocument;
  const position = page.caretPositionFromPoint?.(x, y);
  const range = position ? null : page.caretRangeFromPoint?.(x, y);
  const node = position?.offsetNode ?? range?.startContainer;
  const offset = position?.offset ?? range?.startOffset ?? 0;
  if (node === undefined || node.nodeType !== Node.TEXT_NODE || !text.contains(node)) return Infinity;
  const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
  let column = 0;
  while (walker.nextNode() && walker.currentNode !== node) column += columnsOf(walker.currentNode);
  const length = node.nodeValue?.length ?? 0;
  return column + (length === 0 ? 0 : Math.round((offset / length) * columnsOf(node)));
}

/** Something longer may be drawn in the place of a character. */
function columnsOf(text: Node): number {
  const { columns } = text.parentElement?.dataset ?? {};
  return columns === undefined ? (text.nodeValue?.length ?? 0) : Number(columns);
}
