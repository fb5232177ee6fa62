// The loaded part of the task list: newest first or sorted, read page by page through the cursor, kept true by the changes
// that watch_tasks sends. It never re-reads for one change. Which rows a query lists is for the backend to say: the feed is
// opened with the query, and anew for another one. What is read may be older than a change that comes while it
// is on its way: such changes are applied to it once more. What could not be read for a passing reason is tried again. While `held` (the pointer is over the list, or several
// are selected) nothing moves: new rows, rows that no longer match and rows that belong elsewhere by now wait until it is let go. However many tasks come, it
// holds no more than a few hundred rows beyond those that are looked at.
// The row of the task in the detail pane is pinned-row.svelte.ts's, selection is in selection.svelte.ts, deletion with undo in deletions.svelte.ts.
import { SvelteMap } from "svelte/reactivity";
import { pauses, sleep } from "../shared/pauses";
import { compareRows, isNewestFirst, NEWEST_FIRST } from "../shared/order";
import { isFinished } from "../shared/phase";
import type { Backend, Unsubscribe } from "../api/backend";
import { ApiError } from "../api/errors";
import { Meanwhile, type Changes } from "./meanwhile";
import { isOlder, PinnedRow } from "./pinned-row.svelte";
import type { ListQuery, Summary, TaskChange, TaskList as Page, TaskRow } from "../api/types";

const PAGE = 100;
/** So many rows stay loaded beyond the last that is on screen; what tasks add to them is let go of again. */
const KEPT = 300;
/** As many rows are read at once at most. */
const LARGEST_READ = 1000;
/** A stopped task is over by then: killed after its grace time. */
const OVER_MS = 30_000;
/** Between two questions for the total alone. */
const RECOUNT_MS = 1000;
const idOf = (row: TaskRow) => row.task.metadata.id;

/** What is asked for apart from the rest: what one could not be read for says nothing of the others. */
const ASKED = ["rows", "pinned", "total", "summary"] as const;
type Asked = (typeof ASKED)[number];

export class TaskList {
  rows = $state.raw<TaskRow[]>([]);
  total = $state(0);
  summary = $state.raw<Summary | undefined>(undefined);
  /** New rows that wait for the list to be let go: the newest, and how many there are with those that were let go of. */
  arrived = $state.raw<TaskRow[]>([]);
  arrivals = $state(0);
  /** Rows that are shown stand where they stood before they changed, and wait to take their places. */
  displaced = $state(false);
  /** How often another query was asked for. */
  shows = $state(0);
  /** How many rows there are down to the last on screen. */
  reach = 0;
  loading = $state(false);
  loaded = $state(false);
  /** Nothing is told of changes: what is shown may be old. */
  broken = $state(false);

  readonly #failures = new SvelteMap<Asked, ApiError>();
  readonly #pin: PinnedRow;
  readonly #backend: Backend;
  #query: ListQuery = {};
  #cursor: string | undefined;
  /** Rows below the last one were let go of: no cursor leads there. */
  #cut = false;
  #held = false;
  #leaving = new Set<string>();
  #own = new Set<string>();
  #generation = 0;
  /** Counts the feeds that were asked for: a later one ends those before it. */
  #asked = 0;
  /** The feed that is open; of the query that is shown when it is the one asked for last. */
  #followed = -1;
  #stop: Unsubscribe | undefined;
  /** In which order the rows are. */
  #order = NEWEST_FIRST;
  /** Of a list that is sorted, the last row that was read: what stands behind it comes with its page. */
  #edge: TaskRow | undefined;
  #recount: ReturnType<typeof setTimeout> | undefined;
  /** How many pages are on their way. */
  #reading = 0;
  /** What changed meanwhile. */
  #meanwhile = new Meanwhile();

  constructor(backend: Backend) {
    this.#backend = backend;
    this.#pin = new PinnedRow(backend, (thrown) => this.#answered("pinned", thrown));
  }

  /** The row of the task in the detail pane, also when the filter leaves it out. */
  get pinned(): TaskRow | undefined {
    return this.#pin.row;
  }

  /** Why something could not be read, until it can. */
  get error(): ApiError | undefined {
    const failed = ASKED.find((asked) => this.#failures.has(asked));
    return failed && this.#failures.get(failed);
  }

  /** Why the rows could not be read. */
  get rowsError(): ApiError | undefined {
    return this.#failures.get("rows");
  }

  #answered(asked: Asked, thrown?: unknown) {
    if (thrown === undefined) this.#failures.delete(asked);
    else this.#failures.set(asked, ApiError.from(thrown));
  }

