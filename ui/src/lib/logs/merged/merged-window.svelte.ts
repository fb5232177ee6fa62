// A window of several logs as one. A row is known by its position among the rows of all.
import type { Backend, LogDensity, LogSource, MergedRow } from "../../api";
import { plural } from "../../shared/format";
import type { ShownRow } from "../rows/source";
import { copyRows } from "../window/copy";
import { SearchedLog } from "../window/searched-log.svelte";
import { MergedSession } from "./session.svelte";

export class MergedWindow extends SearchedLog<MergedSession> {
  /** The clamped row whose whole line is shown. */
  whole = $state.raw<ShownRow | null>(null);

  constructor(
    backend: Backend,
    readonly logs: readonly LogSource[],
  ) {
    super(backend, new MergedSession(backend, logs));
  }

  override returned(): void {
    void this.session.returned();
    super.returned();
  }

  density(buckets: number, searchId?: string): Promise<LogDensity> {
    return this.backend.mergedDensity([...this.logs], buckets, searchId);
  }

  /** Opens the log that a row is from, there. */
  async openSource(row: ShownRow): Promise<void> {
    const source = this.logs[row.source ?? -1];
    if (source) await this.backend.openLogWindow(source.id, source.attempt, row.row);
  }

  /** Copies the selection, each line with the name of its log. */
  async copy(): Promise<void> {
    const { selection } = this.view;
    if (!selection) return;
    await this.told.during("Copying", "copy", async () => {
      const copied = await copyRows(
        (from, count) => this.#read(from, count),
        selection,
        (row, plain) => {
          const name = this.session.label(row)?.text ?? "";
          const time = this.choices.copyTimes.value ? `${new Date(row.ts).toISOString()} ` : "";
          return `${time}${name}: ${plain}`;
        },
      );
      if (copied.truncated)
        this.told.say(`Copied the first ${plural(copied.lines, "line")}; the rest is too long to copy`);
      else if (copied.lines > 1) this.told.say(`Copied ${plural(copied.lines, "line")}`);
    });
  }

  /** Shown rows from a position on. */
  async #read(from: number, count: number): Promise<readonly MergedRow[]> {
    const searchId = this.filter?.searchId;
    if (!searchId) return (await this.backend.readMerged([...this.logs], from, count)).rows;
    const rank = await this.backend.searchRank(searchId, from);
    return (await this.backend.mergedSearchRows(searchId, rank, count)).rows;
  }
}
