// Someone reading what a source has: whether they follow its end, and whether they see all rows or only what a search found.
import type { LogInfo, SearchProgress } from "../../api";
import { AllRows } from "../rows/all-rows.svelte";
import type { RowList } from "../rows/list";
import { MatchRows } from "../rows/match-rows.svelte";
import type { Place, RowKey } from "../rows/numbers";
import { follow, FOLLOWING, newRows, type Follow, type FollowEvent } from "./follow";
import type { LogSource, SourceEvents } from "./source";

export class LogReader {
  follow = $state.raw<Follow>(FOLLOWING);
  /** All rows, shown or not; none before there is a source to read. */
  all = $state.raw<AllRows | null>(null);
  matches = $state.raw<MatchRows | null>(null);
  /** How many rows the pane shows at once; the tail is pulled by that much. */
  #height = 60;
  #shown: { from: Place; to: Place } = { from: 0, to: 0 };
  /** The filter's search has been through everything once; what it finds from then on is new. */
  #caughtUp = false;
  /** Nothing has been told yet of what there is. */
  #fresh = true;

  constructor(
    readonly source: LogSource,
    /** Told after the reader has taken it over. */
    readonly events: SourceEvents = { grew: () => {}, replaced: () => {} },
  ) {}

  open(): Promise<void> {
    return this.source.open({
      grew: () => {
        this.#grew();
        this.events.grew();
      },
      replaced: () => {
        this.#replaced();
        this.events.replaced();
      },
    });
  }

  get info(): LogInfo | null {
    return this.source.info;
  }

  /** What is drawn now. */
  get rows(): RowList | null {
    return this.matches ?? this.all;
  }

  /** How many rows came since the reader left the end, of those below this place. */
  newRows(below: Place = 0): number {
    const known = this.rows?.known ?? 0;
    return newRows(this.follow, known, known - below);
  }

  /** Something happened that may end or resume following. */
  on(type: FollowEvent["type"]): void {
    this.follow = follow(this.follow, { type, rows: this.rows?.total ?? 0 });
    if (this.follow.following) this.rows?.want(this.#shown.from, this.#shown.to, this.#height);
  }

  /** Says which places the pane shows, and how many rows fit into it. */
  want(from: Place, to: Place, height: number): void {
    this.#height = Math.max(1, height);
    this.#shown = { from, to };
    this.rows?.want(from, to, this.#tail);
  }

  /** Shows only what a search found; the log itself stays as it is behind it. */
  filter(searchId: string, near: RowKey): void {
    this.matches?.close();
    this.matches = new MatchRows(this.source, searchId, near, this.all?.hiddenBefore ?? 0);
    this.#caughtUp = false;
    this.on("list");
  }

  /** The search that filters has come further. */
  searched(progress: SearchProgress): void {
    this.matches?.progress(progress, this.#tail);
    if (this.#caughtUp || this.matches === null) return;
    this.#caughtUp = progress.complete;
    this.follow = { ...this.follow, seen: progress.matches };
  }

  /** Shows all rows again. */
  unfilter(): void {
    if (this.matches === null) return;
    this.matches.close();
    this.matches = null;
    if (this.info) this.all?.extend(this.info, this.#tail);
    this.on("list");
  }

  close(): void {
    this.source.close();
    this.matches?.close();
    this.all?.close();
  }

  #replaced(): void {
    this.matches?.close();
    this.matches = null;
    this.all?.close();
    this.all = new AllRows(this.source);
    this.#fresh = true;
    this.on("list");
  }

  #grew(): void {
    const { info } = this;
    if (info === null) return;
    // What was there at the beginning is not new, wherever one begins to read.
    if (this.#fresh) this.follow = { ...this.follow, seen: info.rows };
    this.#fresh = false;
    // Behind a filter nothing of the log is drawn: how long it is will do.
    this.all?.extend(info, this.matches === null ? this.#tail : 0);
  }

  get #tail(): number {
    return this.follow.following ? this.#height : 0;
  }
}
