// Where a small panel that a button opens floats: below the button, else above it, inside the window. Fixed, so that no
// scrolling pane clips it; it closes when what it hangs on moves or the pointer goes down elsewhere.

const GAP = 4;
const EDGE = 8;

/** What a panel hangs on: a button, or a point of the window. */
export type Anchor = HTMLElement | { readonly x: number; readonly y: number };

/** Attachment for the open panel. `close` is called without the focus being anywhere in particular. */
export function floating(button: () => Anchor | undefined, close: () => void) {
  return (panel: HTMLElement): (() => void) => {
    const hung = button();
    if (hung) place(panel, hung);
    const anchor = hung instanceof HTMLElement ? hung : undefined;
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

function place(panel: HTMLElement, anchor: Anchor) {
  const at =
    anchor instanceof HTMLElement
      ? anchor.getBoundingClientRect()
      : { top: anchor.y, bottom: anchor.y, left: anchor.x };
  const { offsetWidth: width, offsetHeight: height } = panel;
  const below = at.bottom + GAP;
  const top = below + height > window.innerHeight - EDGE ? Math.max(EDGE, at.top - GAP - height) : below;
  const left = Math.max(EDGE, Math.min(at.left, window.innerWidth - width - EDGE));
  panel.style.top = `${top}px`;
  panel.style.left = `${left}px`;
}
