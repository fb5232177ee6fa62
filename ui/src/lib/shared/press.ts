// Leaving a field begins with the press of the pointer on something else. What is then said of the field moves what is below it, and
// between press and release that takes the click away: it waits until the pointer is up.

let pressed = false;
let waiting: (() => void)[] = [];

function release(): void {
  pressed = false;
  const all = waiting;
  waiting = [];
  // The click comes right after the release.
  setTimeout(() => all.forEach((go) => go()));
}

window.addEventListener("pointerdown", () => (pressed = true), true);
window.addEventListener("pointerup", release, true);
window.addEventListener("pointercancel", release, true);
window.addEventListener("dragend", release, true);
window.addEventListener("blur", release);

/** Resolves once no press of the pointer is under way. */
export const released = (): Promise<void> =>
  pressed ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve();
