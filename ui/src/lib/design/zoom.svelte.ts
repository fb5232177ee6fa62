// How large the main window draws everything: 50 to 200 per cent, remembered. Drawing it so is the backend's, for it is the web view
// that zooms: what the page measures stays true.
import { between, remembered } from "../shared/remembered.svelte";

const STEPS = [0.5, 0.67, 0.75, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 1.75, 2] as const;

const kept = remembered("zoom", 1, between(0.5, 2));

export const zoom = {
  get factor(): number {
    return kept.value;
  },
  /** One step up or down; 0 is back to the usual size. */
  step(by: 1 | -1 | 0): number {
    const { value } = kept;
    kept.value =
      by === 0
        ? 1
        : ((by > 0 ? STEPS.find((step) => step > value) : STEPS.findLast((step) => step < value)) ?? value);
    return kept.value;
  },
};
