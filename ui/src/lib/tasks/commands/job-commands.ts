// What is done with saved jobs in the main window, whether from the list of jobs, the palette or a task.
import type { Job } from "../../api/types";
import type { Jobs } from "../../jobs/jobs.svelte";
import { again, readPinned } from "../like-spec";
import type { CommandHost } from "./host";

export class JobCommands {
  readonly #host: CommandHost;
  readonly #jobs: Jobs;

  constructor(host: CommandHost, jobs: Jobs) {
    this.#host = host;
    this.#jobs = jobs;
  }

  /** A job of what the task in the detail pane runs. */
  async saveCurrent(): Promise<void> {
    const { backend, list, notices } = this.#host;
    const { editor } = this.#jobs;
    try {
      const read = await readPinned(backend, list);
      // One that was opened since is being written in.
      if (read && this.#jobs.editor === editor) this.#jobs.create(again(read.task.spec), read.name);
    } catch (thrown) {
      notices.report(thrown);
    }
  }

  /** At once, or when its parameters are filled in. */
  run(job: Job) {
    if (job.parameters?.length) this.#jobs.asking = job;
    else this.start(job.name, {}).catch((thrown: unknown) => this.#host.notices.report(thrown));
  }

  runNamed(name: string) {
    const { backend, notices } = this.#host;
    const { asking } = this.#jobs;
    backend.getJob({ name }).then(
      (detail) => {
        // The parameters of another job are being filled in since.
        if (detail?.job.parameters?.length && this.#jobs.asking !== asking) return;
        if (detail) this.run(detail.job);
        else notices.say("error", `There is no job ${name} any more`);
      },
      (thrown: unknown) => notices.report(thrown),
    );
  }

  /** Rejects with what is wrong with the parameters. */
  async start(name: string, parameters: Record<string, string>): Promise<void> {
    await this.#host.backend.runJob({ name, parameters });
    if (this.#jobs.asking?.name === name) this.#jobs.asking = undefined;
    this.#host.notices.say("plain", `${name} has started`);
  }

  remove(job: Job) {
    this.#host.ask({
      title: `Delete the job “${job.title ?? job.name}”?`,
      body: "It will no longer run on schedule. Its revisions are deleted with it; its tasks and their logs stay.",
      verb: "Delete job",
      act: () => this.#jobs.remove(job.name),
    });
  }
}
