// Where the lanes of each machine stand below each other, and the picture of them. Pure, but for the pen.
import { timeOfDay } from "../../shared/format";
import { OWN_LANES } from "../../shared/own-lane";
import { ticks, tickWords, type Bar, type LaneBars } from "./bars";

export const AXIS = 26;
export const ROW = 18;
const BAR = 14;
const HEAD = 20;
const GAP = 8;
/** The line that says whose lanes follow, where there are several machines. */
const WHOSE = 24;

/** What is drawn of one machine. */
export interface DrawnSide {
  name: string;
  lanes: LaneBars[];
  /** It cannot be reached: nothing later than this moment is known of it, which is 0 where nothing is known at all. */
  lostAt: number | undefined;
  /** Said where it has no lanes. */
  note: string;
}

interface PlacedLane {
  lane: LaneBars;
  /** Where it begins, from above the whole. */
  top: number;
}

export interface PlacedSide {
  side: DrawnSide;
  /** Of the line that says its name, and of all that is its. */
  top: number;
  bottom: number;
  lanes: PlacedLane[];
}

export interface Layout {
  sides: PlacedSide[];
  tall: number;
  /** How high the line of a name is; 0 where there is one machine. */
  whose: number;
}

export function layOut(sides: readonly DrawnSide[]): Layout {
  const whose = sides.length > 1 ? WHOSE : 0;
  let y = AXIS + (whose ? 0 : GAP);
  const placed = sides.map((side): PlacedSide => {
    const top = y;
    y += whose ? whose + GAP / 2 : 0;
    const lanes = side.lanes.map((lane) => {
      const at = y;
      y += HEAD + lane.rows * ROW + GAP;
      return { lane, top: at };
    });
    if (whose && lanes.length === 0) y += ROW + GAP;
    return { side, top, bottom: y, lanes };
  });
  return { sides: placed, tall: y, whose };
}

/** Where the line of each machine's name is drawn: in its place, or at the edge behind which that is, as far as there is room. */
export function headsAt({ sides, whose }: Layout, top: number, height: number): number[] {
  const below = (height - AXIS) / 3 > sides.length * whose;
  return sides.map(({ top: begins, bottom }, n) => {
    const place = Math.min(Math.max(begins - top, AXIS), bottom - top - whose);
    return below ? Math.min(place, height - (sides.length - n) * whose) : place;
  });
}

/** The machine whose name is drawn at a height of the picture. */
export function headAt(layout: Layout, top: number, height: number, y: number): PlacedSide | undefined {
  const at = headsAt(layout, top, height).findIndex((head) => y >= head && y < head + layout.whose);
  return layout.sides[at];
}

/** The bar at a place of the whole, and whose it is. `slack`: how far beside it is near enough, in milliseconds. */
export function barAt(
  { sides }: Layout,
  at: number,
  y: number,
  slack: number,
): { side: number; bar: Bar } | undefined {
  for (const [n, { lanes }] of sides.entries())
    for (const { lane, top } of lanes) {
      const row = Math.floor((y - top - HEAD) / ROW);
      if (row < 0 || row >= lane.rows) continue;
      const bar = lane.bars.findLast(
        (bar) => bar.row === row && bar.from - slack <= at && at <= bar.to + slack,
      );
      return bar && { side: n, bar };
    }
  return undefined;
}

export interface Picture {
  layout: Layout;
  from: number;
  to: number;
  at: number | undefined;
  now: number;
  width: number;
  height: number;
  /** How far down it was scrolled. */
  top: number;
}

