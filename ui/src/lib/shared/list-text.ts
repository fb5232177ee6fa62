// A list of words, as one field has it.

/** Words by commas; a list in which one has a comma or a blank edge itself is written as JSON instead. */
export function splitValues(text: string): string[] {
  if (text.trim().startsWith("[")) {
    try {
      const parsed: unknown = JSON.parse(text);
      if (Array.isArray(parsed) && parsed.every((item) => typeof item === "string")) return parsed;
    } catch {
      // Not a list after all: a word may begin with a bracket.
    }
  }
  return text === "" ? [] : text.split(",").map((value) => value.trim());
}

export function joinValues(values: readonly string[]): string {
  const plain = values.join(", ");
  // A field has one line.
  const fits = !/[\r\n]/.test(plain) && JSON.stringify(splitValues(plain)) === JSON.stringify(values);
  return fits ? plain : JSON.stringify(values);
}
