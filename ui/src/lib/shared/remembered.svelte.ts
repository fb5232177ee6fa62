// A small choice (a pane's width, a tab) that is kept in localStorage. Not for data: that is the backend's.

export interface Remembered<T> {
  value: T;
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
  return {
    get value() {
      return value;
    },
    set value(next: T) {
      value = next;
      localStorage.setItem(`solti.${key}`, JSON.stringify(next));
    },
  };
}

export const between =
  (min: number, max: number) =>
  (value: unknown): value is number =>
    typeof value === "number" && value >= min && value <= max;
