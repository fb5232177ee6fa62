// The find field of a log window: what is looked for, in which way, where one is among the hits, and the way back.
// The search runs in the backend (search.svelte.ts); which rows the pane shows for it is log-window.svelte.ts's.
import type { LogQuery, RunId, SearchProgress } from "../../api";
import { remembered, type Remembered } from "../../shared/remembered.svelte";
import type { RowKey } from "../rows/numbers";
import type { ShownRow } from "../rows/list";
import { DeepHits, drawnBytes } from "./deep.svelte";
import type { RowHighlights } from "./highlights.svelte";
import { FindHistory } from "./history.svelte";
import { EVERYTHING, type Hit, type LogSearch, type OnProgress } from "./search.svelte";

/** Hits are marked in the log, are all that is shown, or are listed below the log. */
export type FindMode = "highlight" | "filter" | "split";
const FLAGS = ["regex", "caseSensitive", "wholeWord", "invert", "ignoreAnsi"] as const;
export type FindFlag = (typeof FLAGS)[number];

/** The window around the field. */
export interface FindPlace {
  /** A search of the log that is shown, not open yet. */
  search(query: LogQuery, onProgress: OnProgress): LogSearch;
  /** The row that stepping goes on from. */
  at(forward: boolean): RowKey;
  /** Shows a hit. */
  show(key: RowKey): void;
  /** The row of a key, if it is drawn. */
  drawn(key: RowKey): ShownRow | undefined;
  /** The log that a row is from. */
  runOf(row: ShownRow): RunId | undefined;
  /** The search or the mode is another one. */
  changed(): void;
  /** Looking for something begins here. */
  begin(): void;
  /** Back to where it began. */
  back(): void;
}

/** Between two keys; a search that is opened for each letter would be cancelled at once. */
const TYPING_MS = 150;
const isMode = (value: unknown): value is FindMode =>
  value === "highlight" || value === "filter" || value === "split";
const isBoolean = (value: unknown): value is boolean => typeof value === "boolean";

