// The choices of the toolbar that are kept: how rows are drawn, and whether copies carry times. The same for every log window.
import { between, remembered } from "../../shared/remembered.svelte";
import type { Display } from "../pane/display";
import type { TimeMode } from "../text/words";

export const TIMES: Record<TimeMode, string> = {
  off: "No time",
  clock: "Clock",
  relative: "From start",
  delta: "Delta",
};
const FONT = { min: 9, max: 24, usual: 12.5 };

const isTime = (value: unknown): value is TimeMode =>
  typeof value === "string" && Object.hasOwn(TIMES, value);
const isFlag = (value: unknown): value is boolean => typeof value === "boolean";

export class Choices {
  readonly time = remembered<TimeMode>("log.time", "off", isTime);
  readonly wrap = remembered("log.wrap", false, isFlag);
  readonly fontSize = remembered("log.size", FONT.usual, between(FONT.min, FONT.max));
  readonly numbers = remembered("log.numbers", false, isFlag);
  readonly json = remembered("log.json", false, isFlag);
  readonly severity = remembered("log.severity", true, isFlag);
  /** Rows of the log around each line that a filter leaves. */
  readonly around = remembered("log.find.around", 0, between(0, 50));
  /** The height of the list of hits below the log, as a share of both. */
  readonly split = remembered("log.split", 0.35, between(0.1, 0.9));
  readonly copyTimes = remembered("log.copyTimes", false, isFlag);

  get display(): Omit<Display, "columns"> {
    return {
      wrap: this.wrap.value,
      time: this.time.value,
      fontSize: this.fontSize.value,
      numbers: this.numbers.value,
      json: this.json.value,
      severity: this.severity.value,
    };
  }

  /** The next of the ways to show times. */
  nextTime(): void {
    const modes = Object.keys(TIMES) as TimeMode[];
    this.time.value = modes[(modes.indexOf(this.time.value) + 1) % modes.length] ?? "off";
  }

  /** Makes the text larger or smaller; 0 brings back the usual size. */
  resize(by: number): void {
    const size = by === 0 ? FONT.usual : this.fontSize.value + by;
    this.fontSize.value = Math.min(FONT.max, Math.max(FONT.min, size));
  }
}
