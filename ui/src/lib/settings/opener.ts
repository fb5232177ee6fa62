// The button that a form was opened with has the focus again when the form is closed. It may be drawn anew by then.
import { tick } from "svelte";

/** Of the button that has `data-opens`. */
export async function focusOpener(opens: string): Promise<void> {
  await tick();
  for (const button of document.querySelectorAll<HTMLElement>("[data-opens]"))
    if (button.dataset.opens === opens) button.focus();
}
