// What was looked for before, in any log window, the latest last: ↑ in the find field brings it back.
import { remembered } from "../../shared/remembered.svelte";

const MAX = 50;
const isList = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((one) => typeof one === "string");

export class FindHistory {
  readonly #kept = remembered<string[]>("log.find.history", [], isList);
  /** Where one is in it; null at what is being typed. */
  #at: number | null = null;
  #typed = "";

  get all(): readonly string[] {
    return this.#kept.value;
  }

  /** Keeps what was looked for. */
  keep(pattern: string): void {
    this.#at = null;
    if (pattern === "") return;
    this.#kept.change((kept) => [...kept.filter((one) => one !== pattern), pattern].slice(-MAX));
  }

  /** The one before, or the next, which in the end is what was typed; null where there is none. */
  step(older: boolean, shown: string): string | null {
    if (this.#at === null) {
      if (!older) return null;
      this.#kept.refresh();
      this.#typed = shown;
    }
    const at = (this.#at ?? this.all.length) + (older ? -1 : 1);
    if (older && this.#at === null && this.all[at] === shown) {
      this.#at = at;
      return this.step(true, shown);
    }
    if (at < 0) return null;
    this.#at = at < this.all.length ? at : null;
    return this.#at === null ? this.#typed : (this.all[at] ?? null);
  }
}
