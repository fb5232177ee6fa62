// Images that are on the machine, offered while one is being named.
import type { LocalImage } from "../api";
import type { Offer } from "../shared/completion.svelte";

const MOST = 50;

/** Those whose names hold what is written: nobody begins with the registry. */
export function offerImage(images: readonly LocalImage[], text: string): Offer {
  const wanted = text.trim().toLowerCase();
  // Two engines may have the same one.
  const found = new Map<string, string | undefined>();
  for (const { name, size } of images)
    if (name.toLowerCase().includes(wanted) && !found.has(name)) found.set(name, size);
  const options = [...found].slice(0, MOST).map(([value, info]) => ({ value, ...(info ? { info } : {}) }));
  return { from: 0, to: text.length, options };
}
