// One clock for the whole window, so that a hundred rows tick together and no row owns a timer.
// It ticks once a second, and only while the window can be seen.

const state = $state({ now: Date.now() });
let held = false;
let timer: ReturnType<typeof setInterval> | undefined;

function tick() {
  if (!held) state.now = Date.now();
}

/** Lets the clock stand while nothing that is shown is current: what went on then would look alive. */
export function holdClock(hold: boolean) {
  held = hold;
  tick();
}

/** Call once from a view; returns what stops it. */
export function startClock(): () => void {
  const run = () => {
    clearInterval(timer);
    timer = document.hidden ? undefined : setInterval(tick, 1000);
    tick();
  };
  run();
  document.addEventListener("visibilitychange", run);
  return () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", run);
  };
}

export const clockNow = (): number => state.now;
