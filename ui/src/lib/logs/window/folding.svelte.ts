// Folding blocks of a log to their first lines. What begins a block is told by the rows that are drawn; where it ends is read when
// somebody folds it, up to a limit; in the log itself, also where a filter leaves some of its lines only, which then are what is
// folded. What is folded belongs to the window and is not kept.
import {
  beginsBlock,
  blockAbove,
  blockAt,
  MAX_ABOVE,
  MAX_BLOCK,
  type BlockKind,
  type Line,
} from "../text/blocks";
import type { AllRows } from "../rows/all-rows.svelte";
import type { Folded } from "../rows/folds";
import type { ShownRow } from "../rows/list";
import type { MatchRows } from "../rows/match-rows.svelte";
import type { RowKey } from "../rows/numbers";
import type { LogSource } from "./source";
import type { LogReader } from "./reader.svelte";

/** What is read at first; most blocks are shorter. */
const NEAR = 300;
const PAGE = 1_000;

/** What is said of a row that begins a block. */
export interface FoldMark {
  readonly kind: string;
  readonly folded?: Folded;
}

/** Lines before a row and from it on. */
interface Around {
  readonly above: readonly Line[];
  readonly from: readonly Line[];
  /** No more follow. */
  readonly ended: boolean;
}

export class Folding {
  constructor(
    readonly source: LogSource,
    readonly reader: LogReader,
  ) {}

  /** What is shown. */
  get #shown(): AllRows | MatchRows | null {
    return this.reader.matches ?? this.reader.all;
  }

  get any(): boolean {
    return this.#shown?.anyFolded ?? false;
  }

  foldOf(key: RowKey): Folded | undefined {
    return this.#shown?.foldOf(key);
  }

  /** Whether a row begins a block, by itself and the one that is shown behind it. */
  of(key: RowKey, row: ShownRow | undefined, next: ShownRow | undefined): FoldMark | null {
    if (row === undefined) return null;
    const folded = this.foldOf(key);
    if (folded) return { kind: folded.kind, folded };
    const kind = this.#begins(key, row, next);
    return kind && { kind };
  }

  /** Folds the block that a row is in, or unfolds it; false where there is none. */
  async toggle(key: RowKey): Promise<boolean> {
    const shown = this.#shown;
    if (shown === null) return false;
    if (await shown.unfold(key)) return true;
    for (const [above, from] of [
      [NEAR, NEAR],
      [MAX_ABOVE, MAX_BLOCK],
    ] as const) {
      const around = await this.#read(key, above, from);
      const back =
        around &&
        blockAbove([...around.above, ...around.from.slice(0, 1)], around.from.slice(1), around.ended);
      if (back === null) continue;
      const head = key - around.above.length + back;
      const lines = [...around.above.slice(back), ...around.from];
      return this.#fold(shown, head, lines, around.ended);
    }
    return false;
  }

  /** Folds the traces and groups that begin in these rows; how many. */
  async foldAll(rows: readonly (readonly [key: RowKey, row: ShownRow])[]): Promise<number> {
    const shown = this.#shown;
    let count = 0;
    for (const [i, [key, row]] of rows.entries()) {
      const kind = this.#begins(key, row, rows[i + 1]?.[1]);
      if (shown === null || kind === null || kind === "section" || shown.foldOf(key)) continue;
      for (const lines of [NEAR, MAX_BLOCK]) {
        const { from, ended } = await this.#read(key, 0, lines);
        if (shown !== this.#shown) return count;
        if (!(await this.#fold(shown, key, from, ended))) continue;
        count += 1;
        break;
      }
    }
    return count;
  }

  unfoldAll(): void {
    void this.#shown?.unfold();
  }

  /** Whether a row is folded away. */
  hides(key: RowKey): boolean {
    const folded = this.foldOf(key);
    return folded !== undefined && folded.from !== key;
  }

  async reveal(key: RowKey): Promise<void> {
    await this.#shown?.unfold(key);
  }

  /** The last row that stands behind a folded one. */
  endOf(key: RowKey): RowKey {
    const folded = this.foldOf(key);
    return folded ? folded.to - 1 : key;
  }

  /** What begins with a row. Behind a filter the next one that is shown need not be the next of the log. */
  #begins(key: RowKey, row: ShownRow, next: ShownRow | undefined): BlockKind | null {
    const follows = next !== undefined && next.source === row.source && this.source.keyOf(next) === key + 1;
    // A button that would fold nothing is none.
    if (isGap(row) || (!follows && this.reader.matches !== null)) return null;
    return beginsBlock(row, follows ? next : undefined);
  }

  async #fold(
    shown: AllRows | MatchRows,
    from: RowKey,
    lines: readonly Line[],
    ended: boolean,
  ): Promise<boolean> {
    const block = blockAt(lines, ended);
    if (block === null) return false;
    const { kind, said } = block;
    return shown.fold({ from, to: from + block.lines, kind, ...(said === undefined ? {} : { said }) });
  }

  /** Lines around a row as far as they can be of one block: of the same log, and nothing of it gone. */
  async #read(key: RowKey, above: number, from: number): Promise<Around> {
    const first = Math.max(this.reader.all?.hiddenBefore ?? 0, key - above);
    const [before, behind] = await Promise.all([this.#rows(first, key), this.#rows(key, key + from)]);
    const own = behind[0];
    const belongs = (row: ShownRow | undefined, key: RowKey): boolean =>
      row !== undefined && !isGap(row) && row.source === own?.source && this.source.keyOf(row) === key;
    let begin = before.length;
    while (begin > 0 && belongs(before[begin - 1], key - (before.length - begin) - 1)) begin -= 1;
    const end = behind.findIndex((row, i) => !belongs(row, key + i));
    const lines = end < 0 ? behind : behind.slice(0, end);
    const { info } = this.source;
    // Of a log that still grows the block may go on.
    const whole = info?.live !== true && behind.length < from;
    return { above: before.slice(begin), from: lines, ended: end >= 0 || whole };
  }

  async #rows(from: RowKey, to: RowKey): Promise<readonly ShownRow[]> {
    const rows: ShownRow[] = [];
    for (let at = from; at < to;) {
      const page = await this.source.read(at, Math.min(PAGE, to - at));
      const last = page.at(-1);
      if (last === undefined) break;
      rows.push(...page.filter((row) => this.source.keyOf(row) < to));
      at = this.source.keyOf(last) + (last.removed?.rows ?? 1);
    }
    return rows;
  }
}

function isGap(row: ShownRow): boolean {
  return row.gap !== undefined || row.removed !== undefined;
}
