// How a pane draws its rows: the choices of the toolbar, as one value that pane and rows are given.
import type { Column } from "../text/columns";
import type { TimeMode } from "../text/words";

export interface Display {
  readonly wrap: boolean;
  readonly time: TimeMode;
  /** CSS pixels. */
  readonly fontSize: number;
  readonly numbers: boolean;
  /** Lines that are JSON objects as fields. */
  readonly json: boolean;
  /** Fields of records as columns. */
  readonly columns: readonly Column[] | null;
  /** Marks for lines that say they are errors or warnings. */
  readonly severity: boolean;
}

export const PLAIN_DISPLAY: Display = {
  wrap: false,
  time: "off",
  fontSize: 12.5,
  numbers: false,
  json: false,
  columns: null,
  severity: true,
};
