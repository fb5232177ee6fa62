// The colours that a part of a text is drawn in. Whatever pair of text and ground a program has chosen, and whatever theme it did
// not know of, the text can be read: its contrast is 4.5 at least, as WCAG counts it.
import { mix, PALETTE, type Ground, type Rgb, type Theme } from "./palette";
import type { Look } from "./spans";

/** CSS colours, for both themes; `ground` is missing where there is none of its own. */
export interface Drawn {
  readonly text: Readonly<Record<Theme, string>>;
  readonly ground?: Readonly<Record<Theme, string>>;
}

const TRUE_COLOR = 0x1000000;
const LEAST_CONTRAST = 4.5;
/** On the log's own ground, which the colours of rows tint a little. */
const LEAST_ON_LOG = 5;
/** How far dim text goes towards its ground. */
const DIM = 0.3;
const BLACK: Rgb = [0, 0, 0];
const WHITE: Rgb = [255, 255, 255];

function rgb(color: number, theme: Theme): Rgb {
  if (color >= TRUE_COLOR) return [(color >> 16) & 255, (color >> 8) & 255, color & 255];
  if (color < 16) return PALETTE[theme].ansi[color] as Rgb;
  if (color >= 232) {
    const grey = 8 + (color - 232) * 10;
    return [grey, grey, grey];
  }
  const cube = color - 16;
  const level = (n: number): number => (n === 0 ? 0 : 55 + n * 40);
  return [level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6)];
}

function luminance(color: Rgb): number {
  const linear = (channel: number): number => {
    const part = channel / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * linear(color[0]) + 0.7152 * linear(color[1]) + 0.0722 * linear(color[2]);
}

export function contrast(a: Rgb, b: Rgb): number {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

const whole = (color: Rgb): Rgb => color.map(Math.round) as unknown as Rgb;

/** The colour, moved as little towards black or white as it takes. */
function readable(color: Rgb, ground: Rgb, least: number): Rgb {
  if (contrast(color, ground) >= least) return color;
  const end = contrast(WHITE, ground) > contrast(BLACK, ground) ? WHITE : BLACK;
  let [low, high] = [0, 1];
  for (let i = 0; i < 7; i += 1) {
    const middle = (low + high) / 2;
    if (contrast(whole(mix(color, end, middle)), ground) >= least) high = middle;
    else low = middle;
  }
  return whole(mix(color, end, high));
}

const css = ([r, g, b]: Rgb): string => `rgb(${r} ${g} ${b})`;

function pair(look: Look, on: Ground, theme: Theme): { text: Rgb; ground: Rgb; own: boolean } {
  const { text: plain, grounds } = PALETTE[theme];
  let text = look.fg === undefined ? plain : rgb(look.fg, theme);
  let ground = look.bg === undefined ? grounds.log : rgb(look.bg, theme);
  if (look.inverse) [text, ground] = [ground, text];
  const own = on === "log" && (look.inverse === true || look.bg !== undefined);
  if (on !== "log") ground = grounds[on];
  if (look.dim) text = whole(mix(text, ground, DIM));
  return { text: readable(text, ground, own || on !== "log" ? LEAST_CONTRAST : LEAST_ON_LOG), ground, own };
}

const known = new Map<string, Drawn>();
const MAX_KNOWN = 4096;

/** `null` where the row's own colours are meant. */
export function drawn(look: Look, on: Ground): Drawn | null {
  if (look.fg === undefined && look.bg === undefined && !look.inverse && !look.dim) return null;
  const key = `${look.fg} ${look.bg} ${look.inverse} ${look.dim} ${on}`;
  const found = known.get(key);
  if (found !== undefined) return found;
  const [light, dark] = [pair(look, on, "light"), pair(look, on, "dark")];
  const text = { light: css(light.text), dark: css(dark.text) };
  const made = light.own ? { text, ground: { light: css(light.ground), dark: css(dark.ground) } } : { text };
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(key, made);
  return made;
}
