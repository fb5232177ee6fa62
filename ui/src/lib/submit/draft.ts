// The unfinished form, kept until it is submitted or discarded, so that closing loses nothing. One draft for a new task, one for the
// spec that was opened last for a change. They are kept by the engine, with the tasks and in their backups. Values of variables that
// look secret are left out. The task as a text may hold secrets that only a reader of it could find: it is kept while the page is
// there.
import type { Backend, DraftKind, EnvVar, TaskSpec } from "../api";
import { holdsSecret, isMasked, withoutSecrets } from "../shared/secret";
import { emptyForm, type Form } from "./form";
import type { TextView } from "./text";

const KINDS: readonly DraftKind[] = ["newTask", "changedTask"];
/** Where releases up to 0.1.0 kept them: in the storage of the page. */
const EARLIER: Record<DraftKind, string> = {
  newTask: "solti.submit.draft",
  changedTask: "solti.submit.change",
};
/** Typing pauses for so long before what was typed is kept. */
const PAUSE_MS = 400;

interface Kept {
  readonly of: string;
  readonly form: Form;
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
  readonly #kept = new Map<DraftKind, string>();
  /** As there is one draft of each kind, there is one text. */
  readonly #texts = new Map<DraftKind, WrittenText & Pick<Kept, "of">>();
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
        if (!this.#touched.has(kind)) {
          const text = kept ?? earlier;
          if (text !== null) this.#kept.set(kind, text);
        }
        if (earlier === null) return;
        if (kept === null) await keeper.saveDraft({ draft: kind, text: earlier });
        localStorage.removeItem(EARLIER[kind]);
      }),
    );
  }

  of(initial?: TaskSpec): Draft | null {
    const kind = kindOf(initial);
    try {
      const kept = JSON.parse(this.#kept.get(kind) ?? "null") as Kept | null;
      if (kept === null || kept.of !== mark(initial)) return null;
      const empty = emptyForm("");
      // What an earlier release knew of lanes is what it named them, and of containers and modules only what they run.
      const form = {
        ...kept.form,
        lane: { ...empty.lane, ...kept.form.lane },
        container: { ...empty.container, ...kept.form.container },
        wasm: { ...empty.wasm, ...kept.form.wasm },
      };
      if (!sameShape(empty, form)) return null;
      const text = this.#texts.get(kind);
      return { form, withheld: kept.withheld ?? [], text: text?.of === kept.of ? text : undefined };
    } catch {
      return null; // From an older version, or not ours.
    }
  }

  /** `missing`: variables whose values an earlier draft left out. */
  save(form: Form, initial?: TaskSpec, missing: readonly string[] = [], text?: WrittenText): void {
    const kind = kindOf(initial);
    // What the app has hidden is no secret here, and stays what it stands for.
    const secret = (entry: EnvVar): boolean => !isMasked(entry.value) && holdsSecret(entry);
    const kept: Kept = {
      of: mark(initial),
      form: { ...form, env: form.env.map((entry) => (secret(entry) ? { ...entry, value: "" } : entry)) },
      withheld: form.env
        .filter((entry) => secret(entry) || missing.includes(entry.key))
        .map(({ key }) => key),
    };
    if (text) this.#texts.set(kind, { ...text, of: kept.of });
    else this.#texts.delete(kind);
    this.#kept.set(kind, JSON.stringify(kept));
    this.#owe(kind);
  }

  drop(initial?: TaskSpec): void {
    const kind = kindOf(initial);
    this.#texts.delete(kind);
    if (this.#kept.delete(kind)) this.#owe(kind);
  }

  /** Hands over what is owed. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const owed = [...this.#owed];
    this.#owed.clear();
    const text = (kind: DraftKind) => this.#kept.get(kind) ?? null;
    // Where it cannot be kept, the form itself still holds everything.
    const { keeper } = this;
    if (!keeper) return;
    await Promise.allSettled(owed.map((draft) => keeper.saveDraft({ draft, text: text(draft) })));
  }

  #owe(kind: DraftKind): void {
    this.#touched.add(kind);
    this.#owed.add(kind);
    this.#timer ??= setTimeout(() => void this.flush(), PAUSE_MS);
  }
}

const kindOf = (initial?: TaskSpec): DraftKind => (initial ? "changedTask" : "newTask");

function mark(initial?: TaskSpec): string {
  return initial ? JSON.stringify(withoutSecrets(initial).spec) : "";
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
