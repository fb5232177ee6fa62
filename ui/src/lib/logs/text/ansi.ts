// Turns one row of raw output into styled spans of plain text.
//
// Draws SGR (16, 256 and true colour, bold, dim, italic, underline, strike, inverse), replays carriage returns, backspaces and
// erase-in-line so that a progress bar shows its last state, and drops every other escape. Nothing here makes markup: the result
// is strings for text nodes. What a row looks like on screen lives in LogRow.svelte; which row is shown lives in scroll.ts.

/** A palette index (0–255), or a true colour as 0x1000000 | rgb. */
export type Color = number;

export interface Style {
  readonly fg?: Color;
  readonly bg?: Color;
  readonly bold?: boolean;
  readonly dim?: boolean;
  readonly italic?: boolean;
  readonly underline?: boolean;
  readonly strike?: boolean;
  readonly inverse?: boolean;
}

export interface Span {
  readonly text: string;
  readonly style: Style;
  /** True for the visible stand-ins of control characters. */
  readonly control: boolean;
}

export interface ParsedLine {
  readonly spans: readonly Span[];
  /** The text to copy: what the spans show, one UTF-16 unit for one, with control characters as they came. */
  readonly plain: string;
  /** Where each UTF-16 unit of `plain` stands in the raw text; null when the two are the same text. */
  readonly origin: readonly number[] | null;
  /** What is on behind it. The next row of its stream says by itself what it begins with. */
  readonly end: Style;
}

export const PLAIN: Style = Object.freeze({});

const TRUE_COLOR = 0x1000000;

/** Styles that rows began with lately: the same parameters give the same object. */
const STYLES = new Map<string, Style>();
const MAX_STYLES = 256;

/** The theme's names of the first sixteen colours. */
const HUES = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];
const NAMES: readonly string[] = [...HUES, ...HUES.map((hue) => `bright-${hue}`)];

/** Is there anything in the text beyond ordinary characters and tabs? */
const SPECIAL = /[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

/** A CSS colour for palette entries from 16 up and for true colours; the first sixteen belong to the theme. */
export function cssColor(color: Color): string {
  if (color < 16) return `var(--ansi-${NAMES[color]})`;
  if (color >= TRUE_COLOR) return rgb((color >> 16) & 255, (color >> 8) & 255, color & 255);
  if (color >= 232) {
    const grey = 8 + (color - 232) * 10;
    return rgb(grey, grey, grey);
  }
  const cube = color - 16;
  const level = (n: number): number => (n === 0 ? 0 : 55 + n * 40);
  return rgb(level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6));
}

function rgb(r: number, g: number, b: number): string {
  return `rgb(${r} ${g} ${b})`;
}

/** Parses one row; `start` is what earlier rows left switched on. */
export function parseAnsi(text: string, start: Style = PLAIN): ParsedLine {
  if (!SPECIAL.test(text)) {
    const spans = text === "" ? [] : [{ text, style: start, control: false }];
    return { spans, plain: text, origin: null, end: start };
  }
  const screen = new Cells(start);
  let at = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === 0x1b || code === 0x9b) {
      const escape = readEscape(text, at);
      if (escape === null) {
        screen.put(text.charAt(at), true, at);
        at += 1;
      } else {
        if (escape.final === "m") screen.style = applySgr(screen.style, escape.params);
        else if (escape.final === "K") screen.erase(escape.params);
        at = escape.next;
      }
    } else if (code === 0x0d) {
      screen.column = 0;
      at += 1;
    } else if (code === 0x08) {
      screen.column = Math.max(0, screen.column - 1);
      at += 1;
    } else {
      const char = String.fromCodePoint(text.codePointAt(at) as number);
      screen.put(char, isControl(code), at);
      at += char.length;
    }
  }
  return screen.finish();
}

/** Ranges of raw columns as ranges of the columns that are shown: what was overwritten or dropped falls out. */
export function shownRanges(
  ranges: readonly (readonly [number, number])[],
  { origin }: Pick<ParsedLine, "origin">,
): readonly (readonly [number, number])[] {
  if (origin === null) return ranges;
  const out: [number, number][] = [];
  for (const [from, to] of ranges) {
    let start = -1;
    for (let column = 0; column <= origin.length; column += 1) {
      const raw = origin[column] ?? -1;
      const inside = raw >= from && raw < to;
      if (inside && start < 0) start = column;
      if (!inside && start >= 0) {
        out.push([start, column]);
        start = -1;
      }
    }
  }
  return out;
}

