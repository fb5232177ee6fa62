// What the filter bar offers to go on with: the kinds of tokens, and of one its values, with how many tasks there are of each.
import type { JobRow, Summary } from "../api/types";
import type { Offer, Option } from "../shared/completion.svelte";
import { count, plural } from "../shared/format";
import { SORTS, sortWords } from "../shared/order";
import { GROUPS } from "../shared/phase";
import { labelToken, laneToken, readToken, stateToken } from "./filter";

/** By example where there is no list of values. */
const KINDS: readonly Option[] = [
  { value: "state:", info: "running, waiting, failed, finished", more: true },
  { value: "lane:", info: "tasks of one lane", more: true },
  { value: "label:", info: "a label and its value", more: true },
  { value: "job:", info: "tasks of a saved job", more: true },
  { value: "name:", info: "somewhere in the name" },
  { value: "since:", info: "submitted in the last 30m, 12h, 1d", more: true },
  { value: "took>", info: "took longer than 30s, 5m, 2h", more: true },
  { value: "took<", info: "took less than 30s, 5m, 2h", more: true },
  { value: "exit:", info: "ended with this exit code" },
  { value: "sort:", info: "in which order", more: true },
];
const SINCE = ["1h", "12h", "1d", "7d"];
const LENGTHS = ["10s", "1m", "10m", "1h"];

interface Known {
  readonly summary: Summary | undefined;
  readonly jobs: () => Promise<readonly JobRow[]>;
}

export async function offerFilter(text: string, caret: number, known: Known): Promise<Offer | null> {
  const word = /(?:[^\s"]|"(?:[^"]|"")*"?)*$/.exec(text.slice(0, caret))?.[0] ?? "";
  // In the middle of a word nothing is begun.
  if (/^\S/.test(text.slice(caret))) return null;
  const minus = word.startsWith("-") ? "-" : "";
  const begun = word.slice(minus.length);
  const token = readToken(begun);
  const options =
    token === undefined
      ? KINDS.filter(({ value }) => value.startsWith(begun.toLowerCase()))
      : (await values(token.kind, known)).filter(({ value }) =>
          value.toLowerCase().startsWith(begun.toLowerCase()),
        );
  return {
    from: caret - word.length,
    to: caret,
    // A whole token is followed by the next one.
    options: options.map((option) => ({
      ...option,
      value: minus + option.value + (token === undefined ? "" : " "),
    })),
  };
}

async function values(kind: string, { summary, jobs }: Known): Promise<Option[]> {
  switch (kind) {
    case "state":
      return GROUPS.filter(({ key }) => key !== "all").map(({ key, phases }) => ({
        value: stateToken(key),
        info: summary && count(phases.reduce((sum, phase) => sum + summary.byPhase[phase], 0)),
      }));
    case "lane":
      return (summary?.lanes ?? [])
        .filter(({ own }) => !own)
        .map(({ slot, running, queued }) => ({
          value: laneToken(slot),
          info: [running > 0 && `${running} running`, queued > 0 && `${queued} waiting`]
            .filter(Boolean)
            .join(", "),
        }));
    case "label":
      return (summary?.labels ?? []).map(({ key, value, count: of }) => ({
        value: labelToken(key, value),
        info: plural(of, "task"),
      }));
    case "job":
      return (await jobs()).map(({ name, title }) => ({ value: `job:${name}`, info: title }));
    case "sort":
      return SORTS.filter((by) => by !== "created").flatMap((by) =>
        [false, true].map((reverse) => ({
          value: `sort:${reverse ? "-" : ""}${by}`,
          info: sortWords({ by, reverse }),
        })),
      );
    case "since":
      return SINCE.map((span) => ({ value: `since:${span}` }));
    case "took>":
    case "took<":
      return LENGTHS.map((span) => ({ value: `${kind}${span}` }));
    default:
      return [];
  }
}
