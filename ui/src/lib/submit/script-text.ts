// A script in the text of a spec: readable under `text`, where the API has base64 under `body`. Both are read.
import type { TaskSpec } from "../api";
import { decodeUtf8, encodeUtf8 } from "./base64";

type Fields = Record<string, unknown>;
const fields = (value: unknown): Fields | undefined =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;

/** Puts another script where there is one; `change` gives nothing back for what it leaves alone. */
function withScript(value: unknown, change: (script: Fields) => Fields | undefined): unknown {
  const spec = fields(value);
  const kind = fields(spec?.kind);
  const subprocess = fields(kind?.subprocess);
  const mode = fields(subprocess?.mode);
  const script = fields(mode?.script);
  const changed = script && change(script);
  if (!changed) return value;
  return { ...spec, kind: { ...kind, subprocess: { ...subprocess, mode: { ...mode, script: changed } } } };
}

/** For people: with the text of the script. A body that is not written as it would be here stays as it is. */
export const withText = (spec: TaskSpec): unknown =>
  withScript(spec, ({ body, ...rest }) => {
    const text = typeof body === "string" ? decodeUtf8(body) : null;
    if (text === null || encodeUtf8(text) !== body) return undefined;
    const { runtime, ...others } = rest;
    return { runtime, text, ...others };
  });

/** For the API: with its base64. */
export const withBody = (value: unknown): unknown =>
  withScript(value, ({ text, ...rest }) =>
    typeof text === "string" && !("body" in rest) ? { ...rest, body: encodeUtf8(text) } : undefined,
  );
