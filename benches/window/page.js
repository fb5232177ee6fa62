// What the benchmark watches from inside a page. An event is over when the frame that shows it has been painted: a timeout
// that is set in an animation frame comes after the painting of that frame. (A message does so too, but WebKit sends it by
// way of its network process, which takes its time.)
window.watch = {
  rows: () => [...document.querySelectorAll("[data-testid=log-row]")],

  // In an animation frame.
  thenPainted(then) {
    setTimeout(then);
  },

  // How many milliseconds it takes from `act` until `seen` is true and painted.
  until(act, seen) {
    return new Promise((resolve) => {
      const observer = new MutationObserver(() => look());
      const look = () => {
        if (!seen()) return;
        observer.disconnect();
        requestAnimationFrame(() => this.thenPainted(() => resolve(performance.now() - began)));
      };
      observer.observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
      const began = performance.now();
      act();
      look();
    });
  },

  // From now on: when which line was the last to be seen, by the time of day.
  lines() {
    this.seen = [];
    let waiting = false;
    new MutationObserver(() => {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => {
        waiting = false;
        const last = this.rows().at(-1);
        if (!last || last.dataset.row === this.seen.at(-1)?.row) return;
        const { row } = last.dataset;
        const line = { row, text: last.querySelector(".text").textContent, drawn: Date.now() };
        this.thenPainted(() => this.seen.push({ ...line, painted: Date.now() }));
      });
    }).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
  },

  // From now on: how long the page went without an animation frame, how many it had, and in how many the log had moved on.
  frames() {
    const frames = { longest: 0, longestAt: 0, long: 0, count: 0, moved: 0, began: performance.now(), last: performance.now() };
    this.frames.seen = frames;
    let row;
    const frame = () => {
      if (this.frames.seen !== frames) return;
      const now = performance.now();
      const gap = now - frames.last;
      if (gap > 100) frames.long += 1;
      if (gap > frames.longest) Object.assign(frames, { longest: gap, longestAt: performance.timeOrigin + frames.last });
      frames.count += 1;
      frames.last = now;
      const last = this.rows().at(-1)?.dataset.row;
      if (last !== row) frames.moved += 1;
      row = last;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  },
};
