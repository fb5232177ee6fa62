// Which task the detail shows (`current`) and which are picked for an action on several (`picked`).
// By id, so that both survive scrolling, new rows and a changed filter.

export class Selection {
  current = $state<string | undefined>(undefined);
  picked = $state.raw<ReadonlySet<string>>(new Set());
  /** Not only the picked ones: all that match the filter, also those that are not loaded. */
  whole = $state(false);
  #anchor: string | undefined;

  /** Goes to a task and keeps what is picked: for walking through the list and picking here and there. */
  goTo(id: string) {
    this.current = id;
    this.#anchor = id;
  }

  /** What an action applies to: the picked ones, else the current one. */
  get targets(): string[] {
    if (this.picked.size) return [...this.picked];
    return this.current === undefined ? [] : [this.current];
  }

  only(id: string) {
    this.whole = false;
    this.current = id;
    this.#anchor = id;
    if (this.picked.size) this.picked = new Set();
  }

  toggle(id: string) {
    this.whole = false;
    const next = new Set(this.picked);
    if (!next.delete(id)) next.add(id);
    this.picked = next;
    this.current = id;
    this.#anchor = id;
  }

  /** Picks everything between the anchor and `id` in the order given. */
  extendTo(id: string, order: readonly string[]) {
    const to = order.indexOf(id);
    const from = order.indexOf(this.#anchor ?? this.current ?? id);
    if (to < 0 || from < 0) return this.only(id);
    this.whole = false;
    this.picked = new Set(order.slice(Math.min(from, to), Math.max(from, to) + 1));
    this.current = id;
  }

  pickAll(order: readonly string[], whole = false) {
    this.whole = whole;
    this.picked = new Set(order);
  }

  clearPicked() {
    this.whole = false;
    if (this.picked.size) this.picked = new Set();
  }

  forget(ids: readonly string[]) {
    const gone = new Set(ids);
    if (this.current !== undefined && gone.has(this.current)) this.current = undefined;
    if ([...this.picked].some((id) => gone.has(id)))
      this.picked = new Set([...this.picked].filter((id) => !gone.has(id)));
  }
}
