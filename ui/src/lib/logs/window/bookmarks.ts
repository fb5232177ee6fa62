// Bookmarks as a log window works with them: set, taken away, gone to. Which there are is known to the source of the log.
import type { ShownRow } from "../rows/list";
import type { RowKey } from "../rows/numbers";
import type { LogSource, Mark } from "./source";
import type { Told } from "./told.svelte";

/** The window that they are in. */
export interface MarkedLog {
  readonly source: LogSource;
  readonly told: Told;
  readonly cursor: RowKey | null;
  drawn(key: RowKey): ShownRow | undefined;
  go(key: RowKey): Promise<void>;
  expect(row: RowKey): void;
}

export class Bookmarks {
  readonly #log: MarkedLog;

  constructor(log: MarkedLog) {
    this.#log = log;
  }

  /** Reads them, for the first time or again. */
  load(): void {
    const { source, told } = this.#log;
    source.marks.load().catch((thrown: unknown) => told.fail("Could not read the bookmarks", thrown));
  }

  /** Goes to the next, or to the one before. */
  async step(forward: boolean): Promise<void> {
    const { source, told, cursor } = this.#log;
    await told.during(null, "look for the bookmark", async () => {
      const next = await source.marks.next(cursor ?? 0, forward);
      if (next !== undefined) await this.#log.go(next);
      else told.say(`No bookmarks in ${source.noun}`);
    });
  }

  toggle(key = this.#log.cursor): void {
    const { source, told } = this.#log;
    if (key === null) return;
    source.marks.toggle(key, this.#log.drawn(key)).then(
      (removed) => removed && this.#offerBack(removed),
      (thrown: unknown) => told.fail("Could not save the bookmark", thrown),
    );
  }

  remove(mark: Mark): void {
    const { source, told } = this.#log;
    source.marks.remove(mark).then(
      (removed) => removed && this.#offerBack(removed),
      (thrown: unknown) => told.fail("Could not remove the bookmark", thrown),
    );
  }

  note(mark: Mark, text: string): void {
    const { source, told } = this.#log;
    source.marks.note(mark, text).catch((thrown: unknown) => told.fail("Could not save the note", thrown));
  }

  /** One without a note is set again as fast. */
  #offerBack(mark: Mark): void {
    const { note } = mark.bookmark;
    if (note === "") return;
    const run = (): void => this.note(mark, note);
    this.#log.told.say("Bookmark and note removed", { label: "Undo", run });
  }

  async show(mark: Mark): Promise<void> {
    await this.#log.told.during(null, "show the line", async () => {
      const key = await this.#log.source.marks.bring(mark);
      if (key !== undefined) this.#log.expect(key);
    });
  }

  /** What the marked line says. */
  async textOf({ run, bookmark }: Mark): Promise<string> {
    const { rows } = await this.#log.source.backend.readLog({ run, from: bookmark.row, count: 1 });
    return rows[0]?.text ?? "";
  }
}
