// A small choice (a pane's width, a tab) that is kept in localStorage. Not for data: that is the backend's. All windows keep theirs
// in the same place: what they add to together, such as a list, is changed by `change`.

export interface Remembered<T> {
  value: T;
  /** Makes the next value of what is kept by then, by whichever window. */
  change(next: (kept: T) => T): void;
  /** Takes in what other windows have kept meanwhile. */
  refresh(): void;
}

export function remembered<T>(key: string, initial: T, valid: (value: unknown) => value is T): Remembered<T> {
  let value = $state.raw<T>(read());

  function read(): T {
    try {
      const parsed: unknown = JSON.parse(localStorage.getItem(`solti.${key}`) ?? "null");
      return valid(parsed) ? parsed : initial;
    } catch {
      return initial; // Written by something else: the default is as good.
    }
  }
  function keep(next: T): void {
    value = next;
    localStorage.setItem(`solti.${key}`, JSON.stringify(next));
  }
  return {
    get value() {
      return value;
    },
    set value(next: T) {
      keep(next);
    },
    change: (next) => keep(next(read())),
    refresh: () => void (value = read()),
  };
}

export const between =
  (min: number, max: number) =>
  (value: unknown): value is number =>
    typeof value === "number" && value >= min && value <= max;
