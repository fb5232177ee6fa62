// In which order the palette shows what it offers: what was used lately first, and of what is typed the best matches, group by group.
import { go } from "fuzzysort";
import { ENTRY_GROUPS, TASKS, type Entry, type EntryGroup } from "./palette";

/** A title in parts, those that match by themselves. */
interface TitlePart {
  text: string;
  hit: boolean;
}
interface Match {
  entry: Entry;
  title: readonly TitlePart[];
}
export interface MatchGroup {
  word: EntryGroup | "Recent";
  matches: readonly Match[];
}

const plain = (entry: Entry): Match => ({ entry, title: [{ text: entry.title, hit: false }] });
/** A group that nobody has asked for shows its first few. */
const FEW = 5;
const RECENT = 6;

/** `recent`: the keys of what was used lately, the last first. */
export function arranged(
  all: readonly Entry[],
  typed: string,
  recent: readonly string[],
): readonly MatchGroup[] {
  const needle = typed.trim();
  return needle === "" ? offered(all, recent) : matching(all, needle, recent);
}

/** What there is, before anything is typed. */
function offered(all: readonly Entry[], recent: readonly string[]): readonly MatchGroup[] {
  const byKey = new Map(all.map((entry) => [entry.key, entry]));
  const lately = recent.flatMap((key) => byKey.get(key) ?? []).slice(0, RECENT);
  const rest = all.filter((entry) => !lately.includes(entry));
  const most = (word: EntryGroup) => (word === "Tasks" || word === "Jobs" || word === "Lanes" ? FEW : 100);
  const groups = ENTRY_GROUPS.map((word): MatchGroup => {
    const matches = rest.filter((entry) => entry.group === word && !entry.sought).map(plain);
    return { word, matches: matches.slice(0, most(word)) };
  });
  return nonEmpty([{ word: "Recent", matches: lately.map(plain) }, ...groups]);
}

function matching(all: readonly Entry[], needle: string, recent: readonly string[]): readonly MatchGroup[] {
  const found = go(needle, all, { keys: ["title", (entry) => entry.detail ?? ""], limit: 0, threshold: 0.3 });
  const places = new Map(all.map((entry, place) => [entry, place]));
  const scored = found.map((result) => {
    const [title] = result;
    const at = recent.indexOf(result.obj.key);
    // Of two that match alike, what was used lately comes first.
    const score = result.score + (at < 0 ? 0 : 0.1 / (at + 1));
    const parts =
      title && title.score > 0
        ? title.highlight((text): TitlePart => ({ text, hit: true })).map(asPart)
        : [{ text: result.obj.title, hit: false }];
    return { entry: result.obj, title: parts, score };
  });
  // Of those that match alike, as they were offered: tasks from the newest.
  scored.sort((a, b) => b.score - a.score || places.get(a.entry)! - places.get(b.entry)!);
  // The group of the best match is shown first, and so on.
  const order = [...new Set(scored.map(({ entry }) => entry.group))];
  return nonEmpty(
    order.map((word) => ({
      word,
      matches: scored.filter(({ entry }) => entry.group === word).slice(0, TASKS),
    })),
  );
}

const asPart = (part: string | TitlePart): TitlePart =>
  typeof part === "string" ? { text: part, hit: false } : part;
const nonEmpty = (groups: readonly MatchGroup[]) => groups.filter(({ matches }) => matches.length > 0);
