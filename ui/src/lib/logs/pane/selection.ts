// A selection by row and column. It belongs to the log, not to elements, so it survives scrolling, new lines and rows that are
// not drawn. Columns are UTF-16 units of a row's text.

export interface Point {
  readonly row: number;
  readonly column: number;
}

export interface Selection {
  readonly anchor: Point;
  readonly focus: Point;
}

export function before(a: Point, b: Point): boolean {
  return a.row < b.row || (a.row === b.row && a.column < b.column);
}

export function ordered({ anchor, focus }: Selection): { start: Point; end: Point } {
  return before(focus, anchor) ? { start: focus, end: anchor } : { start: anchor, end: focus };
}

export function isEmpty(selection: Selection | null): boolean {
  return (
    selection === null ||
    (selection.anchor.row === selection.focus.row && selection.anchor.column === selection.focus.column)
  );
}

/** The columns of `row` that are selected; `to` is Infinity where the line end is selected too. */
export function onRow(selection: Selection | null, row: number): { from: number; to: number } | null {
  if (selection === null || isEmpty(selection)) return null;
  const { start, end } = ordered(selection);
  if (row < start.row || row > end.row) return null;
  const from = row === start.row ? start.column : 0;
  const to = row === end.row ? end.column : Infinity;
  return to > from ? { from, to } : null;
}

const WORD = /[\p{L}\p{N}_./:@~%+=-]/u;

/** The word around a column: a path, a URL or a number is one word, as in a terminal. */
export function wordAt(text: string, column: number): { from: number; to: number } {
  let from = Math.min(column, text.length);
  let to = from;
  while (from > 0 && WORD.test(text.charAt(from - 1))) from -= 1;
  while (to < text.length && WORD.test(text.charAt(to))) to += 1;
  return from === to ? { from, to: Math.min(text.length, to + 1) } : { from, to };
}

/** The exact text of one row's selected part. NUL would end the text on some clipboards, so its symbol goes there. */
export function textOnRow(selection: Selection, row: number, plain: string): string {
  const part = onRow(selection, row);
  return part === null ? "" : plain.slice(part.from, part.to).replaceAll("\0", "\u2400");
}
