// All rows of one attempt, as the pane scrolls through them.
import type { Backend, LogInfo } from "../../api";
import { FoldedRows } from "./folded-rows.svelte";
import type { ShownRow } from "./source";

export class LogRows extends FoldedRows {
  constructor(
    readonly backend: Backend,
    readonly id: string,
    readonly attempt: number,
  ) {
    super();
  }

  /** Takes over what the log has grown to. With `tail` > 0 the end is pulled first and shown with its rows. */
  extend(info: LogInfo, tail: number): void {
    this.growTo(info.rows, info.bytes, tail);
  }

  protected numberOf(row: ShownRow): number {
    return row.row;
  }

  protected async read(from: number, count: number): Promise<readonly ShownRow[]> {
    return (await this.backend.readLog({ run: { id: this.id, attempt: this.attempt }, from, count })).rows;
  }
}
