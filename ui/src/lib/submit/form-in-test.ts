// What the tests of the form have in common: a form that is open, over a backend that takes what it is sent.
import { cleanup, fireEvent, render, screen } from "@testing-library/svelte";
import { afterEach, beforeEach, vi } from "vitest";
import {
  ApiError,
  useBackend,
  type Backend,
  type ClusterPreview,
  type LineReading,
  type RunnerInfo,
  type Task,
  type TaskSpec,
} from "../api";
import { Drafts } from "./draft";
import SubmitForm from "./SubmitForm.svelte";

interface Given {
  /** What the validator says next. */
  wrong: ApiError | null;
  /** It says nothing before that. */
  answered: Promise<void>;
  sent: TaskSpec[];
  edited: { id: string; spec: TaskSpec; resourceVersion: number } | undefined;
  /** The task that is changed, as it stands; a change of an earlier version of it is refused. */
  current: Task | null;
  drafts: Drafts;
  runners: RunnerInfo[];
  previewed: (asked: { spec: TaskSpec }) => Promise<ClusterPreview>;
}
const anew = (): Given => ({
  wrong: null,
  answered: Promise.resolve(),
  sent: [],
  edited: undefined,
  current: null,
  drafts: new Drafts(),
  runners: [],
  // A cluster that does not answer keeps nobody waiting.
  previewed: () => new Promise(() => {}),
});
export const given = anew();

export function open(initial?: TaskSpec, edits?: { id: string; version: number }) {
  const onsubmitted = vi.fn();
  const { drafts } = given;
  render(SubmitForm, { title: "New task", initial, edits, drafts, onsubmitted, oncancel: () => {} });
  return { onsubmitted };
}

export const field = (id: string): HTMLInputElement => screen.getByTestId(id);
export const type = (id: string, value: string) => fireEvent.input(field(id), { target: { value } });
export const refuse = (name: string, message = "not so") =>
  (given.wrong = new ApiError({ error: "InvalidRequest", field: name, message }));

/** As if only these were for a shell. */
export const readCommandLine = async (line: string): Promise<LineReading> => {
  if (line.startsWith("FOO=") || line.includes("|")) return { advice: "That is for a shell." };
  return line === "(make" ? { advice: "That is for a shell.", flaw: "unclosed ( at character 1" } : {};
};

export function eachTestAnew(): void {
  beforeEach(() => {
    Object.assign(given, anew());
    useBackend({
      readCommandLine,
      validateSpec: async () => {
        await given.answered;
        if (given.wrong) throw given.wrong;
      },
      submitTask: async (spec: TaskSpec) => (given.sent.push(spec), "id-1"),
      editTask: async (asked: NonNullable<Given["edited"]>) => {
        const { current } = given;
        if (current && current.metadata.resourceVersion !== asked.resourceVersion)
          throw new ApiError({ error: "Conflict", message: "it has changed" });
        given.edited = asked;
      },
      getTaskStatus: async () => given.current,
      listTasks: async () => ({ rows: [], total: 0 }),
      listLanes: async () => [],
      listRunners: async () => given.runners,
      previewOnCluster: (asked: { spec: TaskSpec }) => given.previewed(asked),
    } as unknown as Backend);
  });
  afterEach(cleanup);
}
