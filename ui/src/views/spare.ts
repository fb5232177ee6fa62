// A page that is loaded before it is known which log it shows: what any log window needs is there when its address comes.
import { backend } from "../lib/api";

/** What the first page of rows is drawn in; a font is loaded when the first text wants it, which is too late. */
const FONTS = ['12px "Inter Variable"', '600 14px "Inter Variable"', '12.5px "JetBrains Mono Variable"'];

/** Loads what log windows are made of, then waits. */
export async function waitForAddress(show: (address: string) => void): Promise<void> {
  await Promise.all([import("./LogView.svelte"), import("./MergedView.svelte")]);
  await Promise.all(FONTS.map((font) => document.fonts.load(font)));
  await backend().watchAddress(show);
  performance.mark("waiting");
}
