// What a log says went wrong in it: its errors and warnings are counted in the background, errors first, and gone to from one to the
// next. Which rows they are is decided where rows are read, so that a row is counted if and only if it is marked.
import type { Severity } from "../../api";
import { EVERYTHING, LogSearch } from "../find/search.svelte";
import type { RowKey } from "../rows/numbers";
import type { Searchable } from "./source";

/** First the rows are drawn that somebody waits for. */
const PAUSE_MS = 250;

export class Problems {
  #error = $state.raw<LogSearch | null>(null);
  #warning = $state.raw<LogSearch | null>(null);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  /** `near`: the row around which a search begins. */
  constructor(
    readonly logs: Searchable,
    readonly near: () => RowKey,
  ) {}

  /** The search that knows of them, once there is one. */
  of(severity: Severity): LogSearch | null {
    return severity === "error" ? this.#error : this.#warning;
  }

  /** Counts them soon, if nothing does so yet. */
  count(): void {
    if (this.#error !== null || this.#timer !== undefined || this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#error === null) this.#open("error", true);
    }, PAUSE_MS);
  }

  /** The same for somebody who waits. */
  wanted(severity: Severity): LogSearch {
    const known = this.of(severity);
    return known && known.error === null ? known : this.#open(severity, false);
  }

  /** They are others from now on. */
  forget(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#error?.close();
    this.#warning?.close();
    this.#error = null;
    this.#warning = null;
  }

  close(): void {
    this.#closed = true;
    this.forget();
  }

  #open(severity: Severity, background: boolean): LogSearch {
    this.of(severity)?.close();
    const query = { ...EVERYTHING, severity, background };
    const search = new LogSearch(this.logs, query, this.near(), (search, { complete }) => {
      // One after the other.
      if (complete && search === this.#error && this.#warning === null) this.#open("warning", true);
    });
    if (severity === "error") this.#error = search;
    else this.#warning = search;
    void search.open();
    return search;
  }
}