export function draw(canvas: HTMLCanvasElement, picture: Picture): void {
  const pen = canvas.getContext("2d");
  if (!pen) return;
  const { layout, from, to, at, now, width, height, top } = picture;
  const scale = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  pen.scale(scale, scale);
  const style = getComputedStyle(canvas);
  // Each is asked for once a picture, however many bars have it.
  const known = new Map<string, string>();
  const colour = (name: string) => {
    const value = known.get(name) ?? style.getPropertyValue(name).trim();
    known.set(name, value);
    return value;
  };
  const font = (weight = "") => (pen.font = `${weight} 11px ${colour("--font-ui")}`.trim());
  const write = (words: string, name: string, x: number, y: number, room: number) => {
    pen.fillStyle = colour(name);
    pen.fillText(fit(pen, words, room), x, y);
  };
  const x = (time: number) => ((time - from) / (to - from)) * width;
  font();
  pen.textBaseline = "middle";
  const marks = ticks(from, to, Math.max(2, Math.floor(width / 90)));
  pen.fillStyle = colour("--line");
  for (const mark of marks) pen.fillRect(Math.round(x(mark)), AXIS, 1, height);

  const bars = (lane: LaneBars, y: number, least: number) => {
    for (const { from: begin, to: end, kind, phase = "pending", row, name } of lane.bars) {
      if (end < from || begin > to) continue;
      const up = y + HEAD + row * ROW + (ROW - BAR) / 2;
      if (up > height || up + BAR < least) continue;
      const left = Math.max(-2, x(begin));
      const wide = Math.max(kind === "coming" ? 3 : 1.5, Math.min(width + 2, x(end)) - left);
      if (kind === "run") {
        pen.fillStyle = colour(`--state-${phase}`);
        pen.fillRect(left, up, wide, BAR);
      } else {
        pen.fillStyle = colour(kind === "wait" ? "--line-control" : "--accent");
        pen.fillRect(left, kind === "wait" ? up + BAR / 2 - 1.5 : up, wide, kind === "wait" ? 3 : BAR);
      }
      // What has room for its name says it.
      if (kind !== "run" || wide - 8 <= 36) continue;
      pen.save();
      pen.beginPath();
      pen.rect(left, up, wide, BAR);
      pen.clip();
      const begins = Math.max(left, 0) + 4;
      write(name, "--bg", begins, up + BAR / 2 + 0.5, left + wide - 4 - begins);
      pen.restore();
    }
  };

  const least = AXIS + layout.whose;
  for (const { side, top: begins, bottom, lanes } of layout.sides) {
    if (bottom - top < AXIS || begins - top > height) continue;
    // What was known of a machine that is lost is not of now.
    pen.globalAlpha = side.lostAt === undefined ? 1 : 0.5;
    for (const { lane, top: place } of lanes) {
      const y = place - top;
      const end = y + HEAD + lane.rows * ROW;
      if (end < least || y > height) continue;
      bars(lane, y, AXIS);
      font("600");
      const title = lane.own ? OWN_LANES : lane.slot;
      const head = lane.machine === undefined ? title : `${title} · on ${lane.machine}`;
      // It stays in sight as long as a bar of the lane is.
      write(head, "--text", 8, Math.min(Math.max(y, least), end - ROW) + HEAD / 2, width - 16);
      font();
    }
    pen.globalAlpha = 1;
    if (layout.whose > 0 && lanes.length === 0)
      write(side.note, "--text-3", 8, begins - top + layout.whose + GAP / 2 + ROW / 2, width - 16);
  }
  const heads = layout.whose > 0 ? headsAt(layout, top, height) : [];
  for (const [n, y] of heads.entries()) {
    const { side } = layout.sides[n]!;
    if (y + layout.whose < AXIS || y > height) continue;
    pen.fillStyle = colour("--bg-side");
    pen.fillRect(0, y, width, layout.whose);
    pen.fillStyle = colour("--line");
    pen.fillRect(0, y, width, 1);
    // The next one has its own above it.
    if (heads[n + 1] !== y + layout.whose) pen.fillRect(0, y + layout.whose - 1, width, 1);
    font("600");
    const name = fit(pen, side.name, width - 16);
    write(name, "--text", 8, y + layout.whose / 2, width - 16);
    const right = 8 + pen.measureText(name).width;
    font();
    if (side.lostAt !== undefined) {
      const as =
        side.lostAt > 0 ? `not connected, shown as it was at ${timeOfDay(side.lostAt)}` : "not connected";
      write(as, "--state-failed", right + 12, y + layout.whose / 2, width - right - 20);
    }
  }

  pen.fillStyle = colour("--accent");
  if (now >= from && now <= to) pen.fillRect(Math.round(x(now)), AXIS - 4, 1, height);
  if (at !== undefined) {
    pen.fillStyle = colour("--text");
    pen.fillRect(Math.round(x(at)), AXIS - 4, 1, height);
  }
  pen.fillStyle = colour("--bg");
  pen.fillRect(0, 0, width, AXIS - 4);
  pen.fillStyle = colour("--text-3");
  for (const mark of marks) {
    const words = tickWords(mark, to - from);
    // One that would be cut at the edge says less than none.
    if (x(mark) + 4 + pen.measureText(words).width <= width) pen.fillText(words, x(mark) + 4, AXIS / 2 - 1);
  }
}

/** As much of a text as there is room for. */
function fit(pen: CanvasRenderingContext2D, text: string, room: number): string {
  if (pen.measureText(text).width <= room) return text;
  const letters = [...text];
  let [low, high] = [0, letters.length];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (pen.measureText(`${letters.slice(0, middle).join("")}…`).width <= room) low = middle;
    else high = middle - 1;
  }
  return `${letters.slice(0, low).join("")}…`;
}
