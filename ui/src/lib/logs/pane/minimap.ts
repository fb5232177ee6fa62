// Where things are on the minimap: a strip of pixels for a whole log, whatever its length. Pure; Minimap.svelte draws it.

export interface Strip {
  /** Pixels from top to bottom. */
  readonly height: number;
  /** Rows of the log. */
  readonly rows: number;
}

/** A share of the log is never drawn thinner than this. */
const MIN_MARK = 2;
const MIN_VIEW = 12;

export function yOf(row: number, { height, rows }: Strip): number {
  return rows <= 0 ? 0 : Math.min(height, Math.max(0, (row / rows) * height));
}

export function rowAt(y: number, { height, rows }: Strip): number {
  if (height <= 0 || rows <= 0) return 0;
  return Math.min(rows - 1, Math.max(0, Math.floor((y / height) * rows)));
}

export interface Box {
  readonly y: number;
  readonly height: number;
}

/** The part of the strip that the pane shows; never too thin to be seen and taken hold of. */
export function viewBox(from: number, to: number, strip: Strip): Box {
  const top = yOf(from, strip);
  const bottom = yOf(Math.max(to, from), strip);
  const height = Math.min(strip.height, Math.max(MIN_VIEW, bottom - top));
  return { y: Math.min(top, strip.height - height), height };
}

/** The pixels of one slice among `count` equal ones. */
export function sliceBox(index: number, count: number, strip: Strip): Box {
  const y = (index / count) * strip.height;
  return { y: Math.min(y, strip.height - MIN_MARK), height: Math.max(MIN_MARK, strip.height / count) };
}

/** How many slices to ask for: one for each two pixels, never more than there are rows. */
export function sliceCount({ height, rows }: Strip): number {
  return Math.max(1, Math.min(Math.floor(height / 2), rows, 2000));
}

/** How wide a bar is, from 0 to 1: the root lets a single line among thousands still be seen. */
export function barShare(count: number, most: number): number {
  return count <= 0 || most <= 0 ? 0 : Math.max(0.18, Math.sqrt(Math.min(1, count / most)));
}
