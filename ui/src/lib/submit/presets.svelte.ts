// Specs kept under a name, to begin tasks from. They stay in the page's own storage, which is a plain file: values of variables
// that look secret are left out. Nothing here runs anything; a preset only fills the form.
import type { TaskSpec } from "../api";
import { remembered } from "../shared/remembered.svelte";
import { withoutSecrets } from "../shared/secret";
import { specMismatch } from "./shape";

export interface Preset {
  readonly name: string;
  readonly spec: TaskSpec;
}

export const LONGEST_NAME = 60;

/** A change that was not made, in words to show. */
export class PresetError extends Error {}

export class Presets {
  readonly #kept = remembered<readonly Preset[]>("presets", [], isList);

  /** By name. Those that today's form cannot hold are kept, but not shown. */
  get all(): readonly Preset[] {
    return this.#kept.value.filter(({ spec }) => specMismatch(spec) === null);
  }

  has(name: string): boolean {
    return this.#kept.value.some((preset) => preset.name === name);
  }

  /** Keeps a spec; one of the same name gives way. */
  save(name: string, spec: TaskSpec): void {
    this.#keep([
      ...this.#kept.value.filter((preset) => preset.name !== name),
      { name, spec: withoutSecrets(spec).spec },
    ]);
  }

  delete(name: string): void {
    this.#keep(this.#kept.value.filter((preset) => preset.name !== name));
  }

  exported(): string {
    return `${JSON.stringify(this.all, null, 2)}\n`;
  }

  /** Adds what `exported` wrote: all of it or nothing. A name that is taken gets a number. Returns how many are new. */
  import(text: string): number {
    const next = [...this.#kept.value];
    for (const { name, spec } of parsePresets(text)) {
      const safe = withoutSecrets(spec).spec;
      const same = (preset: Preset) => JSON.stringify(preset.spec) === JSON.stringify(safe);
      if (next.some((preset) => preset.name === name && same(preset))) continue;
      next.push({ name: unused(name, next), spec: safe });
    }
    const added = next.length - this.#kept.value.length;
    if (added > 0) this.#keep(next);
    return added;
  }

  #keep(next: readonly Preset[]): void {
    const before = this.#kept.value;
    try {
      this.#kept.value = next.toSorted((a, b) => a.name.localeCompare(b.name));
    } catch {
      this.#kept.value = before;
      throw new PresetError("There is no room for more presets");
    }
  }
}

function parsePresets(text: string): Preset[] {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    throw new PresetError("This is not JSON");
  }
  if (!isList(list) || list.length === 0) throw new PresetError("This is not a list of presets");
  return list.map(({ name, spec }) => {
    const trimmed = name.trim();
    if (trimmed === "" || trimmed.length > LONGEST_NAME)
      throw new PresetError(`A preset's name has 1 to ${LONGEST_NAME} characters`);
    const wrong = specMismatch(spec);
    if (wrong !== null) throw new PresetError(`“${trimmed}”: ${wrong.message}`);
    return { name: trimmed, spec };
  });
}

function unused(name: string, among: readonly Preset[]): string {
  const taken = new Set(among.map((preset) => preset.name));
  let free = name;
  for (let n = 2; taken.has(free); n++) free = `${name} ${n}`;
  return free;
}

/** Named objects; whether each is a spec is looked at one by one. */
function isList(value: unknown): value is readonly Preset[] {
  const isPreset = (item: unknown): boolean =>
    typeof item === "object" &&
    item !== null &&
    "name" in item &&
    typeof item.name === "string" &&
    "spec" in item;
  return Array.isArray(value) && value.every(isPreset);
}
