// A row's text in the parts that look the same, as the backend has read them; the page holds no parser of its own.
import type { LogRow, RowSpan } from "../../api/bindings";

/** How a part of a text looks. */
export type Look = Omit<RowSpan, "len">;

export interface Span {
  readonly text: string;
  readonly look: Look;
}

const PLAIN: Look = Object.freeze({});

export function spansOf({ text, spans }: Pick<LogRow, "text" | "spans">): Span[] {
  if (spans === undefined || spans.length === 0) return text === "" ? [] : [{ text, look: PLAIN }];
  let at = 0;
  return spans.map((look) => ({ text: text.slice(at, (at += look.len)), look }));
}
