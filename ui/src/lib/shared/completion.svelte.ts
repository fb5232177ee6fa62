// What a field offers to go on with while one types: nothing is chosen before an arrow key or the pointer does, so that Enter and Tab
// stay what they are. The list is drawn by CompletionList.svelte.
import { stroke } from "./keyboard";

type Field = HTMLInputElement | HTMLTextAreaElement;

export interface Option {
  readonly value: string;
  /** Beside it: what it means, or how many there are. */
  readonly info?: string;
  /** What it is goes on: the next list follows. */
  readonly more?: boolean;
}

export interface Offer {
  /** The part of the text that an option takes the place of. */
  readonly from: number;
  readonly to: number;
  readonly options: readonly Option[];
}

export class Completion {
  options = $state.raw<readonly Option[]>([]);
  /** Of these; -1 while none is chosen. */
  active = $state(-1);
  field = $state.raw<Field>();
  #offer: Offer | null = null;
  #asked = 0;

  constructor(
    readonly id: string,
    private readonly offer: (text: string, caret: number) => Promise<Offer | null>,
    private readonly put: (text: string) => void,
  ) {}

  optionId = (at: number): string => `${this.id}-${at}`;

  /** For the field. A text area has no role of one with a list, and says so much all the same. */
  get attributes() {
    return {
      autocomplete: "off" as const,
      "aria-autocomplete": "list" as const,
      "aria-controls": this.options.length > 0 ? this.id : undefined,
      "aria-activedescendant": this.active >= 0 ? this.optionId(this.active) : undefined,
    };
  }

  /** Asks anew for what stands before the caret; a later question makes an earlier answer nobody's. */
  async ask(field: Field): Promise<void> {
    this.#asked += 1;
    const asked = this.#asked;
    const offer = await this.offer(field.value, field.selectionStart ?? 0).catch(() => null);
    if (asked !== this.#asked || document.activeElement !== field) return;
    const written = offer === null ? "" : field.value.slice(offer.from, offer.to);
    const options = offer?.options.filter(({ value }) => value !== written) ?? [];
    this.field = field;
    this.#offer = offer;
    this.options = options;
    this.active = -1;
  }

  close = (): void => {
    this.#asked += 1;
    this.options = [];
    this.active = -1;
  };

  take = (at: number): void => {
    const [field, offer, option] = [this.field, this.#offer, this.options[at]];
    this.close();
    if (!field || offer === null || option === undefined) return;
    const caret = offer.from + option.value.length;
    const text = field.value.slice(0, offer.from) + option.value + field.value.slice(offer.to);
    field.value = text;
    this.put(text);
    field.focus();
    field.setSelectionRange(caret, caret);
    if (option.more) void this.ask(field);
  };

  onkeydown = (event: KeyboardEvent): void => {
    const key = stroke(event);
    const field = event.currentTarget as Field;
    const { length } = this.options;
    if (length === 0) {
      // In a text of several lines an arrow moves the caret.
      if (key === "ArrowDown" && field instanceof HTMLInputElement) void this.ask(field);
      return;
    }
    if (key === "ArrowDown") this.active = this.active + 1 < length ? this.active + 1 : 0;
    else if (key === "ArrowUp") this.active = this.active > 0 ? this.active - 1 : length - 1;
    else if (key === "Escape") this.close();
    else if ((key === "Enter" || key === "Tab") && this.active >= 0) this.take(this.active);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
}
