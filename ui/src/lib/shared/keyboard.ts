// Which key was pressed, in one way for every view: as a keyboard with Latin letters would say it, so that `e` is the key of that
// place on a Russian, Greek or Hebrew keyboard, too. What an input method is composing of is no key at all.

/** What keys without a letter type, without and with Shift: as on an American keyboard, whose places `code` names. */
const SIGNS: ReadonlyMap<string, readonly [plain: string, shifted: string]> = new Map([
  ["Backquote", ["`", "~"]],
  ["Minus", ["-", "_"]],
  ["Equal", ["=", "+"]],
  ["BracketLeft", ["[", "{"]],
  ["BracketRight", ["]", "}"]],
  ["Backslash", ["\\", "|"]],
  ["Semicolon", [";", ":"]],
  ["Quote", ["'", '"']],
  ["Comma", [",", "<"]],
  ["Period", [".", ">"]],
  ["Slash", ["/", "?"]],
]);
const LATIN = /^[\p{ASCII}\p{Script=Latin}]$/u;
/** What a Hebrew keyboard types with two keys that are letters elsewhere; nothing is bound to these signs. */
const HEBREW_SIGNS = new Set(["/", "'"]);

/**
 * The key and what is held down with it, as tables of keys write it: `e`, `Shift+G`, `Ctrl+F`, `?`, `Shift+ArrowDown`, `Space`. Letters
 * are capitals where something is held with them. Signs are what is typed, Shift or not; Cmd counts as Ctrl. Empty for what is no key
 * of ours: an input method's, a dead key's.
 */
export function stroke(event: KeyboardEvent): string {
  if (composing(event) || event.key === "Dead" || event.key === "Unidentified") return "";
  const chord = event.ctrlKey || event.metaKey;
  const key = named(event, chord);
  // With AltGr signs are typed on many keyboards.
  const alt = event.altKey && !event.getModifierState("AltGraph");
  const letter = /^\p{L}$/u.test(key);
  const sign = key.length === 1 && !letter;
  const held = [chord && "Ctrl", alt && "Alt", event.shiftKey && !sign && "Shift"].filter(Boolean);
  return [...held, letter && held.length > 0 ? key.toUpperCase() : key].join("+");
}

/** The keys belong to an input method, which shows what they come to. */
function composing(event: KeyboardEvent): boolean {
  // Some engines end composing before they tell of the key that ended it.
  return event.isComposing || event.key === "Process" || event.keyCode === 229;
}

function named({ key, code, shiftKey }: KeyboardEvent, chord: boolean): string {
  if (key === " ") return "Space";
  if ([...key].length !== 1) return key;
  const letter = /^Key([A-Z])$/.exec(code)?.[1]?.toLowerCase();
  const digit = /^Digit(\d)$/.exec(code)?.[1];
  // Where digits are typed with Shift, their keys are those of digits all the same; what zooms stays what it is.
  if (chord && !shiftKey && digit !== undefined && !"+-=".includes(key)) return digit;
  if (LATIN.test(key) && !(chord && letter && HEBREW_SIGNS.has(key))) return key.toLowerCase();
  return letter ?? digit ?? SIGNS.get(code)?.[shiftKey ? 1 : 0] ?? key;
}

export type Acts = Readonly<Record<string, (() => void) | undefined>>;

/** Does what a table says of the key; true when it says anything. */
export function act(event: KeyboardEvent, acts: Acts): boolean {
  const key = stroke(event);
  const run = Object.hasOwn(acts, key) ? acts[key] : undefined;
  if (run === undefined) return false;
  event.preventDefault();
  run();
  return true;
}

/** Whether what has the focus takes letters, or has keys of its own. */
export function typesInto(target: EventTarget | null): boolean {
  return (
    target instanceof Element &&
    target.closest(
      "input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable=true], [role=menu], dialog",
    ) !== null
  );
}

/** Whether a dialog is open: what lies behind it takes no keys. */
export const dialogIsOpen = (): boolean => document.querySelector("dialog[open]") !== null;

/** Whether the key would press what has the focus. */
export function presses(event: KeyboardEvent): boolean {
  const pressing = event.key === "Enter" || event.key === " ";
  return pressing && event.target instanceof Element && event.target.closest("button, a, summary") !== null;
}
