// What the cluster says of a task that is being written: when it would start it, or why it would refuse it. Only a hint: sending waits for
// none of it, and what is refused now may be taken when it is sent.
import { ApiError, type Backend, type TaskSpec } from "../api";
import { outlookWords } from "./cluster";
import { byField, sentence } from "./errors";

/** Each question is a program of its own beside the cluster's controller: it is asked once typing has paused. */
const TYPING_MS = 600;

export class ClusterOutlook {
  /** In a sentence; empty while there is nothing to say. */
  words = $state("");
  /** Whether that is why it would refuse the task, whatever its fields say. */
  refuses = $state(false);
  /** Why the cluster would refuse it, by the field of the form. */
  refused = $state.raw<Readonly<Record<string, string>>>({});

  constructor(readonly backend: Backend) {}

  /** Asks about this task soon, and not any more once the function that it answers is called; about none, or before that, it says nothing. */
  ask(spec: TaskSpec | null): () => void {
    if (spec === null) return () => {};
    let left = false;
    const timer = setTimeout(() => {
      this.#say("Asking the cluster when it would start…");
      this.backend.previewOnCluster({ spec }).then(
        (preview) => {
          if (!left) this.#say(outlookWords(preview, Date.now()));
        },
        (thrown: unknown) => {
          if (!left) this.#tell(ApiError.from(thrown));
        },
      );
    }, TYPING_MS);
    return () => {
      left = true;
      clearTimeout(timer);
      this.#say("");
    };
  }

  #say(words: string, refused: Readonly<Record<string, string>> = {}, refuses = false): void {
    this.words = words;
    this.refused = refused;
    this.refuses = refuses;
  }

  #tell(error: ApiError): void {
    if (error.code === "Unavailable") return this.#say(`${sentence(error.message)}.`);
    const { cluster, ...found } = byField(error.problems).found;
    // An engine of an earlier version does not know the question.
    this.#say(cluster === undefined ? "" : `${cluster}.`, found, cluster !== undefined);
  }
}
