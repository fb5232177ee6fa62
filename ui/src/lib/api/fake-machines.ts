// The other machines of the backend in memory: their list, which one is shown, and what trying one says. Whose tasks are shown then
// is fake.ts's.
import { ApiError } from "./errors";
import { throwAll } from "./fake-check";
import type {
  Connection,
  ConnectionTest,
  FieldError,
  Reach,
  Settings,
  ListedMachine,
  MachineList,
} from "./types";

const FINGERPRINT = Array.from({ length: 32 }, (_, i) => ((i * 37 + 11) % 256).toString(16).padStart(2, "0"))
  .join(":")
  .toUpperCase();
export const SEEDED: Connection[] = [
  { name: "build-box", url: "ssh://build-box" },
  { name: "lab", url: "https://lab.example.org:7654", fingerprint: FINGERPRINT },
];
export const LAB_IS_LOST =
  "https://lab.example.org:7654 cannot be reached: Connection refused (os error 111)";

export class FakeMachines {
  chosen: string | null = null;
  #reach = new Map<string, Reach>();
  #tokens = new Map<string, string>();
  #links = 0;
  #linkOf = new Map<string, number>();
  #told = new Set<(told: MachineList) => void>();
  /** Of them, those for which each machine is tried. */
  #all = new Set<(told: MachineList) => void>();

  constructor(
    readonly settings: () => Settings,
    readonly set: (connections: Connection[]) => void,
    /** Shows the tasks of another machine. */
    readonly turn: (from: string | null, to: string | null) => void,
  ) {}

  watch(onList: (told: MachineList) => void, all = false): () => void {
    this.#told.add(onList);
    if (all) this.#all.add(onList);
    if (all) this.tell();
    else onList(this.now());
    return () => {
      this.#told.delete(onList);
      if (this.#all.delete(onList)) this.tell();
    };
  }

  now(): MachineList {
    const machines = this.settings().connections.map((connection): ListedMachine => {
      const used = connection.name === this.chosen || this.#all.size > 0;
      return {
        ...connection,
        hasToken: this.#tokens.has(connection.name),
        reach: used ? (this.#reach.get(connection.name) ?? { state: "reached" }) : { state: "idle" },
        link: used ? (this.#linkOf.get(connection.name) ?? 0) : 0,
      };
    });
    return { chosen: this.chosen, removed: false, here: { state: "reached" }, machines };
  }

  tell() {
    for (const told of this.#told) told(this.now());
  }

  choose(name: string | null) {
    if (name !== null && !this.settings().connections.some((one) => one.name === name))
      throw refuse("machine", `no connection is named ${name}`);
    if (name !== this.chosen) {
      this.turn(this.chosen, name);
      this.chosen = name;
      if (name !== null) this.#linkOf.set(name, ++this.#links);
    }
    this.tell();
  }

  reach(name: string, reach: Reach) {
    this.#reach.set(name, reach);
    this.tell();
  }

  save(connection: Connection, token: string | undefined, isNew: boolean) {
    this.#check(connection);
    const { connections } = this.settings();
    const others = connections.filter(({ name }) => name !== connection.name);
    if (isNew && others.length < connections.length)
      throw refuse("name", "is the name of another machine already");
    if (token !== undefined) this.#tokens.set(connection.name, token);
    if (token === "") this.#tokens.delete(connection.name);
    this.set([...others, connection]);
    this.tell();
  }

  /** A machine named `down` never answers; a token must be given unless it is reached by ssh. */
  test(connection: Connection, token: string | undefined): ConnectionTest {
    this.#check(connection);
    const { hostname, protocol } = new URL(connection.url.replace(/^ssh:/, "http:"));
    if (hostname === "down")
      throw new ApiError({
        error: "Unavailable",
        message: `${connection.url} cannot be reached: Connection refused`,
      });
    if (connection.url.startsWith("ssh:")) return { outcome: "reached", running: 2 };
    if (protocol === "https:" && !connection.fingerprint)
      return { outcome: "unknownCertificate", fingerprint: FINGERPRINT };
    if ((token ?? this.#tokens.get(connection.name) ?? "") === "") throw refuse("token", "is required there");
    return { outcome: "reached", running: 2 };
  }

  /** Rejects what is asked of a machine that is not there. */
  check(name: string | null) {
    const reach = name === null ? undefined : this.#reach.get(name);
    if (reach?.state === "lost") throw new ApiError({ error: "Unavailable", message: reach.problem });
  }

  remove(name: string) {
    if (name === this.chosen) {
      this.turn(name, null);
      this.chosen = null;
    }
    this.#tokens.delete(name);
    this.set(this.settings().connections.filter((one) => one.name !== name));
    this.tell();
  }

  #check({ name, url }: Connection) {
    const problems: FieldError[] = [];
    if (name.trim() === "") problems.push({ field: "name", message: "must not be empty" });
    if (!/^(https|http|ssh):\/\/[^/]+$/.test(url))
      problems.push({ field: "url", message: "must begin with https://, http:// or ssh://" });
    // One that is stored already can be changed and removed.
    if (name === "here" && !this.settings().connections.some((one) => one.name === name))
      problems.push({
        field: "name",
        message: "must not be here, which is this machine in a lane; choose another name",
      });
    throwAll(problems);
  }
}

const refuse = (field: string, message: string) => new ApiError({ error: "InvalidRequest", field, message });
