// Which streams of a log are shown: both, or one by a search for everything in it.
import type { Stream } from "../../api";
import type { LogSearch } from "../find/search.svelte";

export type StreamChoice = "both" | Stream;

export class StreamFilter {
  #chosen = $state<StreamChoice>("both");
  #search: LogSearch | null = null;

  /** Begins a search for all rows of what is chosen. */
  constructor(readonly begin: () => LogSearch) {}

  get chosen(): StreamChoice {
    return this.#chosen;
  }

  /** The one that is shown alone. */
  get only(): Stream | undefined {
    return this.#chosen === "both" ? undefined : this.#chosen;
  }

  get search(): LogSearch | null {
    return this.#search;
  }

  choose(stream: StreamChoice): void {
    this.#chosen = stream;
    this.restart();
  }

  /** Searches again, in what is searched now. */
  restart(): void {
    this.close();
    if (this.#chosen === "both") return;
    this.#search = this.begin();
    void this.#search.open();
  }

  close(): void {
    this.#search?.close();
    this.#search = null;
  }
}
