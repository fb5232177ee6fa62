// The unfinished form, kept until it is submitted or discarded, so that closing loses nothing: of a new task, and of each task or spec
// that was opened for a change. They are kept by the engine, with the tasks and in their backups. Values of variables that
// look secret are left out. The task as a text may hold secrets that only a reader of it could find: it is kept while the page is
// there.
import type { Backend, DraftKind, EnvVar, TaskSpec } from "../api";
import { holdsSecret, isMasked, withoutSecrets } from "../shared/secret";
import { emptyForm, type Form } from "./form";
import { fromSpec } from "./from-spec";
import { merged } from "./merged";
import type { TextView } from "./text";

const KINDS: readonly DraftKind[] = ["newTask", "changedTask"];
/** Where releases up to 0.1.0 kept them: in the storage of the page. */
const EARLIER: Record<DraftKind, string> = {
  newTask: "solti.submit.draft",
  changedTask: "solti.submit.change",
};
/** Typing pauses for so long before what was typed is kept. */
const PAUSE_MS = 400;
/** Of changes, those that were written in last. */
const MOST_CHANGES = 20;

/** What a form is about: nothing yet, a spec, or a waiting task that is to become what it says. */
export interface Origin {
  readonly spec?: TaskSpec;
  readonly id?: string;
}

interface Kept {
  readonly of: string;
  readonly form: Form;
  /** Of a waiting task what it was when the form was opened; it may be changed by others meanwhile. */
  readonly begun?: Form;
  /** Names of the variables whose values were left out. */
  readonly withheld: readonly string[];
}
export interface Draft extends Pick<Kept, "form" | "withheld"> {
  /** The task as the text that was being written. */
  readonly text: WrittenText | undefined;
}

export interface WrittenText {
  readonly view: TextView;
  readonly text: string;
}

type Keeper = Pick<Backend, "readDraft" | "saveDraft">;

export class Drafts {
  /** The newest of each kind last. */
  readonly #kept = new Map<DraftKind, readonly Kept[]>();
  readonly #texts = new Map<string, WrittenText>();
  readonly #owed = new Set<DraftKind>();
  readonly #touched = new Set<DraftKind>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Without a keeper they last as long as the page. */
  constructor(readonly keeper?: Keeper) {}

