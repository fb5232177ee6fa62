// The span of time that the line shows, and the machines whose tasks stand on it.
import type { Backend, Unsubscribe } from "../../api/backend";
import type { MachineList, TaskSpan } from "../../api/types";
import { standsAt } from "../../shared/clock.svelte";
import { SeenTimer } from "../../shared/seen-timer";
import { zoomed } from "./bars";
import { Side, type Asked, type Stretch } from "./side.svelte";

const HOUR = 3_600_000;
/** Of all machines together, and at least of each. */
const MOST = 10_000;
const LEAST = 500;
const SETTLE_MS = 180;
/** What goes on has grown by about a pixel after such a part of what is shown. */
const GROWTH = 1000;

/** What ran on one machine. */
export interface RanThere {
  side: Side;
  spans: TaskSpan[];
}

export class Timeline {
  from = $state(Date.now() - 6 * HOUR);
  to = $state(Date.now() + HOUR);
  /** The moment that was asked about. */
  at = $state<number | undefined>(undefined);
  now = $state(Date.now());
  /** This machine first, and then those that are connected. */
  sides = $state.raw<readonly Side[]>([]);

  /** The machine that the window is on. */
  readonly own: Side;
  several = $derived.by(() => this.sides.length > 1);
  ran: RanThere[] = $derived.by(() => {
    const { at } = this;
    if (at === undefined) return [];
    return this.sides.map((side) => ({ side, spans: side.ranAt(at) })).filter(({ spans }) => spans.length);
  });
  more = $derived.by(() => ({
    past: this.sides.some(({ more }) => more.past),
    coming: this.sides.some(({ more }) => more.coming),
  }));

  #following = false;
  readonly #settled = new SeenTimer(() => this.sides.forEach((side) => side.readNow()));
  readonly #growth = new SeenTimer(() => {
    this.now = Date.now();
    this.#grow();
  });

  /** `chosen`: the name of the machine that the window is on. */
  constructor(
    readonly backend: Asked & Pick<Backend, "on" | "watchMachines">,
    chosen: string | null = null,
  ) {
    this.own = this.#side(chosen, backend);
    this.sides = [this.own];
  }

  /** Follows what changes until it is called back. */
  follow(): () => void {
    this.#following = true;
    this.own.follow(false);
    this.#grow();
    const watching: Promise<Unsubscribe> = this.backend
      .watchMachines((told) => this.#take(told), true)
      .catch(() => () => {}); // Then it is the line of this one machine.
    return () => {
      this.#following = false;
      for (const timer of [this.#settled, this.#growth]) timer.clear();
      this.sides.forEach((side) => side.stop());
      void watching.then((stop) => stop());
    };
  }

  /** Something has changed on the machine that the window is on: it is read before long, where it is not over for all that is shown. */
  touch(): void {
    if (this.to >= this.now) this.own.touch();
  }

  show(from: number, to: number): void {
    [this.from, this.to] = [from, to];
    this.#settled.after(SETTLE_MS);
  }

  zoom(by: number, about = (this.from + this.to) / 2): void {
    const { from, to } = zoomed(this.from, this.to, by, about);
    this.show(from, to);
  }

  /** By a part of what is shown. */
  pan(by: number): void {
    const ms = Math.round((this.to - this.from) * by);
    this.show(this.from + ms, this.to + ms);
  }

  toNow(): void {
    const length = this.to - this.from;
    const from = Date.now() - Math.round(length * 0.85);
    this.show(from, from + length);
  }

  #grow(): void {
    this.#growth.after(Math.max(1000, (this.to - this.from) / GROWTH));
  }

  #side(machine: string | null, asked: Asked): Side {
    return new Side(
      machine,
      asked,
      () => this.#stretch(),
      () => standsAt() ?? this.now,
    );
  }

  #stretch(): Stretch {
    const beside = Math.round((this.to - this.from) / 2);
    const limit = Math.max(LEAST, Math.floor(MOST / this.sides.length));
    return { from: Math.max(0, this.from - beside), to: this.to + beside, limit };
  }

  /** The machines as they are: one more or less, one that is lost or back. */
  #take({ here, machines }: MachineList): void {
    if (!this.#following) return;
    const before = new Map(this.sides.map((side) => [side.machine, side]));
    const all = [
      { machine: null, reach: here },
      ...machines.map(({ name, reach }) => ({ machine: name, reach })),
    ];
    const added: Side[] = [];
    const back: Side[] = [];
    this.sides = all.map(({ machine, reach }) => {
      const known = before.get(machine);
      before.delete(machine);
      const side = known ?? this.#side(machine, this.backend.on(machine));
      if (!known) added.push(side);
      else if (side.reach.state === "lost" && reach.state !== "lost") back.push(side);
      side.reach = reach;
      return side;
    });
    for (const gone of before.values()) gone.stop();
    // Which machines there are says how much of each is read.
    for (const side of added) side.follow(true);
    for (const side of back) side.readNow();
  }
}
