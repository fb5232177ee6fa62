// The next moment to draw. WebKitGTK gives no animation frames to a window that it takes for hidden, so that whatever
// has to happen (an acknowledgement, a first paint, a scroll that goes on) must not wait for one alone.

/** Longest wait for a frame that does not come. */
export const FRAME_LIMIT_MS = 50;

/** Calls `act` once, at the next animation frame or after 50 ms. Returns what calls it off. */
export function onNextFrame(act: () => void): () => void {
  const cancel = () => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
  };
  const run = () => {
    cancel();
    act();
  };
  const timer = setTimeout(run, FRAME_LIMIT_MS);
  const frame = requestAnimationFrame(run);
  return cancel;
}

/**
 * Leaves a mark of this name in the page's timeline once what has just changed is drawn: behind a frame, and never in a
 * window that gets none. `make bench` reads it.
 */
export function markDrawn(name: string): void {
  requestAnimationFrame(() => setTimeout(() => performance.mark(name)));
}
