/** What of the machine a task sees elsewhere, as the form has it: a volume of a container, a folder of a module. */
export interface Mount {
  source: string;
  target: string;
  readOnly: boolean;
}

/** Those that were filled in, as a spec names their ends. */
export function filled<T>(
  mounts: readonly Mount[],
  write: (source: string, target: string, rights: { readOnly?: true }) => T,
): T[] {
  return mounts
    .filter(({ source, target }) => source !== "" || target !== "")
    .map(({ source, target, readOnly }) => write(source, target, readOnly ? { readOnly } : {}));
}
