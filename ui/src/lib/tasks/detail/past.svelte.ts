// The runs or the events of a task, from the latest back: read by the page, so that one with very many costs no more than one
// with few. What comes meanwhile is joined to what is there.
import { ApiError } from "../../api/errors";
import type { AttemptsNotKept, HistoryQuery } from "../../api/types";

const PAGE = 100;

export interface PastPage<T> {
  /** Oldest first. */
  items: T[];
  more: boolean;
  notKept?: AttemptsNotKept;
}

export class Past<T> {
  /** Oldest first. */
  items = $state.raw<T[]>([]);
  /** Whether there are earlier ones. */
  more = $state(false);
  notKept = $state.raw<AttemptsNotKept | undefined>(undefined);
  loaded = $state(false);
  loading = $state(false);
  error = $state.raw<ApiError | undefined>(undefined);

  #read: (query: HistoryQuery) => Promise<PastPage<T>>;
  #numberOf: (item: T) => number;
  /** Of the last reading of the latest ones: an earlier one that answers later is old. */
  #asked = 0;

  constructor(read: (query: HistoryQuery) => Promise<PastPage<T>>, numberOf: (item: T) => number) {
    this.#read = read;
    this.#numberOf = numberOf;
  }

  /** Reads the latest ones, at first and when something has happened. */
  async latest(): Promise<void> {
    const asked = ++this.#asked;
    try {
      const page = await this.#read({ limit: PAGE });
      if (asked !== this.#asked) return;
      const first = page.items[0];
      const known = this.items.at(-1);
      // With too much in between, what was read before no longer adjoins.
      const joins =
        first !== undefined && known !== undefined && this.#numberOf(known) >= this.#numberOf(first);
      const earlier = joins ? this.items.filter((item) => this.#numberOf(item) < this.#numberOf(first)) : [];
      this.items = [...earlier, ...page.items];
      if (earlier.length === 0) this.more = page.more;
      this.notKept = page.notKept;
      this.loaded = true;
      this.error = undefined;
    } catch (thrown) {
      if (asked === this.#asked) this.error = ApiError.from(thrown);
    }
  }

  async earlier(): Promise<void> {
    const first = this.items[0];
    if (this.loading || first === undefined) return;
    this.loading = true;
    try {
      const page = await this.#read({ before: this.#numberOf(first), limit: PAGE });
      // They were joined to others meanwhile, or are not kept any more.
      if (this.items[0] === first) {
        this.items = [...page.items, ...this.items];
        this.more = page.more;
      }
      this.notKept = page.notKept;
      this.error = undefined;
    } catch (thrown) {
      this.error = ApiError.from(thrown);
    } finally {
      this.loading = false;
    }
  }

  /** How many attempts are missing just before this one. */
  missingBefore(attempt: number | undefined, previous: number | undefined): number {
    const { after, count } = this.notKept ?? { after: 0, count: 0 };
    const behind = attempt !== undefined && count > 0 && attempt > after + count;
    return behind && (previous ?? 0) <= after ? count : 0;
  }
}
