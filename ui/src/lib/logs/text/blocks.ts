// Lines that belong together and can be folded to their first: stack traces, groups of a build's output, sections of a test run. A
// line says by itself, or with the one behind it, that a block begins; where it ends is read from the lines that follow. Pure.
import type { LogRow } from "../../api/bindings";

export type BlockKind = "trace" | "group" | "section";

export interface Block {
  readonly kind: BlockKind;
  /** How many lines it has, the first one too. */
  readonly lines: number;
  /** What is worth reading of it while it is folded: the error at the end of a Python trace. */
  readonly said?: string;
}

/** What is looked at of a line: what it says, and the sections that begin or end in it by marks which nobody sees. */
export type Line = Pick<LogRow, "text" | "sections">;

/** A rule of a kind of block, by what its lines say. */
interface Rule {
  readonly kind: BlockKind;
  /** Whether a block begins with this line; the line behind it may be what says so. */
  readonly begins: (line: string, next: string | undefined) => boolean;
  /**
   * How many of the lines belong to it, of which the first is the one that it begins with. `open` when it goes on behind them, or
   * may.
   */
  readonly extent: (lines: readonly string[]) => { readonly lines: number; readonly open: boolean };
  readonly said?: (lines: readonly string[]) => string | undefined;
}

const NAME = String.raw`(?:[a-z]|[A-Z][A-Z_.@/-]*[a-z\d])[\w.@/-]*`;
const HOST = String.raw`[\w.:-]*[a-z\d][\w.:-]*`;
const CLOCK = String.raw`\d\d:\d\d:\d\d(?:[.,]\d+)?(?: ?(?:Z|UTC|GMT|[+-]\d\d:?\d\d))?`;
const SYSLOG = String.raw`(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d ${CLOCK}`;
const STAMP = String.raw`\[?(?:(?:\d{4}[-/])?\d\d[-/]\d\d[T ])?${CLOCK}\]?[:,]?`;
const TIMES = String.raw`(?:(?:${STAMP}|${SYSLOG}|\[ *\d+\.\d+\]|std(?:out|err) [FP])(?: |$))*`;
const LEVEL = String.raw`(?<level>\[(?:ERROR|FATAL|SEVERE|CRITICAL|WARN|WARNING|INFO|DEBUG|TRACE)\](?: |$))?`;
/** When a line came, and how serious it is. */
const TIMED = new RegExp(`^${TIMES}${LEVEL}`);
/** Who said it as well, a container or a host and a program: crates/rows/src/prefix.rs takes off the same, but no level. */
const MARGIN = new RegExp(
  String.raw`^${TIMES}(?<container>(?:${NAME} *\||\[pod/[\w./-]+\])(?: |$))?${TIMES}(?<program>(?<=${CLOCK} )${HOST} ${NAME}\[\d+\]:(?: |$)|(?<=${SYSLOG} )${HOST} ${NAME}:(?: |$))?${TIMES}${LEVEL}`,
);

function marginIn(form: RegExp, line: string): { who: string; level: string; length: number } {
  const { 0: all = "", groups = {} } = form.exec(line) ?? {};
  const { container = "", program = "", level = "" } = groups;
  // Blanks at the end of a line may be cut off.
  return { who: container.trimEnd() + program.trimEnd(), level, length: all.length };
}

/**
 * What lines say, without the margin that the first of them has: the name of a container, a time, a level. They end at the first that
 * somebody else says; one without a time or a level may go on what one with them began.
 */
function withoutMargin(lines: readonly string[]): readonly string[] {
  const first = marginIn(MARGIN, lines[0] ?? "");
  if (first.length === 0) return lines;
  const bare: string[] = [];
  for (const line of lines) {
    const { who, level, length } = marginIn(first.who === "" ? TIMED : MARGIN, line);
    if (who !== first.who) break;
    bare.push(line.slice(length - (level.trimEnd() === first.level.trimEnd() ? 0 : level.length)));
  }
  return bare;
}

/** More lines are not folded as one. */
export const MAX_BLOCK = 5_000;
/** Lines before one that may be in a block, up to where that begins. */
export const MAX_ABOVE = 1_000;

