// What may stand at a place of a task, by the JSON Schema that the engine's own types give (`make bindings`).
import taskSpec from "../../api/task-spec.schema.json";

export interface Schema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema | boolean>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema | boolean;
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
}
export type Path = readonly (string | number)[];

export interface Key {
  readonly name: string;
  readonly info: string | undefined;
  /** What its value begins with, where it can only be one of these. */
  readonly holds: "object" | "array" | "string" | undefined;
}
export interface Word {
  readonly value: string | boolean;
  readonly info: string | undefined;
}

const ROOT = taskSpec as unknown as Schema;

/** A schema and all that it says with others: what it refers to, and its alternatives. */
function alternatives(schema: Schema): Schema[] {
  const named = schema.$ref?.replace("#/$defs/", "");
  const meant = named === undefined ? undefined : ROOT.$defs?.[named];
  const others = [...(schema.oneOf ?? []), ...(schema.anyOf ?? []), ...(schema.allOf ?? [])];
  if (meant) others.push(meant);
  return [schema, ...others.flatMap(alternatives)];
}

const isSchema = (schema: Schema | boolean | undefined): schema is Schema => typeof schema === "object";

function at(path: Path): Schema[] {
  let here = alternatives(ROOT);
  for (const step of path) {
    const next = here.map((schema) =>
      typeof step === "number" ? schema.items : (property(schema, step) ?? schema.additionalProperties),
    );
    here = next.filter(isSchema).flatMap(alternatives);
  }
  return here;
}

/** A script may be written as `text` instead of its base64 (script-text.ts). */
const TEXT: Schema = {
  type: "string",
  description: "The script as it is, in place of its base64 in `body`.",
};
const isScript = ({ properties }: Schema): boolean =>
  !!properties && "runtime" in properties && "body" in properties;
const properties = (schema: Schema): Readonly<Record<string, Schema | boolean>> =>
  isScript(schema) ? { ...schema.properties, text: TEXT } : (schema.properties ?? {});
const property = (schema: Schema, name: string): Schema | boolean | undefined => {
  const all = properties(schema);
  return Object.hasOwn(all, name) ? all[name] : undefined;
};

/** The first paragraph of what is said of it, as plain text. */
function said(schemas: readonly Schema[]): string | undefined {
  const whole = schemas.find(({ description }) => description !== undefined)?.description;
  return whole
    ?.split("\n\n")[0]
    ?.replaceAll("\n", " ")
    .replace(/\[`([^`\]]+)`\]/g, "$1");
}

/** The names that an object at this place may have. */
export function keysAt(path: Path): Key[] {
  const keys = new Map<string, Key>();
  for (const schema of at(path))
    for (const [name, value] of Object.entries(properties(schema))) {
      if (keys.has(name)) continue;
      const all = isSchema(value) ? alternatives(value) : [];
      keys.set(name, { name, info: said(all), holds: onlyHolds(all) });
    }
  return [...keys.values()];
}

function onlyHolds(schemas: readonly Schema[]): Key["holds"] {
  if (wordsOf(schemas).length > 0) return undefined;
  const types = new Set(schemas.flatMap(({ type }) => type ?? []));
  types.delete("null");
  const [only] = types;
  return types.size === 1 && (only === "object" || only === "array" || only === "string") ? only : undefined;
}

/** The words that may stand at this place. */
export const wordsAt = (path: Path): Word[] => wordsOf(at(path));

function wordsOf(schemas: readonly Schema[]): Word[] {
  const words = new Map<string | boolean, Word>();
  for (const schema of schemas) {
    const values = [...(schema.enum ?? []), ...(schema.const === undefined ? [] : [schema.const])];
    const flags = [schema.type ?? []].flat().includes("boolean") ? [true, false] : [];
    for (const value of [...values, ...flags])
      if ((typeof value === "string" || typeof value === "boolean") && !words.has(value))
        words.set(value, { value, info: values.includes(value) ? schema.description : undefined });
  }
  return [...words.values()];
}
