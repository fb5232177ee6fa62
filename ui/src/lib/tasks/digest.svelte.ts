// What has happened since this window was last looked at: asked for when it comes back after a while, also after a restart of the
// machine, or when the machine has slept; and shown until it is put away.
import type { Backend } from "../api/backend";
import type { Digest, DigestSleep, Phase } from "../api/types";
import { count, duration, plural } from "../shared/format";
import { isFailure } from "../shared/phase";

/** Who looks away for less has missed nothing worth a line. */
export const AWAY_MS = 10 * 60_000;

/** After the machine woke: then what was due meanwhile is dealt with. */
const SETTLED_MS = 5_000;

export class Since {
  digest = $state.raw<Digest | undefined>(undefined);
  readonly #key: string;
  /** Of sleeps before that nothing is said. */
  #told = Date.now();

  constructor(
    private readonly backend: Pick<Backend, "readDigest">,
    machine: string | null,
  ) {
    this.#key = `solti.looked.${machine ?? ""}`;
  }

  /** The window is not looked at any more. */
  leave(now: number): void {
    localStorage.setItem(this.#key, String(now));
  }

  /** It is again. A machine of an earlier release knows nothing of it, and then nothing is said. */
  async comeBack(now: number): Promise<void> {
    const left = Number(localStorage.getItem(this.#key));
    this.leave(now);
    if (!(left > 0) || now - left < AWAY_MS) return;
    await this.#tell(left);
  }

  /** The machine has slept, with the window before everybody's eyes maybe. */
  async woke(sleep: DigestSleep): Promise<void> {
    if (sleep.to <= this.#told || sleep.to - sleep.from < AWAY_MS) return;
    this.#told = sleep.to;
    await new Promise((settled) => setTimeout(settled, SETTLED_MS));
    await this.#tell(sleep.from);
  }

  async #tell(since: number): Promise<void> {
    const digest = await this.backend.readDigest({ since }).catch(() => undefined);
    if (digest && says(digest).length > 0) this.digest = digest;
  }

  putAway(): void {
    this.digest = undefined;
  }
}

const sum = ({ ended }: Digest, of: (phase: Phase) => boolean) =>
  Object.entries(ended).reduce((all, [phase, n]) => all + (of(phase as Phase) ? n : 0), 0);

/** How many tasks went wrong. */
export const failures = (digest: Digest): number => sum(digest, isFailure);

/** What there is to say, in phrases; nothing where nothing has happened. */
export function says(digest: Digest): string[] {
  const failed = failures(digest);
  const well = sum(digest, (phase) => phase === "succeeded");
  const stopped = sum(digest, (phase) => phase === "canceled");
  const slept = (digest.slept ?? []).reduce(
    (all, { from, to }) => all + (to - Math.max(from, digest.since)),
    0,
  );
  const phrases = [
    failed > 0 && `${count(failed)} failed`,
    well > 0 && `${count(well)} succeeded`,
    stopped > 0 && `${count(stopped)} canceled`,
    digest.missedCount > 0 && `${plural(digest.missedCount, "scheduled run")} missed`,
    digest.heldCount > 0 && `${plural(digest.heldCount, "task is", "tasks are")} held for you`,
  ].filter((phrase) => phrase !== false);
  // That it slept is why; by itself it is not worth a line.
  return slept > 0 && phrases.length > 0
    ? [`the computer slept for ${duration(slept)}`, ...phrases]
    : phrases;
}
