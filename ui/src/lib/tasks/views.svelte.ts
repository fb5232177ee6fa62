// Filters that were given names, kept by the engine. A machine of an earlier release keeps none, and then nothing is offered.
import type { Backend } from "../api/backend";
import type { SavedView } from "../api/types";

export class Views {
  all = $state.raw<readonly SavedView[]>([]);
  loaded = $state(false);
  /** The filter that a name is being asked for. */
  naming = $state<string | undefined>(undefined);

  /** The change before: each is made of what is there after it. */
  #last: Promise<void> = Promise.resolve();

  constructor(private readonly backend: Pick<Backend, "readViews" | "saveViews">) {}

  async load(): Promise<void> {
    this.all = await this.backend.readViews({});
    this.loaded = true;
  }

  /** The view with this filter. */
  named = (filter: string): SavedView | undefined => this.all.find((view) => view.filter === filter);

  /** One of the same name is replaced. */
  save = (view: SavedView): Promise<void> =>
    this.#keep((all) => [...all.filter(({ name }) => name !== view.name), view]);

  remove = (name: string): Promise<void> => this.#keep((all) => all.filter((view) => view.name !== name));

  /** Other windows and desktops may have saved some since they were read here. */
  #keep(change: (all: SavedView[]) => SavedView[]): Promise<void> {
    const kept = this.#last.then(async () => {
      const views = change(await this.backend.readViews({}));
      await this.backend.saveViews({ views });
      this.all = views;
    });
    this.#last = kept.catch(() => {});
    return kept;
  }
}
