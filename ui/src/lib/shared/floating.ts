// Where a small panel that a button opens floats: below the button, else above it, inside the window. Fixed, so that no
// scrolling pane clips it; it closes when what it hangs on moves or the pointer goes down elsewhere.

const GAP = 4;
const EDGE = 8;

/** Attachment for the open panel. `close` is called without the focus being anywhere in particular. */
export function floating(button: () => HTMLElement | undefined, close: () => void) {
  return (panel: HTMLElement): (() => void) => {
    const anchor = button();
    if (anchor) place(panel, anchor);
    const away = (event: Event) => {
      const at = event.target;
      if (at instanceof Node && (panel.contains(at) || anchor?.contains(at))) return;
      close();
    };
    // Only what carries the button along: a log that follows its end scrolls all the time.
    const moved = (event: Event) => {
      if (event.target instanceof Node && anchor && event.target.contains(anchor)) close();
    };
    const options = { capture: true };
    window.addEventListener("pointerdown", away, options);
    window.addEventListener("scroll", moved, options);
    window.addEventListener("resize", close);
    return () => {
      window.removeEventListener("pointerdown", away, options);
      window.removeEventListener("scroll", moved, options);
      window.removeEventListener("resize", close);
    };
  };
}

function place(panel: HTMLElement, anchor: HTMLElement) {
  const at = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = panel;
  const below = at.bottom + GAP;
  const top = below + height > window.innerHeight - EDGE ? Math.max(EDGE, at.top - GAP - height) : below;
  const left = Math.max(EDGE, Math.min(at.left, window.innerWidth - width - EDGE));
  panel.style.top = `${top}px`;
  panel.style.left = `${left}px`;
}
