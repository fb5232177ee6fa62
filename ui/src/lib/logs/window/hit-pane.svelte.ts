// What a search has found, listed below the whole log: a pane of its own over the same source.
import type { SearchProgress } from "../../api";
import type { LogSearch } from "../find/search.svelte";
import type { Display } from "../pane/display";
import { PaneView } from "../pane/view.svelte";
import type { MatchRows } from "../rows/match-rows.svelte";
import type { RowKey } from "../rows/numbers";
import { LogReader } from "./reader.svelte";
import type { LogSource } from "./source";

export class HitPane {
  readonly view: PaneView;
  readonly #reader: LogReader;
  /** A hit to be shown once there is something to show it in. */
  #awaited: RowKey | null = null;

  /** `near`: the row of the log that is looked at. */
  constructor(
    readonly search: LogSearch,
    source: LogSource,
    display: () => Display,
    near: RowKey,
  ) {
    this.#reader = new LogReader(source);
    this.view = new PaneView(this.#reader, display);
    this.view.ends = false;
    if (search.searchId !== null) this.#reader.filter(search.searchId, near);
    if (search.progress) this.searched(search.progress);
  }

  get matches(): MatchRows | null {
    return this.#reader.matches;
  }

  searched(progress: SearchProgress): void {
    this.#reader.searched(progress);
  }

  /** Shows the hit of this row, or the first one behind it. */
  async show(key: RowKey): Promise<void> {
    const { matches } = this.#reader;
    if (matches === null) return;
    this.#awaited = this.ready ? null : key;
    this.#reader.on("found");
    const place = await matches.placeOf(key).catch(() => null);
    if (place === null) return;
    this.view.show(place, "center");
    this.view.current = key;
  }

  /** Its rows are there, and how many of them fit. */
  get ready(): boolean {
    const { rows } = this.#reader;
    void rows?.version;
    return this.view.size.height > 0 && (rows?.total ?? 0) > 0;
  }

  /** Shows what was asked for before it was ready. */
  arrive(): void {
    if (this.#awaited !== null) void this.show(this.#awaited);
  }

  close(): void {
    this.#reader.matches?.close();
  }
}
