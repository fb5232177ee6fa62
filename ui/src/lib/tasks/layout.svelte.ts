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
  #order: Order | undefined;
  /** Somebody has chosen since it was asked for. */
  #touched = false;
  /** What was chosen here and is not kept yet; the rest of what is kept may be another window's. */
  readonly #chosen = new Set<"columns" | "order">();
  #saving = Promise.resolve();

  constructor(
    private readonly backend: Pick<Backend, "readListLayout" | "saveListLayout">,
    private readonly report: (thrown: unknown) => void,
  ) {}

  /** What was kept; answers with the order that the list was left in. */
  async load(): Promise<Order | undefined> {
    const layout = await this.backend.readListLayout({});
    if (this.#touched) return undefined;
    this.columns = whole(layout.columns);
    if (layout.sort == null) return undefined;
    this.#order = { by: layout.sort, reverse: layout.reverse ?? false };
    return this.#order;
  }

  show(columns: readonly ListColumn[]): void {
    this.columns = whole(columns);
    this.#save("columns");
  }

  /** The list is in this order now, whoever has asked for it. */
  sorted(order: Order | undefined): void {
    if (order?.by === this.#order?.by && order?.reverse === this.#order?.reverse) return;
    this.#order = order;
    this.#save("order");
  }

  #save(chosen: "columns" | "order"): void {
    this.#touched = true;
    this.#chosen.add(chosen);
    this.#saving = this.#saving.then(() => this.#merge()).catch(this.report);
  }

  /** Puts what was chosen here into what is kept, and leaves the rest of that as it is. */
  async #merge(): Promise<void> {
    if (this.#chosen.size === 0) return;
    const kept = await this.backend.readListLayout({});
    const layout: ListLayout = { ...kept };
    if (this.#chosen.has("columns")) layout.columns = isUsual(this.columns) ? [] : [...this.columns];
    if (this.#chosen.has("order")) {
      delete layout.sort;
      delete layout.reverse;
      if (this.#order && !isNewestFirst(this.#order)) {
        layout.sort = this.#order.by;
        if (this.#order.reverse) layout.reverse = true;
      }
    }
    this.#chosen.clear();
    if (JSON.stringify(layout) !== JSON.stringify(kept)) await this.backend.saveListLayout({ layout });
  }
}
