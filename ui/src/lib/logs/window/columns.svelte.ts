// Which fields of records a window shows as columns, and how wide they are: remembered for the task's name, so that the next run of
// the same job is read in the same way. Names are a user's words, and so no keys of an object.
import { remembered } from "../../shared/remembered.svelte";
import { MAX_COLUMNS, MAX_WIDTH, MIN_WIDTH, usualWidth, type Column } from "../text/columns";

interface Kept {
  readonly name: string;
  readonly shown: boolean;
  readonly columns: readonly Column[];
}

/** The latest so many names. */
const MAX_NAMES = 50;

const isColumn = (value: unknown): value is Column =>
  typeof value === "object" &&
  value !== null &&
  typeof (value as Column).field === "string" &&
  typeof (value as Column).width === "number";
const isKept = (value: unknown): value is readonly Kept[] =>
  Array.isArray(value) &&
  value.every(
    (one: unknown) =>
      typeof one === "object" &&
      one !== null &&
      typeof (one as Kept).name === "string" &&
      typeof (one as Kept).shown === "boolean" &&
      Array.isArray((one as Kept).columns) &&
      (one as Kept).columns.every(isColumn),
  );

export class ColumnChoice {
  #all = remembered<readonly Kept[]>("log.columns", [], isKept);

  constructor(readonly name: () => string) {}

  /** What was chosen, shown or not. */
  get chosen(): readonly Column[] {
    return this.#own?.columns ?? [];
  }

  /** Null while rows are shown as text. */
  get shown(): readonly Column[] | null {
    const own = this.#own;
    return own?.shown && own.columns.length > 0 ? own.columns : null;
  }

  toggle(): void {
    this.#keep({ shown: this.shown === null });
  }

  /** Shows these fields, those that were there as wide as they were. */
  choose(fields: readonly string[]): void {
    const before = new Map(this.chosen.map(({ field, width }) => [field, width]));
    const columns = [...new Set(fields)]
      .slice(0, MAX_COLUMNS)
      .map((field) => ({ field, width: before.get(field) ?? usualWidth(field) }));
    this.#keep({ columns, shown: columns.length > 0 });
  }

  resize(field: string, width: number): void {
    const within = Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, width));
    this.#keep({ columns: this.chosen.map((one) => (one.field === field ? { field, width: within } : one)) });
  }

  get #own(): Kept | undefined {
    const name = this.name();
    return this.#all.value.find((one) => one.name === name);
  }

  #keep(change: Partial<Kept>): void {
    const own = this.#own ?? { name: this.name(), shown: false, columns: [] };
    this.#all.change((kept) =>
      [...kept.filter(({ name }) => name !== own.name), { ...own, ...change }].slice(-MAX_NAMES),
    );
  }
}
