// The time of day as the whole window reads it, so that a hundred rows tick together and no row owns a timer. It ticks only
// while something that is drawn reads it, only as often as what is read needs, and only while the window can be seen.
import { createSubscriber } from "svelte/reactivity";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** Words in minutes, hours and days are at most this late. */
const COARSE = 15 * SECOND;

const held = $state<{ at: number | undefined }>({ at: undefined });

/** Lets the clock stand at a moment while nothing that is shown is of a later one: what went on then would look alive. */
export function holdClock(at: number | undefined) {
  held.at = at;
}

/** The moment at which it stands, if it does. */
export const standsAt = (): number | undefined => held.at;

/** Returns what tells a reader that effects see that it has to look again. */
function ticking(every: number): () => void {
  return createSubscriber((tick) => {
    let timer: ReturnType<typeof setInterval> | undefined;
    const run = () => {
      clearInterval(timer);
      timer = document.hidden ? undefined : setInterval(tick, every);
    };
    const shown = () => {
      run();
      if (!document.hidden) tick();
    };
    run();
    document.addEventListener("visibilitychange", shown);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", shown);
    };
  });
}

const eachSecond = ticking(SECOND);
const seldom = ticking(COARSE);

/** Now, read from an effect only as often as words about the moment `at` change that count seconds up to `within` from it. */
function now(at: number, within: number): number {
  if (held.at !== undefined) return held.at;
  const time = Date.now();
  if (Math.abs(time - at) < within) eachSecond();
  else seldom();
  return time;
}

/** Now, for `clock` and `duration` from or to that moment. */
export const countNow = (at: number): number => now(at, HOUR);

/** Now, for `ago`. */
export const agoNow = (at: number): number => now(at, MINUTE);
