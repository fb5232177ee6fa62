// Cuts the parts of a row's text where a selection or a highlight begins or ends. Pure.
import type { FilePlace } from "./files";
import type { Span } from "./spans";
import type { Range as Columns } from "./urls";

export interface Piece extends Span {
  readonly selected: boolean;
  /** The number of the mark that it is of. */
  readonly mark?: number;
  /** A colour, where it is marked with one. */
  readonly tint?: string;
  /** Where it leads, by what the text says or what the program says of it. */
  readonly address?: string;
  /** The place in a file that it names. */
  readonly file?: FilePlace;
}

export interface Link extends Columns {
  readonly address?: string;
  readonly file?: FilePlace;
}

export interface TintedRange extends Columns {
  /** As CSS has it. */
  readonly color: string;
}

type Range = readonly [from: number, to: number];

export function pieces(
  spans: readonly Span[],
  selected: { readonly from: number; readonly to: number } | null,
  marks: readonly Range[],
  links: readonly Link[] = [],
  tints: readonly TintedRange[] = [],
): Piece[] {
  if (selected === null && marks.length + links.length + tints.length === 0)
    return spans.map((span) => ({ ...span, selected: false, address: span.look.link }));
  const edges = new Set<number>();
  if (selected) edges.add(selected.from).add(selected.to);
  for (const [from, to] of marks) edges.add(from).add(to);
  for (const { from, to } of [...links, ...tints]) edges.add(from).add(to);
  const cuts = [...edges].sort((a, b) => a - b);
  const out: Piece[] = [];
  let at = 0;
  let next = 0;
  let mark = 0;
  for (const span of spans) {
    const end = at + span.text.length;
    let from = at;
    while (from < end) {
      while (next < cuts.length && (cuts[next] as number) <= from) next += 1;
      const to = Math.min(end, cuts[next] ?? end);
      while (mark < marks.length && (marks[mark] as Range)[1] <= from) mark += 1;
      const here = marks[mark];
      const link = links.find((link) => from >= link.from && to <= link.to);
      out.push({
        ...span,
        text: span.text.slice(from - at, to - at),
        selected: selected !== null && from >= selected.from && to <= selected.to,
        mark: here !== undefined && from >= here[0] && to <= here[1] ? mark : undefined,
        tint: tints.find((tint) => from >= tint.from && to <= tint.to)?.color,
        address: span.look.link ?? link?.address,
        file: link?.file,
      });
      from = to;
    }
    at = end;
  }
  return out;
}