/** Lines up to the first that is none of it. Blank lines at its end are not of it. */
function whileLines(
  lines: readonly string[],
  belongs: (line: string, at: number) => boolean,
): { lines: number; open: boolean } {
  let count = 1;
  while (count < lines.length && belongs(lines[count] ?? "", count)) count += 1;
  const open = count === lines.length;
  while (count > 1 && (lines[count - 1] ?? "").trim() === "") count -= 1;
  return { lines: count, open };
}

/** Lines up to one that ends it, which is of it or not. */
function upTo(
  lines: readonly string[],
  ends: (line: string) => "with" | "before" | false,
): { lines: number; open: boolean } {
  for (let at = 1; at < lines.length; at += 1) {
    const end = ends(lines[at] ?? "");
    if (end) return { lines: end === "with" ? at + 1 : at, open: false };
  }
  return { lines: lines.length, open: true };
}

/**
 * `    at com.foo.Bar.run(Bar.java:12)`, `    at run (/x/y.js:3:9)`, `    at async Promise.all (index 0)`, `    at async file:///x/a.mjs:7:1`.
 * Behind it the jar that it is from, the line of .NET, or the properties of the error.
 */
const FRAME =
  /^\s+at (?:[\p{L}\p{M}\p{N}_$.<>[\]/@#`,+|&*=? -]+\(.*\)|(?:async )?\S+:\d+(?::\d+)?|.*<anonymous>.*|<.*>)(?: in .*:line \d+)?\s*(?:~?\[.*\])?(?: \{)?$/u;
const FRAME_MORE =
  /^\s*(?:---> |\.\.\. \d+ (?:more|common frames omitted|lines matching cause stack trace)|Caused by: |Suppressed: |- locked |- waiting |--- End of )/;
/** .NET says first what an exception was caused by. */
const INNER = /^\s+---> /;
const PYTHON = /^(\s*(?:[+|]\s*)*)(?:Exception Group )?Traceback \(most recent call last\):/;
const GO = /^(?:panic: |fatal error: |goroutine \d+ \[|SIG[A-Z]+: )/;
const GO_LINE =
  /^(?:\s*$|\t|goroutine \d+ |created by |\[signal |\[recovered\]|panic: |exit status \d|[\p{L}\p{N}_./*()·{}[\]%-]+\(.*\)$|runtime stack:|\s+\S+\.(?:go|s):\d+)/u;
const RUST = /^thread '.*'(?: \(\d+\))? panicked at /;
const RUST_END = /^(?:stack backtrace:|note: )/;
const RUST_LINE = /^(?:stack backtrace:|note: |\s+\d+: |\s+at |\s+[\w<:>]+::|\s+⋮ )/;
/** Of an error that anyhow or eyre tells. */
const BACKTRACE = /^(?:[Ss]tack backtrace:$|\s*[━─]+ BACKTRACE [━─]+)/;
/** A panic may say a few lines before its stack. */
const RUST_MESSAGE = 20;

const GROUP = /^(::group::|##\[group\]|##teamcity\[(?:blockOpened|testSuiteStarted) )/;
const GROUP_END = /^(?:::endgroup::|##\[endgroup\]|##teamcity\[(?:blockClosed|testSuiteFinished) )/;

const PYTEST_SECTION = /^={3,} .+ ={3,}$/;
const PYTEST_TEST = /^_{3,} .+ _{3,}$/;
const CARGO_TEST = /^---- .+ std(?:out|err) ----$/;
const GO_TEST = /^\s*=== (?:RUN|CONT|PAUSE)\s/;
const GO_TEST_END = /^\s*(?:--- (?:PASS|FAIL|SKIP): |(?:PASS|FAIL|ok)\b)/;
const JEST_TEST = /^ {2}● .+/;
const JEST_END = /^(?: {2}● |Test Suites: |(?: PASS| FAIL|PASS|FAIL) {1,2}\S)/;

const RULES: readonly Rule[] = [
  {
    kind: "group",
    begins: (line) => GROUP.test(line),
    extent: (lines) => {
      let deep = 1;
      return upTo(lines, (line) => {
        if (GROUP_END.test(line)) deep -= 1;
        // On GitHub a group ends where the next begins; elsewhere one is in another.
        else if (GROUP.test(line)) {
          if (GROUP.exec(line)?.[1] === "::group::") return "before";
          deep += 1;
        }
        return deep === 0 && "with";
      });
    },
  },
  {
    kind: "trace",
    begins: (line) => PYTHON.test(line),
    extent: (lines) => {
      const margin = marginOf(lines);
      // All that a group of exceptions says stands behind bars.
      if (/^\s*\+/.test(lines[0] ?? "")) return whileLines(lines, (line) => /^\s+[|+]/.test(line));
      const inside = (line: string): boolean =>
        line.startsWith(margin) && /^\s/.test(line.slice(margin.length));
      const found = whileLines(lines, inside);
      // The line behind them says what went wrong.
      return found.open ? found : { lines: Math.min(lines.length, found.lines + 1), open: false };
    },
    said: (lines) => {
      const rest = lines.slice(1).map((line) => line.slice(marginOf(lines).length));
      return rest.find((line) => /^\S/.test(line))?.trim();
    },
  },
  {
    kind: "trace",
    begins: (line) => RUST.test(line),
    extent: (lines) => {
      const end = lines.slice(0, RUST_MESSAGE).findIndex((line, at) => at > 0 && RUST_END.test(line));
      if (end < 0) return { lines: Math.min(2, lines.length), open: lines.length < RUST_MESSAGE };
      return whileLines(lines, (line, at) => at <= end || RUST_LINE.test(line));
    },
    said: (lines) => lines[1]?.trim(),
  },
  {
    kind: "trace",
    begins: (line) => BACKTRACE.test(line),
    extent: (lines) => whileLines(lines, (line) => RUST_LINE.test(line)),
  },
  {
    kind: "trace",
    begins: (line) => GO.test(line),
    extent: (lines) => whileLines(lines, (line) => GO_LINE.test(line)),
  },
  {
    kind: "trace",
    begins: (line, next) =>
      next !== undefined &&
      (FRAME.test(next) || INNER.test(next)) &&
      !isFrame(line) &&
      !RUST_LINE.test(line) &&
      line.trim() !== "",
    extent: framesIn,
  },
  {
    kind: "section",
    begins: (line) => CARGO_TEST.test(line),
    extent: (lines) =>
      upTo(lines, (line) => (CARGO_TEST.test(line) || /^(?:failures:|test result: )/.test(line)) && "before"),
  },
  {
    kind: "section",
    begins: (line) => PYTEST_TEST.test(line),
    extent: (lines) =>
      upTo(lines, (line) => (PYTEST_TEST.test(line) || PYTEST_SECTION.test(line)) && "before"),
  },
  {
    kind: "section",
    begins: (line) => PYTEST_SECTION.test(line),
    extent: (lines) => upTo(lines, (line) => PYTEST_SECTION.test(line) && "before"),
  },
  {
    kind: "section",
    begins: (line) => GO_TEST.test(line),
    extent: (lines) =>
      upTo(lines, (line) => (GO_TEST_END.test(line) ? "with" : GO_TEST.test(line) && "before")),
  },
  {
    kind: "section",
    begins: (line) => JEST_TEST.test(line),
    extent: (lines) => upTo(lines, (line) => JEST_END.test(line) && "before"),
  },
];

/** What begins in a line by a mark, and does not end in it; of several the first. */
function marked({ sections = [] }: Line): string | undefined {
  const open = new Set<string>();
  for (const { name, ends } of sections) {
    if (ends) open.delete(name);
    else open.add(name);
  }
  return open.values().next().value;
}

/** A group that begins with a mark lasts to the mark of the same name that ends it. A row in which another begins is none of it. */
function markedExtent(lines: readonly Line[], name: string): { lines: number; open: boolean } {
  const ends = (line: Line): boolean => line.sections?.some((one) => one.ends && one.name === name) ?? false;
  const at = lines.findIndex((line, i) => i > 0 && ends(line));
  const end = lines[at];
  if (end === undefined) return { lines: lines.length, open: true };
  return { lines: marked(end) === undefined ? at + 1 : at, open: false };
}

function ruledExtent({ extent }: Rule, lines: readonly Line[]): { lines: number; open: boolean } {
  const texts = withoutMargin(lines.map(({ text }) => begin(text)));
  const found = extent(texts);
  return { ...found, open: found.open && texts.length === lines.length };
}

/** What the lines of a Python trace begin with: a bar for each group of exceptions that it is in. */
const marginOf = ([first = ""]: readonly string[]): string =>
  (PYTHON.exec(first)?.[1] ?? "").replace("+", "|");

function isFrame(line: string): boolean {
  return FRAME.test(line) || FRAME_MORE.test(line);
}

/** Frames, and where Node writes what else the error says of itself between braces, that too. */
function framesIn(lines: readonly string[]): { lines: number; open: boolean } {
  const indentOf = (line: string): number => line.search(/\S|$/);
  const indent = indentOf(lines[0] ?? "");
  let braces = false;
  return whileLines(lines, (line) => {
    if (!braces) {
      braces = line.endsWith(" {");
      return isFrame(line);
    }
    braces = indentOf(line) > indent;
    return braces || line.trim() === "}";
  });
}

/** Of a longer line the rest says nothing of this, and takes time. */
const LOOKED_AT = 1_000;
const begin = (line: string): string => (line.length > LOOKED_AT ? line.slice(0, LOOKED_AT) : line);

/** One look that every line passes with which a block begins by itself, and few others do. */
const MAY_BEGIN =
  /^(?:[\s=_:#+|━─-]|panic|fatal|goroutine|SIG|thread|Traceback|Exception Group|[Ss]tack backtrace)/;
/** The same of a line that follows the first of a trace. */
const MAY_FOLLOW = /^\s+(?:at|--->) /;

function ruleOf({ text: line }: Line, { text: next }: Partial<Line> = {}): Rule | undefined {
  const [first = "", second] = withoutMargin([begin(line), ...(next === undefined ? [] : [begin(next)])]);
  // Most lines are none; looking at ten rules for each that is drawn would be for nothing.
  if (!MAY_BEGIN.test(first) && !(second !== undefined && MAY_FOLLOW.test(second))) return undefined;
  return RULES.find((rule) => rule.begins(first, second));
}

/** What begins with a line; null for most. */
export function beginsBlock(line: Line, next: Line | undefined): BlockKind | null {
  return marked(line) === undefined ? (ruleOf(line, next)?.kind ?? null) : "group";
}

/**
 * The block that begins with the first of these lines. `ended`: none follow. Null when none begins, when it has one line only,
 * and when it goes on behind these lines: with more of them it may be found.
 */
export function blockAt(lines: readonly Line[], ended: boolean): Block | null {
  const [first, second] = lines;
  if (first === undefined) return null;
  const name = marked(first);
  const rule = name === undefined ? ruleOf(first, second) : undefined;
  if (name === undefined && rule === undefined) return null;
  const { lines: count, open } = rule ? ruledExtent(rule, lines) : markedExtent(lines, name ?? "");
  if (count < 2 || count > MAX_BLOCK || (open && !ended)) return null;
  const said = rule?.said?.(withoutMargin(lines.slice(0, count).map(({ text }) => text)));
  return { kind: rule?.kind ?? "group", lines: count, ...(said ? { said } : {}) };
}

/**
 * Which of these lines the innermost block begins with that the last of them is in; null without one. `behind` are the lines that
 * follow. A trace in a trace, as that of one goroutine, is not told apart from the whole.
 */
export function blockAbove(lines: readonly Line[], behind: readonly Line[], ended: boolean): number | null {
  const at = lines.length - 1;
  let trace: number | null = null;
  for (let from = at; from >= 0; from -= 1) {
    const line = lines[from];
    const kind = line === undefined ? null : beginsBlock(line, lines[from + 1] ?? behind[0]);
    if (kind === null || (trace !== null && kind !== "trace")) continue;
    const block = blockAt([...lines.slice(from), ...behind], ended);
    if (block === null || from + block.lines <= at) continue;
    if (kind !== "trace") return from;
    trace = from;
  }
  return trace;
}
