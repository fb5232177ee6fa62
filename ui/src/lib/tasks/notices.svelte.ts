// What the window says for a few seconds: that something was done, or what went wrong. Notices.svelte draws it.
import { ApiError } from "../api/errors";
import { sentence } from "../submit/errors";

const SHOWN_MS = 6000;
/** So many are shown at once; older ones go first. */
const MOST = 3;

export interface Notice {
  key: number;
  tone: "plain" | "error";
  text: string;
}

export class Notices {
  shown = $state.raw<Notice[]>([]);
  #next = 1;

  say(tone: Notice["tone"], text: string) {
    const key = this.#next++;
    this.shown = [...this.shown.slice(1 - MOST), { key, tone, text }];
    setTimeout(() => this.dismiss(key), SHOWN_MS);
  }

  report(thrown: unknown) {
    this.say("error", sentence(ApiError.from(thrown).message));
  }

  dismiss(key: number) {
    this.shown = this.shown.filter((notice) => notice.key !== key);
  }
}
