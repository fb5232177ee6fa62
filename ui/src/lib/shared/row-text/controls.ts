// What is drawn in the place of characters that are invisible or would rearrange the text around them. Which ones these are is
// also said by crates/rows/src/controls.rs.
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** `^G` for a control of ASCII, `<202E>` for what has no such name. */
function standIn(char: string): string {
  const code = char.charCodeAt(0);
  if (code < 0x20) return `^${String.fromCharCode(code + 0x40)}`;
  if (code === 0x7f) return "^?";
  return `<${code.toString(16).toUpperCase().padStart(2, "0")}>`;
}

/** The text with something to be seen for each of them. */
export function visible(text: string): string {
  return text.replace(CONTROL, standIn);
}
