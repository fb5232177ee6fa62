// The open submit form: what was typed, what is wrong with it and where, and sending it. Judging values is the backend's
// (validateSpec); this only decides when to ask and which answers may already be shown.
import { ApiError, type Backend, type Job, type TaskSpec } from "../api";
import { askedAbout } from "./cluster";
import { ClusterOutlook } from "./cluster-outlook.svelte";
import { Drafts, type Origin, type WrittenText } from "./draft";
import { byField, placeError, sectionOf, sentence } from "./errors";
import { released } from "../shared/press";
import { looksSecret } from "../shared/secret";
import { emptyForm, nameLaneAnew, type Form, type Tab } from "./form";
import { fromSpec } from "./from-spec";
import { fieldNames } from "./field-names";
import { merged } from "./merged";
import { toSpec } from "./to-spec";
import { textFormat, type TextFormat, type TextProblem, type TextView } from "./text";

/** What is wrong, by the field that shows it, and what belongs to none. */
interface Placed {
  readonly found: Readonly<Record<string, string>>;
  readonly general: ApiError | null;
}

/** A waiting task, and the version that was read of it. */
export interface Edited {
  readonly id: string;
  readonly version: number;
}

export class SubmitModel {
  form = $state<Form>(emptyForm());
  view = $state<"form" | TextView>("form");
  /** The text of the view, where it is one. */
  text = $state("");
  textProblem = $state.raw<TextProblem | null>(null);
  /** What is wrong, by the field that shows it. */
  errors = $state.raw<Readonly<Record<string, string>>>({});
  /** What is wrong without belonging to a field: a busy lane, no connection. */
  general = $state.raw<ApiError | null>(null);
  /** The directory that is written is not there (yet). */
  lacksDirectory = $state(false);
  busy = $state(false);
  restored = $state(false);
  /** The job that the form was filled from, until that is taken back. */
  applied = $state.raw<string | null>(null);
  /** What has become of the waiting task that this is a change of, in a sentence. */
  overtaken = $state.raw<string | null>(null);
  /** The waiting task that this is a change of; none once it cannot be changed any more. */
  edits = $state.raw<Edited | undefined>(undefined);
  readonly outlook: ClusterOutlook;
  readonly #origin: Origin;
  /** The form of the task that this is a change of, as it was read last. */
  #theirs: Form;
  /** Variables of a restored draft whose values were not kept. */
  withheld = $state.raw<readonly string[]>([]);
  /** The form before anything was written into it. */
  #begun = "";
  #left = new Set<string>();
  /** Once sent, every field counts as left: the focus that goes to one error must not hide the others. */
  #sent = false;
  /** What sending was refused with, and the form that was refused: it holds until something is changed. */
  #refusal: (Placed & { readonly of: string }) | null = null;
  #asked = 0;
  /** What the job took the place of. */
  #before: {
    readonly shown: Pick<SubmitModel, "form" | "view" | "text" | "withheld" | "restored">;
    readonly format: TextFormat | null;
  } | null = null;
  /** Of the view that is a text. */
  #format: TextFormat | null = null;
  /** The text taken over last and what it came to: shown again as it was, with its comments, while the form says the same. */
  #taken: { readonly view: TextView; readonly text: string; readonly spec: string } | null = null;

  constructor(
    readonly backend: Backend,
    readonly initial?: TaskSpec,
    /** A copy beside the task that `initial` is from: a lane of its own is made anew. */
    readonly duplicate = false,
    /** What `~` stands for where the task will run; unknown of another machine. */
    readonly home?: string,
    readonly drafts = new Drafts(),
    edits?: Edited,
  ) {
    this.outlook = new ClusterOutlook(backend);
    this.edits = edits;
    this.#origin = { spec: initial, id: edits?.id };
    const draft = drafts.of(this.#origin);
    this.restored = draft !== null;
    this.withheld = draft?.withheld ?? [];
    this.form = this.#begin(draft?.form);
    this.#theirs = initial ? fromSpec(initial, this.form.lane.suffix) : emptyForm();
    this.#begun = this.#typed();
    if (draft) void this.#lookOver(draft.text);
  }

  /** What a draft has wrong in a section that is closed is said when it is brought back; what stands open is seen. */
  async #lookOver(text: WrittenText | undefined): Promise<void> {
    if (text) await this.#show(text);
    await this.check((field) => this.#left.has(field) || sectionOf(field) !== null);
    for (const field of Object.keys(this.errors)) this.#left.add(field);
  }

  async #show({ view, text }: WrittenText): Promise<void> {
    const asked = this.#asked;
    const format = await textFormat(view);
    if (asked !== this.#asked || this.view !== "form") return;
    Object.assign(this, { view, text });
    this.#format = format;
  }

  #begin(draft?: Form): Form {
    const form = draft ?? (this.initial ? fromSpec(this.initial) : emptyForm());
    if (this.duplicate && form.lane.own) nameLaneAnew(form);
    return form;
  }

  keepDraft(): void {
    const { view, text } = this;
    if (view === "form") return this.drafts.save($state.snapshot(this.form), this.#origin, this.withheld);
    const read = this.#format?.read(text);
    const form =
      read && "spec" in read ? fromSpec(read.spec, this.form.lane.suffix) : $state.snapshot(this.form);
    this.drafts.save(form, this.#origin, this.withheld, { view, text });
  }

  startOver(): void {
    this.drafts.drop(this.#origin);
    this.form = this.#begin();
    this.#begun = this.#typed();
    this.restored = false;
    this.withheld = [];
    this.view = "form";
    this.#forgetErrors();
  }

  /** Fills the form with what a job runs. A lane of its own is made anew: the task is one beside those of the job. */
  applyJob({ name, title, spec }: Job): void {
    if (this.busy) return; // What is being sent is what was there when it was asked for.
    const { view, text, withheld, restored } = this;
    const form = $state.snapshot(this.form);
    this.#before = { shown: { form, view, text, withheld, restored }, format: this.#format };
    this.applied = title ?? name;
    this.form = fromSpec(spec);
    if (this.form.lane.own) nameLaneAnew(this.form);
    this.withheld = this.form.env.flatMap(({ key, value }) =>
      value === "" && looksSecret(key) ? [key] : [],
    );
    this.restored = false;
    this.view = "form";
    this.#forgetErrors();
  }

  /** Brings back what the job took the place of. */
  undoJob(): void {
    if (this.#before === null) return;
    Object.assign(this, this.#before.shown);
    this.#format = this.#before.format;
    this.#before = null;
    this.applied = null;
    this.#forgetErrors();
  }

  #forgetErrors(): void {
    this.#asked += 1; // An answer that is on its way is about what was there before.
    this.errors = {};
    this.general = null;
    this.textProblem = null;
    this.#left.clear();
    this.#sent = false;
    this.#refusal = null;
  }

  /** What a cluster can be asked about the task as it is written, as JSON; null while that cannot be read. */
  get askedOfCluster(): string | null {
    const { spec, errors } = this.#toSpec();
    const unread = Object.keys(errors).some((field) => /^(cluster|limits|timeout)/.test(field));
    return spec.cluster === undefined || unread ? null : JSON.stringify(askedAbout(spec));
  }

  /** A field was left: what is wrong in it, and in those left before, is shown now. */
  async leave(field: string): Promise<void> {
    // Who has only looked at the form has left nothing out.
    if (!this.#sent && this.#typed() === this.#begun) return;
    this.#left.add(field);
    await released();
    if (field === "kind.subprocess.cwd") void this.#lookForDirectory();
    await this.check((at) => this.#sent || this.#left.has(at));
  }

  /** Only a hint: a task may wait for what makes its directory. */
  async #lookForDirectory(): Promise<void> {
    const { kind } = this.#toSpec().spec;
    const path = "subprocess" in kind ? kind.subprocess.cwd : undefined;
    try {
      this.lacksDirectory =
        path !== undefined && path.startsWith("/") && !(await this.backend.hasDirectory({ path }));
    } catch {
      this.lacksDirectory = false; // Nobody knows.
    }
  }

  /** Asks the backend; shows the errors that `visible` lets through. Resolves with the first field that is wrong, "" for what belongs to
   * no field, or null. */
  async check(visible: (field: string) => boolean = () => true): Promise<string | null> {
    this.#asked += 1;
    const asked = this.#asked;
    const { spec, errors } = this.#toSpec();
    // What the form itself cannot read comes first: the backend sees that field without it.
    const found: Record<string, string> = {};
    let general: ApiError | null = null;
    for (const [field, message] of Object.entries(errors)) found[placeError(field) ?? field] ??= message;
    try {
      await this.backend.validateSpec({ spec });
    } catch (thrown) {
      const told = this.#place(ApiError.from(thrown));
      general = told.general;
      for (const [field, message] of Object.entries(told.found)) found[field] ??= message;
    }
    const refusal = this.#refusal;
    if (
      refusal !== null &&
      Object.keys(found).length === 0 &&
      general === null &&
      refusal.of === this.#typed()
    ) {
      general = refusal.general;
      Object.assign(found, refusal.found);
    }
    // What is shown is the latest answer; what was asked about is wrong or not all the same.
    if (asked === this.#asked) {
      this.errors = Object.fromEntries(Object.entries(found).filter(([field]) => visible(field)));
      if (general === null || visible("")) this.general = general;
    }
    return Object.keys(found)[0] ?? (general === null ? null : "");
  }

  /** Sends the task. Resolves with its id, or with null when something is wrong, which is then shown. */
  async submit(): Promise<string | null> {
    if (this.busy) return null;
    if (!this.showForm()) return null;
    this.busy = true;
    this.general = null;
    this.overtaken = null;
    this.#sent = true;
    this.#refusal = null;
    try {
      if ((await this.check()) !== null) return null;
      const id = await this.#send();
      this.drafts.drop(this.#origin);
      return id;
    } catch (thrown) {
      if (this.overtaken !== null) return null;
      const { found, general } = this.#place(ApiError.from(thrown));
      this.#refusal = { found, general, of: this.#typed() };
      this.general = general;
      this.errors = found;
      return null;
    } finally {
      this.busy = false;
    }
  }

  /** A lane of its own that is busy belongs to the task this one was copied from: the copy gets another. */
  async #send(): Promise<string> {
    const spec = (): TaskSpec => this.#toSpec().spec;
    if (this.edits) {
      const { id, version: resourceVersion } = this.edits;
      try {
        await this.backend.editTask({ id, spec: spec(), resourceVersion });
      } catch (thrown) {
        if (ApiError.from(thrown).code !== "Conflict" || !(await this.#overtaken(id))) throw thrown;
        const { version } = this.edits;
        await this.backend.editTask({ id, spec: spec(), resourceVersion: version });
      }
      return id;
    }
    try {
      return await this.backend.submitTask(spec());
    } catch (thrown) {
      if (!this.form.lane.own || ApiError.from(thrown).code !== "SlotBusy") throw thrown;
      nameLaneAnew(this.form);
      return await this.backend.submitTask(spec());
    }
  }

  /**
   * Others were faster. Takes over what they have changed in fields that are untouched here; whether the change can be sent again
   * then. Where both changed a field, or the task waits no more, a person decides, and nothing that was typed is lost.
   */
  async #overtaken(id: string): Promise<boolean> {
    const task = await this.backend.getTaskStatus(id);
    if (task === null || task.status.phase !== "pending" || task.status.attempt > 0) {
      this.edits = undefined;
      this.overtaken =
        task === null
          ? "This task was deleted meanwhile. What you typed is still here, and can be run as a new task."
          : "This task has been started meanwhile, and cannot be changed. What you typed is still here, and can be run as a new task.";
      return false;
    }
    const theirs = fromSpec(task.spec, this.#theirs.lane.suffix);
    const { form, both } = merged(this.#theirs, $state.snapshot(this.form), theirs);
    this.form = form;
    this.#theirs = theirs;
    this.edits = { id, version: task.metadata.resourceVersion };
    if (both.length === 0) return true;
    this.overtaken = `Meanwhile somebody else has changed this task too: ${fieldNames(both)}. What you typed still stands here; send it again to have it so.`;
    return false;
  }

  /** Shows the task as text; refused while what is shown now holds something that the text could not. */
  async showText(view: TextView): Promise<boolean> {
    if (this.view === view) return true;
    const format = await textFormat(view);
    if (!this.showForm()) return false;
    const { spec, errors } = this.#toSpec();
    if (Object.keys(errors).length > 0) {
      await this.check();
      return false;
    }
    const taken = this.#taken;
    const same = taken?.view === view && taken.spec === JSON.stringify(spec);
    this.text = same ? taken.text : format.write(spec);
    this.textProblem = null;
    this.#format = format;
    this.view = view;
    return true;
  }

  /** Takes a text over into the form; one that does not fit stays as it is, with its line marked. */
  showForm(): boolean {
    if (this.view === "form" || this.#format === null) return true;
    const spec = this.#readText(this.#format);
    if (spec === null) return false;
    const unchanged = JSON.stringify(spec) === this.#spec();
    if (!unchanged) this.form = fromSpec(spec, this.form.lane.suffix);
    this.#taken = { view: this.view, text: this.text, spec: this.#spec() };
    this.textProblem = null;
    this.view = "form";
    return true;
  }

  /** Another kind of thing to run. What was wrong with the one before is none of its business. */
  chooseTab(tab: Tab): boolean {
    if (!this.showForm()) return false;
    if (this.form.tab === tab) return true;
    this.form.tab = tab;
    this.errors = {};
    void this.check((field) => this.#sent || this.#left.has(field));
    return true;
  }

  /** What is written now, as form or as text; null when it is not a whole spec, which is then shown. */
  async current(): Promise<TaskSpec | null> {
    if (this.view !== "form" && this.#format) return this.#readText(this.#format);
    const { spec, errors } = this.#toSpec();
    if (Object.keys(errors).length === 0) return spec;
    await this.check();
    return null;
  }

  #readText(format: TextFormat): TaskSpec | null {
    const result = format.read(this.text);
    if ("spec" in result) return result.spec;
    this.textProblem = result;
    return null;
  }

  /** What is wrong with a text of this view; null when it is a task. */
  mistake(text: string): TextProblem | null {
    const result = this.#format?.read(text);
    return result === undefined || "spec" in result ? null : result;
  }

  #spec(): string {
    return JSON.stringify(this.#toSpec().spec);
  }

  #typed(): string {
    return JSON.stringify($state.snapshot(this.form));
  }

  #toSpec() {
    return toSpec($state.snapshot(this.form), this.home);
  }

  /** Beside which fields an error belongs; what belongs beside none is said above them. */
  #place(error: ApiError): Placed {
    if (error.code === "SlotBusy") return { found: { slot: sentence(error.message) }, general: null };
    const { tab, command } = this.form;
    const { found, rest } = byField(error.problems, tab === "command" && command.shell);
    return { found, general: rest.length > 0 || Object.keys(found).length === 0 ? error : null };
  }
}
