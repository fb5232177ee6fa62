// What of a log window goes to the clipboard: what is selected, all that can be scrolled to, a link to a line. How the text of a
// selection is read is in copy.ts.
import type { RunId } from "../../api";
import { plural } from "../../shared/format";
import type { Around } from "../find/around.svelte";
import { joined, type Contexts, type KeyRange } from "../find/contexts.svelte";
import { ordered, type Selection } from "../pane/selection";
import type { PaneView } from "../pane/view.svelte";
import type { ShownRow } from "../rows/list";
import type { MatchRows } from "../rows/match-rows.svelte";
import type { RowKey } from "../rows/numbers";
import type { Choices } from "./choices.svelte";
import { copyText, offerSelection, readSelection, writeClipboard } from "./copy";
import type { Folding } from "./folding.svelte";
import type { HitPane } from "./hit-pane.svelte";
import type { LogReader } from "./reader.svelte";
import type { LogSource } from "./source";
import type { Told } from "./told.svelte";

/** A selection that is longer is not offered to the middle mouse button. */
const MAX_OFFERED_ROWS = 5000;

/** The window that is copied from. */
export interface CopiedFrom {
  readonly source: LogSource;
  readonly machine?: string;
  readonly reader: LogReader;
  readonly view: PaneView;
  readonly choices: Choices;
  readonly contexts: Contexts;
  readonly around: Around;
  readonly folding: Folding;
  readonly told: Told;
  readonly below: HitPane | null;
  drawn(key: RowKey): ShownRow | undefined;
  runOf(row: ShownRow): RunId | undefined;
  save(): Promise<void>;
}

export class Clipboard {
  readonly #log: CopiedFrom;

  constructor(log: CopiedFrom) {
    this.#log = log;
  }

  /** The selection, as it is shown. */
  async copy(): Promise<void> {
    const { view } = this.#log;
    if (view.selection && view.selecting) await this.#copy(view.selection);
  }

  /** What is selected in the list of hits. */
  async copyBelow(): Promise<void> {
    const { below } = this.#log;
    if (below?.view.selection && below.view.selecting) await this.#copy(below.view.selection, below.matches);
  }

  /** All that can be scrolled to. */
  async copyAll(): Promise<void> {
    const { info, all } = this.#log.reader;
    if (info === null || info.rows === 0) return;
    const anchor = { key: all?.hiddenBefore ?? 0, column: 0 };
    await this.#copy({ anchor, focus: { key: info.rows - 1, column: Infinity } });
  }

  async copyLink(row: ShownRow): Promise<void> {
    const { machine, told } = this.#log;
    const run = this.#log.runOf(row);
    if (!run) return;
    const there = machine === undefined ? "" : `?machine=${encodeURIComponent(machine)}`;
    const link = `solti://log/${run.id}/${run.attempt}/${row.row}${there}`;
    await told.during(null, "copy the link", async () => {
      await writeClipboard(link);
      told.say(`Copied ${link}`);
    });
  }

  /** Lets the middle mouse button paste the selection elsewhere. */
  offer(): void {
    const { view } = this.#log;
    const { selection, selecting } = view;
    if (!selection || !selecting) return;
    const { start, end } = ordered(selection);
    if (end.key - start.key > MAX_OFFERED_ROWS) return;
    this.#read(selection).then(
      ({ text }) => selection === view.selection && offerSelection(text),
      () => {}, // Nobody has asked for it.
    );
  }

  async #copy(selection: Selection, matches?: MatchRows | null): Promise<void> {
    const { told } = this.#log;
    await told.during("Copying", "copy", async () => {
      const copied = await copyText(this.#read(selection, matches ?? undefined));
      if (copied.truncated)
        told.say(`Copied the first ${plural(copied.lines, "line")}; the rest is too long to copy`, {
          label: "Save as",
          run: () => void this.#log.save(),
        });
      else if (copied.lines > 1) told.say(`Copied ${plural(copied.lines, "line")}`);
    });
  }

  #read(selected: Selection, matches = this.#log.reader.matches) {
    const { reader, source, choices } = this.#log;
    const lengthOf = (key: RowKey): number | undefined => this.#log.drawn(key)?.text.length;
    const selection = matches === reader.matches ? this.#withFolded(selected, lengthOf) : selected;
    return readSelection(source, selection, {
      times: choices.copyTimes.value,
      found: matches ? { searchId: matches.searchId, rankOf: (key) => matches.rankOf(key) } : undefined,
      blocks: matches === reader.matches ? this.#blocks : [],
      lengthOf,
    });
  }

  /** Where the first line of a folded block is taken to its end, what is folded there is taken with it. */
  #withFolded(selection: Selection, lengthOf: (key: RowKey) => number | undefined): Selection {
    const { start, end } = ordered(selection);
    const last = this.#log.folding.endOf(end.key);
    if (last === end.key || end.column < (lengthOf(end.key) ?? Infinity)) return selection;
    return { anchor: start, focus: { key: last, column: Infinity } };
  }

  /** Rows that are shown around hits, in order: of all hits as far as they are drawn. */
  get #blocks(): readonly KeyRange[] {
    const { view, reader, around, contexts } = this.#log;
    const { from, to } = view.place;
    const drawn = Array.from({ length: around.any ? to - from : 0 }, (_, i) => {
      const key = reader.rows?.keyAt(from + i);
      return key === undefined ? [] : [around.rangeOf(key, from + i)];
    });
    return joined([...contexts.ranges, ...drawn.flat()]);
  }
}
