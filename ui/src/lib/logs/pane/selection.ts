// A selection by row and column. It belongs to the log, not to elements, so it survives scrolling, new lines and rows that are
// not drawn. Columns are UTF-16 units of a row's text.

import { urls, type Range } from "../../shared/row-text/urls";
import type { RowKey } from "../rows/numbers";

export interface Point {
  readonly key: RowKey;
  readonly column: number;
}

export interface Selection {
  readonly anchor: Point;
  readonly focus: Point;
}

function before(a: Point, b: Point): boolean {
  return a.key < b.key || (a.key === b.key && a.column < b.column);
}

export function ordered({ anchor, focus }: Selection): { start: Point; end: Point } {
  return before(focus, anchor) ? { start: focus, end: anchor } : { start: anchor, end: focus };
}

export function isEmpty(selection: Selection | null): boolean {
  return (
    selection === null ||
    (selection.anchor.key === selection.focus.key && selection.anchor.column === selection.focus.column)
  );
}

/** The columns of a row that are selected; `to` is Infinity where the line end is selected too. */
export function onRow(selection: Selection | null, key: RowKey): { from: number; to: number } | null {
  if (selection === null || isEmpty(selection)) return null;
  const { start, end } = ordered(selection);
  if (key < start.key || key > end.key) return null;
  const from = key === start.key ? start.column : 0;
  const to = key === end.key ? end.column : Infinity;
  return to > from ? { from, to } : null;
}

/** Whole rows from one to another, the end of the last included. */
export function wholeRows(anchor: RowKey, focus: RowKey): Selection {
  const [first, last] = anchor <= focus ? [0, Infinity] : [Infinity, 0];
  return { anchor: { key: anchor, column: first }, focus: { key: focus, column: last } };
}

/** Letters with the marks that combine with them, digits, the signs of paths and numbers, and what joins letters unseen. */
const WORD = /(?:[\p{L}\p{M}\p{N}_./:@~%+=-]|(?<=[\p{L}\p{M}])[\u00ad\u200c\u200d](?=[\p{L}\p{M}]))+/gu;

/** The word around a column: an address, a path or a number is one word, as in a terminal. Else the one character as it is seen. */
export function wordAt(text: string, column: number): Range {
  const around = (ranges: readonly Range[]): Range | undefined =>
    ranges.find(({ from, to }) => from <= column && column < to);
  const words = [...text.matchAll(WORD)].map(({ 0: word, index }) => ({
    from: index,
    to: index + word.length,
  }));
  const found = around(urls(text)) ?? around(words) ?? words.find(({ to }) => to === column);
  return found ?? around(graphemes(text)) ?? { from: column, to: column };
}

const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });

function graphemes(text: string): Range[] {
  return [...segmenter.segment(text)].map(({ index, segment }) => ({
    from: index,
    to: index + segment.length,
  }));
}
