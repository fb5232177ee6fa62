// How many lines the pane draws around a row: those around a hit, because somebody has asked for more of this one or because of all,
// the fields of a record, and the match deep in a long row.
import type { Around } from "../find/around.svelte";
import type { Contexts } from "../find/contexts.svelte";
import type { DeepHits } from "../find/deep.svelte";
import type { PaneView } from "../pane/view.svelte";
import type { Expanded } from "../rows/expanded.svelte";

export function linesAround(
  contexts: Contexts,
  around: Around,
  expanded: Expanded,
  deep: () => DeepHits,
): PaneView["around"] {
  return {
    get any() {
      return contexts.any || around.any || expanded.any || deep().hit !== null;
    },
    count: (key, place) =>
      (contexts.of(key) ? contexts.count(key) : around.count(key, place)) +
      expanded.count(key) +
      (deep().of(key) ? 1 : 0),
  };
}