/** What parameters of an SGR sequence switch on, as rows say it of their beginning. */
export function styleOf(params: string | undefined): Style {
  if (params === undefined) return PLAIN;
  const known = STYLES.get(params);
  if (known !== undefined) return known;
  const style = applySgr(PLAIN, params);
  if (STYLES.size >= MAX_STYLES) STYLES.clear();
  STYLES.set(params, style);
  return style;
}

function isControl(code: number): boolean {
  return code !== 0x09 && visible(code) !== null;
}

/** The stand-in for a character that would be invisible or would rearrange the text around it; null for all others. */
function visible(code: number): string | null {
  if (code === 0x09) return null;
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return "\u2421";
  if (code >= 0x80 && code <= 0x9f) return "\ufffd";
  if (code === 0x2028 || code === 0x2029) return "\u2424";
  const bidi =
    code === 0x61c ||
    code === 0x200e ||
    code === 0x200f ||
    (code >= 0x202a && code <= 0x202e) ||
    (code >= 0x2066 && code <= 0x2069);
  return bidi ? "\ufffd" : null;
}

/** One terminal line: characters are overwritten in place, as a terminal does after a carriage return. */
class Cells {
  style: Style;
  column = 0;
  #chars: string[] = [];
  #styles: Style[] = [];
  #control: boolean[] = [];
  #from: number[] = [];

  constructor(start: Style) {
    this.style = start;
  }