  /** Reads what is kept. `here`: what an earlier release has left in this page is of this machine, and taken over once. */
  async load(here: boolean): Promise<void> {
    const { keeper } = this;
    if (!keeper) return;
    await Promise.all(
      KINDS.map(async (kind) => {
        const kept = await keeper.readDraft({ draft: kind });
        const earlier = here ? localStorage.getItem(EARLIER[kind]) : null;
        // A form that was opened meanwhile is newer than both.
        if (!this.#touched.has(kind)) this.#kept.set(kind, read(kept ?? earlier));
        if (earlier === null) return;
        if (kept === null) await keeper.saveDraft({ draft: kind, text: earlier });
        localStorage.removeItem(EARLIER[kind]);
      }),
    );
  }

  of(origin: Origin = {}): Draft | null {
    const of = mark(origin);
    const kept = this.#all(kindOf(origin)).find((kept) => kept.of === of);
    if (kept === undefined) return null;
    const form = wholeForm(kept.form);
    if (form === null) return null;
    const begun = origin.id !== undefined && origin.spec ? wholeForm(kept.begun) : null;
    return {
      form: begun && origin.spec ? merged(begun, form, fromSpec(origin.spec, begun.lane.suffix)).form : form,
      withheld: kept.withheld ?? [],
      text: this.#texts.get(of),
    };
  }

  /** `missing`: variables whose values an earlier draft left out. */
  save(form: Form, origin: Origin = {}, missing: readonly string[] = [], text?: WrittenText): void {
    const [kind, of] = [kindOf(origin), mark(origin)];
    const kept: Kept = {
      of,
      form: discreet(form),
      ...(origin.id !== undefined && origin.spec && { begun: discreet(fromSpec(origin.spec)) }),
      withheld: form.env
        .filter((entry) => isSecret(entry) || missing.includes(entry.key))
        .map(({ key }) => key),
    };
    if (text) this.#texts.set(of, text);
    else this.#texts.delete(of);
    const others = this.#all(kind).filter((other) => other.of !== of);
    const all = [...others, kept];
    this.#kept.set(kind, kind === "newTask" ? [kept] : all.slice(-MOST_CHANGES));
    this.#owe(kind);
  }

  drop(origin: Origin = {}): void {
    const [kind, of] = [kindOf(origin), mark(origin)];
    this.#texts.delete(of);
    const others = this.#all(kind).filter((other) => other.of !== of);
    if (others.length === this.#all(kind).length) return;
    this.#kept.set(kind, others);
    this.#owe(kind);
  }

  /** Hands over what is owed. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const owed = [...this.#owed];
    this.#owed.clear();
    const text = (kind: DraftKind) => {
      const all = this.#all(kind);
      return all.length === 0 ? null : JSON.stringify(kind === "newTask" ? all[0] : all);
    };
    // Where it cannot be kept, the form itself still holds everything.
    const { keeper } = this;
    if (!keeper) return;
    await Promise.allSettled(owed.map((draft) => keeper.saveDraft({ draft, text: text(draft) })));
  }

  #all(kind: DraftKind): readonly Kept[] {
    return this.#kept.get(kind) ?? [];
  }

  #owe(kind: DraftKind): void {
    this.#touched.add(kind);
    this.#owed.add(kind);
    this.#timer ??= setTimeout(() => void this.flush(), PAUSE_MS);
  }
}

const kindOf = ({ spec, id }: Origin): DraftKind =>
  spec !== undefined || id !== undefined ? "changedTask" : "newTask";

function mark({ spec, id }: Origin): string {
  if (id !== undefined) return `task ${id}`;
  return spec ? JSON.stringify(withoutSecrets(spec).spec) : "";
}

/** Drafts as they are kept: one of a new task, several of changes; releases up to 0.2.0 kept one of each. */
function read(text: string | null): readonly Kept[] {
  try {
    const kept = JSON.parse(text ?? "[]") as unknown;
    const isDraft = (draft: unknown): draft is Kept =>
      typeof draft === "object" && draft !== null && "of" in draft && "form" in draft;
    return (Array.isArray(kept) ? kept : [kept]).filter(isDraft);
  } catch {
    return []; // Not ours.
  }
}

// What the app has hidden is no secret here, and stays what it stands for.
const isSecret = (entry: EnvVar): boolean => !isMasked(entry.value) && holdsSecret(entry);
const discreet = (form: Form): Form => ({
  ...form,
  env: form.env.map((entry) => (isSecret(entry) ? { ...entry, value: "" } : entry)),
});

/** A form that was kept, with what an earlier release knew nothing of; null for one of another shape. */
function wholeForm(kept: Form | undefined): Form | null {
  if (kept === undefined) return null;
  const empty = emptyForm("");
  // What an earlier release knew of lanes is what it named them, and of containers and modules only what they run.
  const form = {
    ...kept,
    lane: { ...empty.lane, ...kept.lane },
    container: { ...empty.container, ...kept.container },
    wasm: { ...empty.wasm, ...kept.wasm },
  };
  return sameShape(empty, form) ? form : null;
}

/** Has a draft every field of today's form, with the same types? */
function sameShape(model: unknown, draft: unknown): boolean {
  if (model === null) return draft === null || typeof draft === "object";
  if (Array.isArray(model)) return Array.isArray(draft);
  if (typeof model !== "object") return typeof draft === typeof model;
  if (typeof draft !== "object" || draft === null) return false;
  return Object.entries(model).every(([key, value]) =>
    sameShape(value, (draft as Record<string, unknown>)[key]),
  );
}
