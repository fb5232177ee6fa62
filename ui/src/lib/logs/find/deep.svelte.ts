// Matches in the part of a long row that is not drawn: one at a time is gone to, and what is around it is read and shown below its row.
import type { Backend, LineChunk, LineMatch, RunId } from "../../api";
import type { ShownRow } from "../rows/list";
import type { RowKey } from "../rows/numbers";

export interface DeepHit {
  readonly key: RowKey;
  readonly match: LineMatch;
  /** What is around it, with the matches in it. */
  readonly chunk: LineChunk;
  /** Which of them it is. */
  readonly part: number;
}

/** A row that is searched. */
export interface DeepRow {
  readonly key: RowKey;
  readonly row: ShownRow;
  readonly run: RunId;
  readonly searchId: string;
}

/** Bytes before a match that are shown: few, so that it is in view where lines do not wrap; and of all that is shown. */
const BEFORE = 60;
const COUNT = 1500;

/** How many bytes of its row's text are drawn. */
export const drawnBytes = ({ text }: ShownRow): number => new TextEncoder().encode(text).length;

export class DeepHits {
  hit = $state.raw<DeepHit | null>(null);
  #turn = 0;

  of(key: RowKey | undefined): DeepHit | null {
    return key !== undefined && this.hit?.key === key ? this.hit : null;
  }

  /** Goes to the next match from a byte of the row on, or to the one before it; false when there is none but those that are drawn. */
  async step(
    backend: Backend,
    { key, row, run, searchId }: DeepRow,
    fromByte: number,
    forward: boolean,
  ): Promise<boolean> {
    const turn = ++this.#turn;
    const match = await backend.searchLine({ searchId, row: row.row, fromByte, forward });
    if (match === null || match.fromByte < drawnBytes(row)) return false;
    const from = Math.max(0, match.fromByte - BEFORE);
    const chunk = await backend.readLine({ run, row: row.row, fromByte: from, count: COUNT, searchId });
    // Meanwhile somebody has gone elsewhere.
    if (turn === this.#turn) this.hit = { key, match, chunk, part: partOf(match, chunk) };
    return true;
  }

  clear(): void {
    this.#turn += 1;
    this.hit = null;
  }
}

/** Which of the chunk's ranges a match is. */
export function partOf({ fromByte }: LineMatch, { text, ranges = [], fromByte: start }: LineChunk): number {
  const encoder = new TextEncoder();
  const at = ranges.findIndex(([from]) => start + encoder.encode(text.slice(0, from)).length >= fromByte);
  return at < 0 ? ranges.length - 1 : at;
}
