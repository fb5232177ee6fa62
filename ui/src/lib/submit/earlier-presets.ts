// What releases up to 0.1.0 kept as presets in the page's storage becomes saved jobs, once. A preset that cannot be one stays where
// it was, under another name, so that nothing is lost and nobody is told twice.
import { ApiError, type Backend, type TaskSpec } from "../api";
import { nameFrom } from "../shared/job-name";

const EARLIER = "solti.presets";
const LEFT = "solti.presets.left";

interface Preset {
  readonly name: string;
  readonly spec: TaskSpec;
}

/** How many have become jobs, and the names of those that could not, each with the reason. */
export interface TakenOver {
  readonly jobs: number;
  readonly left: readonly string[];
}

/** Rejects when the machine cannot be asked; then all of it stays for the next time. */
export async function takeOverPresets(backend: Pick<Backend, "saveJob">): Promise<TakenOver> {
  const presets = kept();
  const left: string[] = [];
  const stay: Preset[] = [];
  for (const preset of presets) {
    const refusal = await saved(backend, preset);
    if (refusal === undefined) continue;
    left.push(`${preset.name}: ${refusal}`);
    stay.push(preset);
  }
  if (stay.length > 0) localStorage.setItem(LEFT, JSON.stringify(stay));
  localStorage.removeItem(EARLIER);
  return { jobs: presets.length - stay.length, left };
}

/** Why it cannot be a job; nothing when it is one. A name that is taken gets a number. */
async function saved(backend: Pick<Backend, "saveJob">, preset: Preset): Promise<string | undefined> {
  const { job: _job, jobRevision: _revision, ...spec } = preset.spec;
  const base = nameFrom(preset.name) || "job";
  for (let n = 1; n < 100; n++) {
    const name = n === 1 ? base : `${base.slice(0, 60)}-${n}`;
    try {
      await backend.saveJob({ job: { name, title: preset.name, spec }, expectedRevision: 0 });
      return undefined;
    } catch (thrown) {
      const error = ApiError.from(thrown);
      if (error.code === "InvalidRequest") return error.message;
      if (error.code !== "Conflict") throw thrown;
    }
  }
  return "there are too many jobs of that name";
}

function kept(): readonly Preset[] {
  try {
    const list: unknown = JSON.parse(localStorage.getItem(EARLIER) ?? "[]");
    return Array.isArray(list) ? list.filter(isPreset) : [];
  } catch {
    return [];
  }
}

function isPreset(item: unknown): item is Preset {
  if (typeof item !== "object" || item === null || !("name" in item) || !("spec" in item)) return false;
  return typeof item.name === "string" && typeof item.spec === "object" && item.spec !== null;
}
