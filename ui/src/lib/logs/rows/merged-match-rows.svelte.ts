// The rows that a search found in several logs: as match-rows, in the order of all of them.
import { MatchRows } from "./match-rows.svelte";
import type { ShownRow } from "./source";

export class MergedMatchRows extends MatchRows {
  protected override numberOf(row: ShownRow): number {
    return row.position ?? 0;
  }

  protected override async read(from: number, count: number): Promise<readonly ShownRow[]> {
    return (await this.backend.mergedSearchRows({ searchId: this.searchId, from, count })).rows;
  }
}
