// The values of a match expression, as one field has them.

/** Values by commas; one that has a comma or a blank edge itself is written as a JSON list instead. */
export function splitValues(text: string): string[] {
  if (text.trim().startsWith("[")) {
    try {
      const parsed: unknown = JSON.parse(text);
      if (Array.isArray(parsed) && parsed.every((item) => typeof item === "string")) return parsed;
    } catch {
      // Not a list after all: a value may begin with a bracket.
    }
  }
  return text === "" ? [] : text.split(",").map((value) => value.trim());
}

export function joinValues(values: readonly string[]): string {
  const plain = values.join(", ");
  return JSON.stringify(splitValues(plain)) === JSON.stringify(values) ? plain : JSON.stringify(values);
}
