// Between two tries of what may succeed a little later: each pause is twice the one before, up to a limit.
const FIRST_MS = 250;
const LONGEST_MS = 8_000;

/** Never ends; who loops over it does. */
export function* pauses(): Generator<number, never> {
  for (let pause = FIRST_MS; ; pause = Math.min(2 * pause, LONGEST_MS)) yield pause;
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