  put(char: string, control: boolean, from: number): void {
    while (this.#chars.length < this.column) this.#blank(this.#chars.length);
    this.#chars[this.column] = char;
    this.#from[this.column] = from;
    this.#styles[this.column] = this.style;
    this.#control[this.column] = control;
    this.column += 1;
  }

  /** EL: 0 clears from the cursor on, 1 up to it, 2 everything. The cursor stays where it is. */
  erase(params: string): void {
    if (params === "1") {
      for (let i = 0; i <= this.column && i < this.#chars.length; i += 1) this.#blank(i);
    } else if (params === "" || params === "0" || params === "2") {
      const keep = params === "2" ? 0 : Math.min(this.column, this.#chars.length);
      this.#chars.length = this.#styles.length = this.#control.length = this.#from.length = keep;
    }
  }

  #blank(i: number): void {
    this.#chars[i] = " ";
    this.#styles[i] = PLAIN;
    this.#control[i] = false;
    this.#from[i] = -1; // Nothing of the raw text is here.
  }

  finish(): ParsedLine {
    const spans: Span[] = [];
    const origin: number[] = [];
    let run = "";
    for (let i = 0; i < this.#chars.length; i += 1) {
      const char = this.#chars[i] as string;
      for (let unit = 0; unit < char.length; unit += 1) origin.push((this.#from[i] as number) + unit);
      run += this.#control[i] ? (visible(char.charCodeAt(0)) ?? char) : char;
      const last = i + 1 === this.#chars.length;
      if (last || this.#styles[i] !== this.#styles[i + 1] || this.#control[i] !== this.#control[i + 1]) {
        spans.push({ text: run, style: this.#styles[i] as Style, control: this.#control[i] as boolean });
        run = "";
      }
    }
    return { spans, plain: this.#chars.join(""), origin, end: this.style };
  }
}

interface Escape {
  /** The final byte of a CSI sequence without private marks; empty for every other escape. */
  readonly final: string;
  readonly params: string;
  readonly next: number;
}

/** Reads the escape at `at`; null when it is not complete, so that a cut or broken one is shown instead of eating the row. */
function readEscape(text: string, at: number): Escape | null {
  if (text.charCodeAt(at) === 0x9b) return readCsi(text, at + 1);
  const kind = text.charAt(at + 1);
  if (kind === "[") return readCsi(text, at + 2);
  if (kind !== "" && "]PX^_".includes(kind)) return readString(text, at + 2, kind === "]");
  let next = at + 1;
  while (inRange(text, next, 0x20, 0x2f)) next += 1;
  return inRange(text, next, 0x30, 0x7e) ? { final: "", params: "", next: next + 1 } : null;
}

function readCsi(text: string, from: number): Escape | null {
  let at = from;
  while (inRange(text, at, 0x30, 0x3f)) at += 1;
  const params = text.slice(from, at);
  const plain = !inRange(text, at, 0x20, 0x2f) && !/^[<-?]/.test(params);
  while (inRange(text, at, 0x20, 0x2f)) at += 1;
  if (!inRange(text, at, 0x40, 0x7e)) return null;
  return { final: plain ? text.charAt(at) : "", params, next: at + 1 };
}

/** OSC ends at BEL or ST; DCS, SOS, PM and APC at ST only. */
function readString(text: string, from: number, bellEnds: boolean): Escape | null {
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x9c || (bellEnds && code === 0x07)) return { final: "", params: "", next: at + 1 };
    if (code === 0x1b) return text.charAt(at + 1) === "\\" ? { final: "", params: "", next: at + 2 } : null;
  }
  return null;
}

function inRange(text: string, at: number, low: number, high: number): boolean {
  const code = text.charCodeAt(at);
  return code >= low && code <= high;
}

function applySgr(before: Style, params: string): Style {
  let style: Style = before;
  // Colons join the parts of one colour, semicolons separate attributes; the old form of a colour uses semicolons for both.
  const groups = params
    .split(";")
    .map((group) => group.split(":").map((part) => (part === "" ? -1 : Number(part))));
  for (let i = 0; i < groups.length; i += 1) {
    const group = groups[i] as number[];
    const code = group[0] === -1 ? 0 : (group[0] as number);
    if (code === 38 || code === 48) {
      let color: Color | null;
      if (group.length > 1) {
        const parts = group.length >= 5 ? trueColor(group.slice(-3)) : null;
        color = group[1] === 2 ? parts : indexed(group[2]);
      } else if (groups[i + 1]?.[0] === 5) {
        color = indexed(groups[i + 2]?.[0]);
        i += 2;
      } else if (groups[i + 1]?.[0] === 2) {
        color = trueColor([2, 3, 4].map((offset) => groups[i + offset]?.[0] ?? -2));
        i += 4;
      } else {
        break;
      }
      if (color !== null) style = { ...style, [code === 38 ? "fg" : "bg"]: color };
    } else if (code === 4 && group.length > 1) {
      style = { ...style, underline: group[1] !== 0 };
    } else {
      style = simpleSgr(style, code);
    }
  }
  return style;
}

function simpleSgr(style: Style, code: number): Style {
  if (code === 0) return PLAIN;
  if (code >= 30 && code <= 37) return { ...style, fg: code - 30 };
  if (code >= 40 && code <= 47) return { ...style, bg: code - 40 };
  if (code >= 90 && code <= 97) return { ...style, fg: code - 82 };
  if (code >= 100 && code <= 107) return { ...style, bg: code - 92 };
  switch (code) {
    case 1:
      return { ...style, bold: true };
    case 2:
      return { ...style, dim: true };
    case 3:
      return { ...style, italic: true };
    case 4:
    case 21:
      return { ...style, underline: true };
    case 7:
      return { ...style, inverse: true };
    case 9:
      return { ...style, strike: true };
    case 22:
      return { ...style, bold: false, dim: false };
    case 23:
      return { ...style, italic: false };
    case 24:
      return { ...style, underline: false };
    case 27:
      return { ...style, inverse: false };
    case 29:
      return { ...style, strike: false };
    case 39:
      return { ...style, fg: undefined };
    case 49:
      return { ...style, bg: undefined };
    default:
      return style; // Blinking and hidden text are ignored on purpose: a log must not flicker or conceal.
  }
}

function indexed(value: number | undefined): Color | null {
  return value !== undefined && value >= 0 && value <= 255 ? value : null;
}

function trueColor(parts: readonly number[]): Color | null {
  const [r, g, b] = parts.map((part) => (part === -1 ? 0 : part));
  if (r === undefined || g === undefined || b === undefined) return null;
  if ([r, g, b].some((part) => !(part >= 0 && part <= 255))) return null;
  return TRUE_COLOR | (r << 16) | (g << 8) | b;
}
