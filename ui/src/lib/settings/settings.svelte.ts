// The settings of this machine as the page holds them: what is stored, what each field was refused for, what was just
// saved. A field saves by itself; the rules are the backend's.
import type { Backend } from "../api/backend";
import { ApiError } from "../api/errors";
import type { Settings, SettingsPatch } from "../api/types";
import { followTheme, theme, type ThemeChoice } from "../design/theme.svelte";
import { sentence } from "../submit/errors";
import type { Found } from "./catalog";

const SAID_MS = 1600;
/** So long what was looked for is lit. */
const LIT_MS = 2500;

/** Of one field; `path` names its members. */
const patchOf = (path: string, value: unknown): SettingsPatch =>
  path.split(".").reduceRight<unknown>((inner, name) => ({ [name]: inner }), value) as SettingsPatch;

export class SettingsState {
  value = $state.raw<Settings | undefined>(undefined);
  /** By the field's path, as in `logs.runBytes`. */
  errors = $state<Record<string, string>>({});
  /** The field that was saved last, for a moment. */
  saved = $state<string | undefined>(undefined);
  /** What somebody has looked for and is being shown. */
  sought = $state.raw<Found | undefined>(undefined);

  #backend: Backend;
  /** Says what a change was refused for where its field is not on the page. */
  #report: (thrown: unknown) => void;
  /** Of a field that the backend has refused, whose change that was. */
  #causes = new Map<string, string>();
  /** The fields that are on the page. */
  #shown = new Set<string>();
  #said: ReturnType<typeof setTimeout> | undefined;
  #lit: ReturnType<typeof setTimeout> | undefined;

  constructor(backend: Backend, report: (thrown: unknown) => void = () => {}) {
    this.#backend = backend;
    this.#report = report;
  }

  async load(): Promise<void> {
    this.value = await this.#backend.getSettings();
    followTheme(this.value.theme);
  }

  /** Sets one field; `path` names its members, as the error of the backend does. */
  async set(path: string, value: unknown): Promise<boolean> {
    try {
      this.value = await this.#backend.setSettings(patchOf(path, value));
      this.#settled(path);
      this.saved = path;
      clearTimeout(this.#said);
      this.#said = setTimeout(() => (this.saved = undefined), SAID_MS);
      return true;
    } catch (thrown) {
      this.#refused(path, value, thrown);
      return false;
    }
  }

  /** Whether `set` would take it; where not, the reason is said as `set` does. */
  async check(path: string, value: unknown): Promise<boolean> {
    try {
      await this.#backend.checkSettings(patchOf(path, value));
      return true;
    } catch (thrown) {
      this.#refused(path, value, thrown);
      return false;
    }
  }

  #refused(path: string, value: unknown, thrown: unknown) {
    const error = ApiError.from(thrown);
    this.#forget(path);
    const [, field = path, item] = /^(.*?)(?:\[(\d+)\].*)?$/.exec(error.field ?? path) ?? [];
    const which = item !== undefined && Array.isArray(value) ? `“${String(value[Number(item)])}” ` : "";
    // A rule that spans fields may name one that is not on this page: it is said where the person is.
    const at = this.#shown.has(field) ? field : path;
    if (!this.#shown.has(at)) return this.#report(thrown);
    this.#causes.set(at, path);
    this.errors[at] = which ? which + error.message : sentence(error.message);
  }

  /** Brings somebody to a setting: its group is lit for a moment. */
  seek(found: Found): void {
    // Also once more the same.
    this.sought = { ...found };
    clearTimeout(this.#lit);
    this.#lit = setTimeout(() => (this.sought = undefined), LIT_MS);
  }

  /** The id of a field's control. */
  idOf(path: string): string {
    return `setting-${path.replaceAll(".", "-")}`;
  }

  /** A field is on the page from now on, until what is returned is called; what was said of it goes with it. */
  show(path: string): () => void {
    this.#shown.add(path);
    return () => {
      this.#shown.delete(path);
      delete this.errors[path];
    };
  }

  /** What was typed is no value at all, so that the backend need not be asked. */
  refuse(path: string, message: string) {
    this.#causes.delete(path);
    this.errors[path] = message;
  }

  async setTheme(choice: ThemeChoice): Promise<void> {
    const before = this.value?.theme ?? theme.choice;
    theme.choice = choice;
    if (!(await this.set("theme", choice))) theme.choice = this.value?.theme ?? before;
  }

  /** What a change was refused for, wherever that was said. */
  #forget(path: string) {
    for (const field of Object.keys(this.errors))
      if (field === path || this.#causes.get(field) === path) delete this.errors[field];
  }

  /** What others of the same part were refused for may be true no more; what was typed there is not stored all the same. */
  #settled(path: string) {
    this.#forget(path);
    const part = path.split(".")[0] ?? path;
    for (const field of Object.keys(this.errors)) {
      if (field.split(".")[0] !== part || !this.#causes.has(field)) continue;
      if (this.#causes.get(field) === field) this.errors[field] = "Not saved. Press Enter here to try again";
      else delete this.errors[field];
    }
  }
}
