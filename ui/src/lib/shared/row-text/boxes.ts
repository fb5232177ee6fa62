// Lines and blocks that are to go from cell to cell (U+2500 to U+259F). The font of the page has none, and that of the system which has
// them is lower than a row: they are stretched to its height.
import type { Piece } from "./pieces";

const BOXES = /[\u2500-\u259f]+/g;

export const hasBoxes = (text: string): boolean => text.search(BOXES) !== -1;

export interface Drawn extends Piece {
  /** Of boxes and nothing else. */
  readonly boxes: boolean;
}

/** The same pieces, cut where boxes begin and end. */
export function cutAtBoxes(pieces: readonly Piece[]): Drawn[] {
  const out: Drawn[] = [];
  const put = (piece: Piece, text: string, boxes: boolean): void => {
    if (text !== "") out.push({ ...piece, text, boxes });
  };
  for (const piece of pieces) {
    let from = 0;
    for (const { 0: run, index } of piece.text.matchAll(BOXES)) {
      put(piece, piece.text.slice(from, index), false);
      put(piece, run, true);
      from = index + run.length;
    }
    put(piece, piece.text.slice(from), false);
  }
  return out;
}

/** What is known of a font, in pixels: of a vertical line as it draws it, and of itself, above and below the line that letters stand on. */
interface Measures {
  readonly glyph: { readonly above: number; readonly below: number };
  readonly font: { readonly above: number; readonly below: number };
}

/** How a row of this height is filled: stretched about its middle, then moved down by so much. `null` where that cannot be known. */
export function fill(row: number, { glyph, font }: Measures): { stretch: number; shift: number } | null {
  const stretch = row / (glyph.above + glyph.below);
  const baseline = (row - font.above - font.below) / 2 + font.above;
  const middle = baseline + (glyph.below - glyph.above) / 2;
  const shift = stretch * (row / 2 - middle);
  // Beyond that it is no font for lines, or nothing was measured.
  return stretch > 0.5 && stretch < 2 && Number.isFinite(shift) ? { stretch, shift } : null;
}

let measured = false;
/** What is measured so much larger than it is drawn is not rounded to whole pixels. */
const LARGER = 16;

/** Has all boxes of the page fill rows such as the one that this is in; of fonts and heights alone, so that once is enough. */
export function measure(node: HTMLElement): void {
  if (measured) return;
  const { fontSize, fontFamily, lineHeight } = getComputedStyle(node);
  const context = document.createElement("canvas").getContext("2d");
  const [size, row] = [parseFloat(fontSize) * LARGER, parseFloat(lineHeight) * LARGER];
  if (context === null || !(row > 0)) return;
  measured = true;
  context.font = `${size}px ${fontFamily}`;
  const of = (text: string): TextMetrics => context.measureText(text);
  const [line, letter] = [of("│"), of("M")];
  const filled = fill(row, {
    glyph: { above: line.actualBoundingBoxAscent, below: line.actualBoundingBoxDescent },
    font: { above: letter.fontBoundingBoxAscent, below: letter.fontBoundingBoxDescent },
  });
  if (filled === null) return;
  const { style } = document.documentElement;
  style.setProperty("--box-stretch", String(filled.stretch));
  style.setProperty("--box-shift", `${filled.shift / size}em`);
}
