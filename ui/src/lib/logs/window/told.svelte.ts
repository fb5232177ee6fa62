// What a log window tells its reader: that something is under way, was done, or could not be done.
import { ApiError } from "../../api";

export interface Notice {
  readonly text: string;
  readonly act?: { readonly label: string; readonly run: () => void };
}

export class Told {
  notice = $state.raw<Notice | null>(null);
  /** Something that takes a while is under way. */
  working = $state.raw<string | null>(null);

  say(text: string, act?: Notice["act"]): void {
    this.notice = act ? { text, act } : { text };
  }

  fail(what: string, thrown: unknown): void {
    this.say(`${what}: ${ApiError.from(thrown).message}`);
  }

  /** Does something, says meanwhile that it is under way, and afterwards why it did not work. */
  async during(working: string | null, what: string, act: () => Promise<void>): Promise<void> {
    this.working = working;
    try {
      await act();
    } catch (thrown) {
      this.fail(`Could not ${what}`, thrown);
    } finally {
      this.working = null;
    }
  }
}
