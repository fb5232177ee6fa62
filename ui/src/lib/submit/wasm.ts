// The WebAssembly module of the form and that of the spec, both ways without loss.
import type { EnvVar, WasmSpec } from "../api";
import { joinCommandLine } from "../shared/quoting";
import { parseCommandLine } from "./commandLine";
import { filled, type Mount } from "./mount";

export interface WasmForm {
  module: string;
  args: string;
  dirs: Mount[];
}

export const emptyWasm = (): WasmForm => ({ module: "", args: "", dirs: [] });

export function toWasm(form: WasmForm, env: { env?: EnvVar[] }, errors: Record<string, string>): WasmSpec {
  const parsed = parseCommandLine(form.args);
  if (parsed.error) errors["kind.wasm.args"] = parsed.error.message;
  const dirs = filled(form.dirs, (host, guest, rights) => ({ host, guest, ...rights }));
  return {
    module: form.module.trim(),
    ...(parsed.args.length === 0 ? {} : { args: [...parsed.args] }),
    ...env,
    ...(dirs.length === 0 ? {} : { dirs }),
  };
}

export function fromWasm({ module, args = [], dirs = [] }: WasmSpec): WasmForm {
  return {
    module,
    args: joinCommandLine(args),
    dirs: dirs.map(({ host, guest, readOnly = false }) => ({ source: host, target: guest, readOnly })),
  };
}
