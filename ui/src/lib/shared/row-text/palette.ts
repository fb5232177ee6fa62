// The colours of the log in both themes as numbers, for what has to be computed of them: the same as in tokens.css, which the
// test compares.
export type Rgb = readonly [r: number, g: number, b: number];
export type Theme = "light" | "dark";
/** What a text stands on where the program did not choose it. */
export type Ground = "log" | "mark" | "hit" | "selection";

interface Colors {
  readonly text: Rgb;
  readonly grounds: Readonly<Record<Ground, Rgb>>;
  /** Black, red, green, yellow, blue, magenta, cyan, white; then the bright ones. */
  readonly ansi: readonly Rgb[];
}

export function hex(color: string): Rgb {
  const number = Number.parseInt(color.slice(1), 16);
  return [(number >> 16) & 255, (number >> 8) & 255, number & 255];
}

export function mix(a: Rgb, b: Rgb, share: number): Rgb {
  return [0, 1, 2].map(
    (i) => (a[i] as number) + ((b[i] as number) - (a[i] as number)) * share,
  ) as unknown as Rgb;
}

/** How much of the accent a selection is: as in RowText.svelte. */
const SELECTION = 0.34;

function colors(log: string, text: string, mark: string, hit: string, accent: string, ansi: string): Colors {
  const ground = hex(log);
  return {
    text: hex(text),
    grounds: { log: ground, mark: hex(mark), hit: hex(hit), selection: mix(ground, hex(accent), SELECTION) },
    ansi: ansi.trim().split(/\s+/).map(hex),
  };
}

export const PALETTE: Readonly<Record<Theme, Colors>> = {
  light: colors(
    "#fbfbfc",
    "#23262e",
    "#ffe28a",
    "#ffb84d",
    "#5b4fd1",
    `#23262e #b3262c #1a7a4c #8a5a00 #1a5fc4 #96279a #0b7285 #6b7280
     #646b7a #d13a3f #217f4f #946200 #2f72d6 #a83aad #0f7c90 #4a505c`,
  ),
  dark: colors(
    "#101216",
    "#d6d9df",
    "#5a4a12",
    "#8a5f00",
    "#6d61e4",
    `#7a8292 #f2777a #4cc38a #e0a63f #6aa9f7 #d68be0 #4fc4d6 #c9cdd5
     #8c94a3 #ff9a9c #74dba8 #f3c368 #93c2ff #e9adf0 #7fdeec #f2f3f5`,
  ),
};