  get hasMore(): boolean {
    return this.#cut || this.#cursor !== undefined;
  }

  async start(): Promise<void> {
    if (await this.#follow()) await Promise.all([this.readSummary(), this.#reload(PAGE)]);
  }

  stop() {
    clearTimeout(this.#recount);
    this.#asked++;
    this.#generation++;
    this.#stop?.();
    this.#stop = undefined;
  }

  /** Reads again what could not be read, or may have changed unseen, while the machine was not there. */
  async revive(): Promise<void> {
    if (!this.#isFollowing) return this.start();
    await Promise.all([this.readSummary(), this.#reload(Math.max(PAGE, this.rows.length))]);
  }

  get #isFollowing(): boolean {
    return this.#followed === this.#asked;
  }

  /** Opens the feed of the query, for as long as that fails for a passing reason; true when it is open and still wanted. What is
   *  read afterwards misses no change. */
  async #follow(): Promise<boolean> {
    const nth = ++this.#asked;
    for (const pause of pauses()) {
      try {
        const stop = await this.#backend.watchTasks(
          this.#query,
          (change) => this.#hear(nth, change),
          (broken) => {
            if (nth === this.#followed) this.broken = broken;
          },
        );
        if (nth !== this.#asked) {
          stop();
          return false;
        }
        this.#stop?.();
        this.#stop = stop;
        this.#followed = nth;
        this.broken = false;
        return true;
      } catch (thrown) {
        if (nth !== this.#asked) return false;
        this.#answered("rows", thrown);
        this.loading = false;
        if (!ApiError.from(thrown).passes) return false;
        await sleep(pause);
        if (nth !== this.#asked) return false;
      }
    }
    return false;
  }

  #hear(nth: number, change: TaskChange) {
    if (nth < this.#followed) return;
    if (nth === this.#followed && this.#isFollowing) return this.apply(change);
    // What it says of rows is about another query than theirs; they are read when the feed of that one is open.
    this.#applyAside(change);
  }

  /** Each change brings one that is newer than what is read here. */
  async readSummary(): Promise<void> {
    const before = this.summary;
    try {
      const summary = await this.#backend.getSummary();
      if (this.summary === before) this.summary = summary;
      this.#answered("summary");
    } catch (thrown) {
      // A change that came meanwhile has brought one.
      if (this.summary === before) this.#answered("summary", thrown);
    }
  }

  /** Keeps one task's row true whether or not it is in the list. */
  pin(id: string | undefined) {
    this.#pin.choose(id, this.rows);
  }

  /** Shows another query from its top. */
  async show(query: ListQuery): Promise<void> {
    this.#query = query;
    this.#order = { by: query.sort ?? NEWEST_FIRST.by, reverse: query.reverse ?? false };
    this.shows++;
    // Pages that are on their way are of another one.
    this.#generation++;
    this.loading = true;
    if (await this.#follow()) await this.#reload(PAGE);
  }

  /** Reads the next page, for as long as that fails for a passing reason. Rows that could not be read are tried again by whoever
   *  has asked for them: nobody else asks meanwhile. */
  async loadMore(): Promise<void> {
    if (this.loading || !this.hasMore || this.rowsError) return;
    const generation = this.#generation;
    for (const pause of pauses()) {
      if (this.#cut) return this.#reload(this.rows.length + PAGE);
      this.loading = true;
      try {
        const page = await this.#read({ cursor: this.#cursor, limit: PAGE });
        if (generation !== this.#generation) return;
        const known = new Set(this.rows.map(idOf));
        this.rows = [...this.rows, ...page.rows.filter((row) => !known.has(idOf(row)))];
        this.#edge = page.rows.at(-1) ?? this.#edge;
        this.#cursor = page.nextCursor;
        this.total = page.total;
        this.#answered("rows");
        this.#answered("total");
        this.loading = false;
        return this.#catchUp();
      } catch (thrown) {
        if (generation !== this.#generation) return;
        this.#answered("rows", thrown);
        this.loading = false;
        if (!ApiError.from(thrown).passes) return;
        await sleep(pause);
        if (generation !== this.#generation) return;
      }
    }
  }

  get held(): boolean {
    return this.#held;
  }
  set held(held: boolean) {
    this.#held = held;
    if (!held) this.settle();
  }

  /** Resolves when the task is over, or is not there any more; rejects when that cannot be learned for half a minute. */
  async whenOver(id: string): Promise<void> {
    const until = Date.now() + OVER_MS;
    for (const pause of pauses()) {
      const row = await this.#backend.getTaskRow({ id });
      if (row === null || isFinished(row.task.status.phase)) return;
      if (Date.now() > until) break;
      await sleep(Math.min(pause, 500));
    }
    throw new ApiError({ error: "Conflict", message: "it has not ended yet; try again when it has" });
  }

  /** A task that this window has just made: it shows at once, held or not, also when its change comes later. */
  admit(id: string) {
    if (!this.rows.some((row) => idOf(row) === id)) this.#own.add(id);
    this.settle();
  }

  /** Lets everything that waited take its place. */
  settle() {
    if (this.#sorted && this.#apart) {
      // Those that were let go of may belong anywhere.
      this.arrived = [];
      this.arrivals = 0;
      return void this.#reload(Math.max(PAGE, this.rows.length));
    }
    if (this.#leaving.size) {
      const leaving = this.#leaving;
      this.#leaving = new Set();
      this.rows = this.rows.filter((row) => !leaving.has(idOf(row)));
    }
    if (this.arrived.length) {
      const known = new Set(this.rows.map(idOf));
      const apart = this.#apart;
      const rows = apart ? [] : this.rows;
      this.#cut ||= apart;
      this.rows = this.#insert(
        rows,
        this.arrived.filter((row) => apart || !known.has(idOf(row))),
      );
      this.arrived = [];
      this.arrivals = 0;
    }
    if (this.displaced) {
      this.displaced = false;
      this.rows = this.#insert([], this.rows);
    }
    this.#letGo();
  }

  /** Lets go of rows far below the screen. */
  #letGo() {
    const kept = this.reach + KEPT;
    if (this.rows.length <= kept + PAGE || kept + PAGE > LARGEST_READ) return;
    this.rows = this.rows.slice(0, kept);
    this.#edge = this.rows.at(-1);
    this.#cut = true;
  }

  get #sorted(): boolean {
    return !isNewestFirst(this.#order);
  }

  get #compare() {
    return compareRows(this.#order, Date.now());
  }

  /** Merges rows into others; those behind the last that is loaded come with their page. */
  #insert(rows: TaskRow[], added: TaskRow[]): TaskRow[] {
    if (added.length === 0) return rows;
    const compare = this.#compare;
    const last = this.#sorted ? this.#edge : rows.at(-1);
    const fits = (row: TaskRow) => !this.hasMore || !last || compare(row, last) <= 0;
    return [...rows, ...added.filter(fits)].sort(compare);
  }

  /** Of a row that is not loaded nobody knows here whether it was counted: the total is asked for, once in a while. */
  #countAgain() {
    this.#recount ??= setTimeout(() => {
      this.#recount = undefined;
      const generation = this.#generation;
      this.#read({ limit: 0 }).then(
        ({ total }) => {
          if (generation !== this.#generation) return;
          this.total = Math.max(total, this.rows.length - this.#leaving.size);
          this.#answered("total");
        },
        (thrown: unknown) => {
          if (generation === this.#generation) this.#answered("total", thrown);
        },
      );
    }, RECOUNT_MS);
  }

  apply(change: TaskChange) {
    this.#applyAside(change);
    if (change.resync) return void this.#reload(Math.max(PAGE, this.rows.length));
    if (this.#reading) this.#meanwhile.add(change);
    if (this.loaded) this.#merge(change);
  }

  /** What does not depend on the query. */
  #applyAside(change: TaskChange) {
    this.summary = change.summary;
    this.#answered("summary");
    this.#pin.apply(change);
  }

  #merge({ changed, unmatched, deleted }: Changes) {
    const others = new Set(unmatched);
    const gone = new Set(deleted);
    const byId = new Map(changed.map((row) => [idOf(row), row]));
    let total = this.total;
    const next: TaskRow[] = [];
    let moved = false;
    for (const row of this.rows) {
      const id = idOf(row);
      if (gone.has(id)) {
        moved = true;
        if (!this.#leaving.delete(id)) total--;
        continue;
      }
      const fresh = byId.get(id);
      if (!fresh) {
        next.push(row);
        continue;
      }
      byId.delete(id);
      if (isOlder(fresh, row)) {
        next.push(row);
        continue;
      }
      moved = true;
      if (!others.has(id)) {
        if (this.#leaving.delete(id)) total++;
        next.push(fresh);
      } else {
        if (!this.#leaving.has(id)) total--;
        if (this.#held) {
          this.#leaving.add(id);
          next.push(fresh);
        }
      }
    }
    if (moved) this.rows = next;
    if (moved && this.#sorted) {
      const compare = this.#compare;
      this.displaced = next.some((row, i) => i > 0 && compare(next[i - 1]!, row) > 0);
    }

    const waiting = new Map(this.arrived.map((row) => [idOf(row), row]));
    for (const id of gone) if (waiting.delete(id)) total--;
    const oldest =
      this.#apart && !this.#sorted ? [...waiting.keys()].reduce((a, b) => (a < b ? a : b), "~") : "";
    for (const [id, row] of byId) {
      if (id < oldest && !waiting.has(id)) continue; // One that was let go of.
      const known = waiting.has(id);
      if (!others.has(id)) {
        if (this.#sorted) this.#countAgain();
        else if (!known && !this.#beyond(row)) total++;
        if (!this.#beyond(row)) waiting.set(id, row);
        else if (known && this.#sorted) waiting.delete(id);
      } else if (known) {
        waiting.delete(id);
        if (this.#sorted) this.#countAgain();
        else total--;
      }
    }
    this.#wait([...waiting.values()]);
    this.total = Math.max(total, this.rows.length - this.#leaving.size);
    const own = this.arrived.filter((row) => this.#own.delete(idOf(row)));
    if (!this.#held || own.length) this.settle();
  }

  /** Between the rows and those that wait are some that were let go of. */
  get #apart(): boolean {
    return this.arrivals > this.arrived.length;
  }

  #wait(rows: TaskRow[]) {
    this.arrivals += rows.length - this.arrived.length;
    // The first ones, in no order.
    this.arrived = rows.length <= 2 * KEPT ? rows : rows.sort(this.#compare).slice(0, KEPT);
  }

  /** Behind the last loaded row: it comes with its page. */
  #beyond(row: TaskRow): boolean {
    const last = this.#sorted ? this.#edge : this.rows.at(-1);
    return this.hasMore && last !== undefined && this.#compare(row, last) > 0;
  }

  /** Reads the list from its top, for as long as that fails for a passing reason and nobody asks for another. */
  async #reload(limit: number): Promise<void> {
    const generation = ++this.#generation;
    // What changed until here is in what is read from here on.
    this.#meanwhile = new Meanwhile();
    this.loading = true;
    for (const pause of pauses()) {
      try {
        const page = await this.#read({ limit: Math.min(limit, LARGEST_READ) });
        if (generation !== this.#generation) return;
        this.rows = page.rows;
        this.total = page.total;
        this.#cursor = page.nextCursor;
        this.#edge = page.rows.at(-1);
        this.displaced = false;
        this.#cut = false;
        this.arrived = [];
        this.arrivals = 0;
        this.#leaving.clear();
        this.#answered("rows");
        this.#answered("total");
        this.loaded = true;
        this.loading = false;
        return this.#catchUp();
      } catch (thrown) {
        if (generation !== this.#generation) return;
        this.#answered("rows", thrown);
        this.loading = false;
        if (!ApiError.from(thrown).passes) return;
        await sleep(pause);
        if (generation !== this.#generation) return;
      }
    }
  }

  async #read(part: { cursor?: string; limit: number }): Promise<Page> {
    this.#reading++;
    try {
      return await this.#backend.listTasks({ query: { ...this.#query, ...part } });
    } finally {
      this.#reading--;
    }
  }

  /** Brings what has just been read up to date with what came while it was on its way. */
  #catchUp() {
    const meanwhile = this.#meanwhile;
    if (!this.#reading) this.#meanwhile = new Meanwhile();
    if (meanwhile.tooMany) void this.#reload(Math.max(PAGE, this.rows.length));
    else if (meanwhile.some) this.#merge(meanwhile.all);
  }
}
