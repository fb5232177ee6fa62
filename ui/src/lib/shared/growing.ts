// A text area that grows with its text, where the engine does not do so by itself (`field-sizing`).

/** Attachment; `text` is read, so that it is fitted anew with each change. */
export function growing(text: () => string) {
  return (area: HTMLTextAreaElement): void => {
    text();
    if (CSS.supports("field-sizing", "content")) return;
    area.style.height = "auto";
    // Its own border is beside what it scrolls.
    area.style.height = `${area.scrollHeight + area.offsetHeight - area.clientHeight}px`;
  };
}
