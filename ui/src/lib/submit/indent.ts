// Tab and Shift+Tab in a text: what takes the place of what, and what is selected then.

const INDENT = "  ";

export interface Edit {
  /** The part that `text` takes the place of. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** Afterwards. */
  readonly selection: [number, number];
}

/** With several lines selected, or when taken back, whole lines move; else the indent is put in. A selection is never replaced. */
export function indent(value: string, from: number, to: number, back: boolean): Edit {
  if (!back && !value.slice(from, to).includes("\n")) {
    const end = from === to ? to : from;
    return { start: end, end, text: INDENT, selection: [from + INDENT.length, to + INDENT.length] };
  }
  const start = value.lastIndexOf("\n", from - 1) + 1;
  // A selection that ends before the first letter of a line leaves that line alone.
  const last = to > from && value[to - 1] === "\n" ? to - 1 : to;
  const next = value.indexOf("\n", last);
  const end = next === -1 ? value.length : next;
  const lines = value.slice(start, end).split("\n");
  const moved = lines.map((line) =>
    back ? line.replace(/^(\t| {1,2})/, "") : line === "" ? "" : INDENT + line,
  );
  const text = moved.join("\n");
  const first = (moved[0]?.length ?? 0) - (lines[0]?.length ?? 0);
  const all = text.length - (end - start);
  return { start, end, text, selection: [Math.max(start, from + first), Math.max(start, to + all)] };
}
