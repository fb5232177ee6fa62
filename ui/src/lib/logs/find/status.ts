// What the find field says of its search: "37 of 1,204", and "searched 1.2 GB of 2.1 GB" for as long as it is not through.
import { bytes, count, plural } from "../../shared/format";
import type { Find } from "./find.svelte";

export interface FindStatus {
  readonly text: string;
  /** How far it is, while that says something. */
  readonly detail: string;
  /** All of it in full words. */
  readonly title: string;
  readonly bad: boolean;
}

/** What stands in the place of rows where a filter shows none. What is wrong with a pattern is said in its field. */
export function noHits({ active, searching, search }: Pick<Find, "active" | "searching" | "search">): string {
  if (active && searching) return "Searching";
  return active && search?.error ? "" : "No lines match";
}

const NOTHING: FindStatus = { text: "", detail: "", title: "", bad: false };

/** `removed`: how many lines are gone, which nothing can be found in. */
export function findStatus(
  { active, search, hit, stopped }: Pick<Find, "active" | "search" | "hit" | "stopped">,
  removed = 0,
): FindStatus {
  if (!active || search === null) return NOTHING;
  const { error, progress } = search;
  if (error) return { text: error.message, detail: "", title: error.message, bad: true };
  if (progress === null) return { ...NOTHING, text: "Searching" };
  const { matches, searchedBytes, totalBytes, complete } = progress;
  const gone = removed > 0 ? ` · ${plural(removed, "line")} gone` : "";
  const far = `searched ${bytes(searchedBytes)} of ${bytes(totalBytes)}${gone}`;
  const state = stopped ? "stopped, " : "";
  if (matches === 0 && complete) return { text: "No hits", detail: gone, title: far, bad: true };
  const text = hit && hit.index > 0 ? `${count(hit.index)} of ${count(matches)}` : count(matches);
  const detail = complete && !stopped ? gone : ` · ${state}${far}`;
  return { text, detail, title: `${text} · ${state}${far}`, bad: false };
}
