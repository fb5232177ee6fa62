// How the list is laid out: its columns, and what it is sorted by when the window opens. The engine keeps it; a machine of an
// earlier release does not, and then the usual columns are there each time.
import type { Backend } from "../api/backend";
import type { ListColumn, ListLayout } from "../api/types";
import { isNewestFirst, type Order } from "../shared/order";
import { isUsual, USUAL, whole } from "./columns";

export class Layout {
  columns = $state.raw<readonly ListColumn[]>(USUAL);
  /** Whether the dialog that sets them is open. */
  open = $state(false);
  #kept = "";
  #order: Order | undefined;
  /** Somebody has chosen since it was asked for. */
  #touched = false;

  constructor(
    private readonly backend: Pick<Backend, "readListLayout" | "saveListLayout">,
    private readonly report: (thrown: unknown) => void,
  ) {}

  /** What was kept; answers with the order that the list was left in. */
  async load(): Promise<Order | undefined> {
    const layout = await this.backend.readListLayout({});
    if (this.#touched) return undefined;
    this.#kept = JSON.stringify(layout);
    this.columns = whole(layout.columns);
    if (layout.sort == null) return undefined;
    this.#order = { by: layout.sort, reverse: layout.reverse ?? false };
    return this.#order;
  }

  show(columns: readonly ListColumn[]): void {
    this.#touched = true;
    this.columns = whole(columns);
    this.#save();
  }

  /** The list is in this order now, whoever has asked for it. */
  sorted(order: Order | undefined): void {
    if (order?.by === this.#order?.by && order?.reverse === this.#order?.reverse) return;
    this.#touched = true;
    this.#order = order;
    this.#save();
  }

  #save(): void {
    const layout: ListLayout = { columns: isUsual(this.columns) ? [] : [...this.columns] };
    if (this.#order && !isNewestFirst(this.#order)) {
      layout.sort = this.#order.by;
      if (this.#order.reverse) layout.reverse = true;
    }
    const text = JSON.stringify(layout);
    if (text === this.#kept) return;
    this.#kept = text;
    this.backend.saveListLayout({ layout }).catch(this.report);
  }
}
