// The menu of the list itself: in which order it is, and which columns it has.
import type { MenuEntry } from "../shared/Menu.svelte";
import { SORT_WORDS, SORTS } from "../shared/order";
import type { Workspace } from "./workspace.svelte";

export function listEntries(w: Workspace): MenuEntry[] {
  const { by, reverse } = w.sorting;
  return [
    ...SORTS.map((sort) => ({
      label: SORT_WORDS[sort].usual,
      radio: true,
      checked: by === sort,
      testid: `sort-${sort}`,
      act: () => w.setOrder({ by: sort, reverse: false }),
    })),
    "line",
    {
      label: "Reverse order",
      hint: SORT_WORDS[by][reverse ? "usual" : "reversed"],
      checked: reverse,
      testid: "sort-reverse",
      act: () => w.setOrder({ by, reverse: !reverse }),
    },
    "line",
    { label: "Columns…", testid: "choose-columns", act: () => (w.layout.open = true) },
  ];
}
