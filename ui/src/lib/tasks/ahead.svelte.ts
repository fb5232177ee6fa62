// A value that is changed from here and told of by a feed, which is later than the answer: until it has told of the change, the answer
// counts. A change sends what becomes of the whole, so that each begins from what the one before has left.

export class Ahead<T> {
  #answered = $state.raw<{ readonly value: T } | undefined>(undefined);
  /** What it was before its changes: the feed may still tell of that. */
  readonly #left = new Set<string>();
  #last: Promise<unknown> = Promise.resolve();
  readonly #told: () => T;

  /** `told` is what the feed says. */
  constructor(told: () => T) {
    this.#told = told;
  }

  get value(): T {
    const told = this.#told();
    return this.#answered && this.#isLeft(told) ? this.#answered.value : told;
  }

  /** Sends what becomes of the value, when all that was sent before is answered; rejects with what is wrong. */
  change(send: (value: T) => Promise<T>): Promise<void> {
    const sent = this.#last.then(async () => {
      const before = this.value;
      const value = await send(before);
      this.#left.add(JSON.stringify(before)).delete(JSON.stringify(value));
      this.#answered = { value };
    });
    this.#last = sent.catch(() => {});
    return sent;
  }

  /** The feed has told something: what is not left behind is what counts from then on. */
  hear(): void {
    if (this.#answered === undefined || this.#isLeft(this.#told())) return;
    this.#left.clear();
    this.#answered = undefined;
  }

  #isLeft(told: T): boolean {
    return this.#left.has(JSON.stringify(told));
  }
}