export class Find {
  pattern = $state("");
  /** Lines that this matches are left out. */
  exclude = $state("");
  /** What fields of records have to say: `level=error reqId=r-3`. */
  fields = $state("");
  readonly history = new FindHistory();
  /** Which of the matches in the row of the hit one is at; behind all of them it is the last. */
  part = $state(0);
  search = $state.raw<LogSearch | null>(null);
  highlights = $state.raw<RowHighlights | null>(null);
  hit = $state.raw<Hit | null>(null);
  /** The match that one is at in the part of a long row that is not drawn. */
  readonly deep = new DeepHits();
  /** A step waits for the search to come further. */
  stepping = $state(false);
  stopped = $state(false);
  /** Where the reader has gone since the last step. */
  from: RowKey | null = null;
  #mode = remembered<FindMode>("log.find.mode", "highlight", isMode);
  #flags = Object.fromEntries(
    FLAGS.map((flag) => [flag, remembered<boolean>(`log.find.${flag}`, EVERYTHING[flag], isBoolean)]),
  ) as Record<FindFlag, Remembered<boolean>>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #jump = false;
  /** The row of the hit is not looked at yet: one begins at its first match, or at its last. */
  #arriving: "first" | "last" | null = null;
  #ranking = false;

  constructor(readonly place: FindPlace) {}

  get mode(): FindMode {
    return this.#mode.value;
  }

  set mode(mode: FindMode) {
    if (this.#mode.value === mode) return;
    this.#mode.value = mode;
    this.place.changed();
  }

  get active(): boolean {
    return this.pattern !== "" || this.exclude !== "" || this.fields !== "";
  }

  /** More may be found. A search that failed, a pattern that is none, looks for nothing. */
  get searching(): boolean {
    return this.search !== null && this.search.error === null && !this.search.complete && !this.stopped;
  }

  get query(): LogQuery {
    const flags = Object.fromEntries(FLAGS.map((flag) => [flag, this.#flags[flag].value]));
    const exclude = this.exclude === "" ? undefined : this.exclude;
    const fields = this.fields === "" ? undefined : this.fields;
    return { ...EVERYTHING, ...flags, pattern: this.pattern, exclude, fields };
  }

  flag(flag: FindFlag): boolean {
    return this.#flags[flag].value;
  }

  toggle(flag: FindFlag): void {
    this.#flags[flag].value = !this.#flags[flag].value;
    this.restart(true);
  }

  /** Something was typed. */
  typed(pattern: string): void {
    this.#type(() => (this.pattern = pattern));
  }

  /** Something was typed that leaves lines out. */
  excluded(pattern: string): void {
    this.#type(() => (this.exclude = pattern));
  }

  /** Something was typed, or chosen, that fields of records have to say. */
  narrowed(fields: string): void {
    this.#type(() => (this.fields = fields));
  }

  /** Brings back what was looked for before, or next. */
  recall(older: boolean): void {
    const found = this.history.step(older, this.pattern);
    if (found !== null) this.#type(() => (this.pattern = found));
  }

  /** Takes over a query from elsewhere, and the row that it found: the caller shows it. */
  adopt(query: LogQuery, key: RowKey): void {
    for (const flag of FLAGS) this.#flags[flag].value = query[flag];
    this.pattern = query.pattern;
    this.exclude = query.exclude ?? "";
    this.fields = query.fields ?? "";
    this.restart(false);
    this.#stand({ key, index: 0, total: 0 }, true);
  }

  /** Somebody has gone to a row that matches. */
  choose(key: RowKey): void {
    const { search } = this;
    if (search === null) return;
    // The one that is gone to already is shown again: the reader may have gone on from it.
    this.#stand(key === this.hit?.key ? this.hit : { key, index: 0, total: search.matches }, true);
    void this.#rank(search);
  }

  /** The row of the hit is drawn, with what is known to match in it. */
  arrived(row: ShownRow): void {
    const arriving = this.#arriving;
    this.#arriving = null;
    if (arriving === null || !row.more) return;
    if (arriving === "last") void this.#goDeep(row, Number.MAX_SAFE_INTEGER, false);
    else if (this.highlights?.of(row).length === 0) void this.#goDeep(row, drawnBytes(row), true);
  }

  /** Searches anew; with `jump` the view goes to the nearest hit once there is one. */
  restart(jump: boolean): void {
    clearTimeout(this.#timer);
    this.search?.close();
    this.search = null;
    this.highlights = null;
    this.hit = null;
    this.deep.clear();
    this.from = null;
    this.part = 0;
    this.stopped = false;
    this.#jump = jump && this.mode !== "filter";
    if (this.active) {
      this.search = this.place.search(this.query, (one, progress) => this.#progress(one, progress));
      void this.search.open();
    }
    this.place.changed();
  }

  /** Ends the search where it is; Enter begins it again. */
  stop(): void {
    this.search?.close();
    this.stopped = true;
    this.stepping = false;
    this.place.changed();
  }

  async step(forward: boolean): Promise<void> {
    if (!this.active) return;
    this.history.keep(this.pattern);
    if (this.stopped || this.search === null) return this.restart(true);
    const { search } = this;
    if (this.#stepWithin(forward) || (await this.#stepDeep(forward)) || search !== this.search) return;
    const from = this.from ?? this.hit?.key ?? this.place.at(forward);
    this.from = null;
    this.#jump = false;
    this.stepping = true;
    try {
      const hit = await search.step(from, forward);
      if (hit === null || search !== this.search) return;
      this.#stand(hit, forward);
      this.place.show(hit.key);
    } catch {
      // The search ended under the step; its progress says why.
    } finally {
      this.stepping = false;
    }
  }

  /** Empties the field and goes back to where the search began. */
  leave(): void {
    const wasActive = this.active;
    this.history.keep(this.pattern);
    this.pattern = "";
    this.exclude = "";
    this.fields = "";
    this.restart(false);
    if (wasActive) this.place.back();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.search?.close();
  }

  #type(change: () => void): void {
    const before = this.active;
    change();
    if (!before && this.active) this.place.begin();
    clearTimeout(this.#timer);
    if (this.active) this.#timer = setTimeout(() => this.restart(true), TYPING_MS);
    else this.restart(false);
  }

  /** Goes on to the next match in the row of the hit, if there is one. */
  #stepWithin(forward: boolean): boolean {
    if (this.hit === null || this.from !== null || this.deep.of(this.hit.key)) return false;
    const row = this.place.drawn(this.hit.key);
    const last = (row ? (this.highlights?.of(row).length ?? 0) : 0) - 1;
    const part = Math.min(this.part, last) + (forward ? 1 : -1);
    if (part < 0 || part > last) return false;
    this.part = part;
    return true;
  }

  #stand(hit: Hit, forward: boolean): void {
    this.hit = hit;
    this.part = forward ? 0 : Infinity;
    this.deep.clear();
    this.#arriving = forward ? "first" : "last";
  }

  /** The same in the part of its row that is not drawn; back from there to what is. */
  async #stepDeep(forward: boolean): Promise<boolean> {
    const row = this.hit !== null && this.from === null ? this.place.drawn(this.hit.key) : undefined;
    if (!row?.more) return false;
    const match = this.deep.of(this.hit?.key)?.match;
    if (match === undefined) return forward && this.#goDeep(row, drawnBytes(row), true);
    const at = forward ? Math.max(match.toByte, match.fromByte + 1) : match.fromByte;
    if (await this.#goDeep(row, at, forward)) return true;
    this.deep.clear();
    const drawn = this.highlights?.of(row).length ?? 0;
    if (forward || drawn === 0) return false;
    this.part = drawn - 1;
    return true;
  }

  async #goDeep(row: ShownRow, fromByte: number, forward: boolean): Promise<boolean> {
    const [run, searchId, key] = [this.place.runOf(row), this.highlights?.searchOf(row), this.hit?.key];
    if (!run || searchId === undefined || key === undefined || !this.search) return false;
    const { backend } = this.search.logs;
    // A search that has ended meanwhile says so itself.
    return this.deep.step(backend, { key, row, run, searchId }, fromByte, forward).catch(() => false);
  }

  #progress(search: LogSearch, progress: SearchProgress): void {
    if (search !== this.search) return;
    if (this.highlights === null && search.searchId !== null) {
      this.highlights = search.highlights();
      this.place.changed();
    }
    if (this.#jump && progress.nearest !== undefined) {
      this.#jump = false;
      const key = progress.nearest;
      this.#stand({ key, index: 0, total: progress.matches }, true);
      this.place.show(key);
    }
    void this.#rank(search);
  }

  /** Earlier hits turn up while a search goes backward: the place of the one that is shown is asked again. */
  async #rank(search: LogSearch): Promise<void> {
    if (this.#ranking) return;
    this.#ranking = true;
    try {
      for (let seen: SearchProgress | null = null; seen !== search.progress && search === this.search;) {
        seen = search.progress;
        const key = this.hit?.key;
        if (key === undefined) return;
        const index = await search.indexOf(key);
        if (search === this.search && this.hit?.key === key) this.hit = { key, index, total: search.matches };
      }
    } catch {
      // Closed meanwhile.
    } finally {
      this.#ranking = false;
    }
  }
}
