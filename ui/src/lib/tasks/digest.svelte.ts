// What has happened since this window was last looked at: asked for when it comes back after a while, also after a restart of the
// machine, and shown until it is put away.
import type { Backend } from "../api/backend";
import type { Digest, Phase } from "../api/types";
import { count, plural } from "../shared/format";
import { isFailure } from "../shared/phase";

/** Who looks away for less has missed nothing worth a line. */
export const AWAY_MS = 10 * 60_000;

export class Since {
  digest = $state.raw<Digest | undefined>(undefined);
  readonly #key: string;

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
    const digest = await this.backend.readDigest({ since: left }).catch(() => undefined);
    if (digest && says(digest).length > 0) this.digest = digest;
  }

  putAway(): void {
    this.digest = undefined;
  }
}

const sum = ({ ended }: Digest, of: (phase: Phase) => boolean) =>
  Object.entries(ended).reduce((all, [phase, n]) => all + (of(phase as Phase) ? n : 0), 0);

/** What there is to say, in phrases; nothing where nothing has happened. */
export function says(digest: Digest): string[] {
  const failed = sum(digest, isFailure);
  const well = sum(digest, (phase) => phase === "succeeded");
  const stopped = sum(digest, (phase) => phase === "canceled");
  return [
    failed > 0 && `${count(failed)} failed`,
    well > 0 && `${count(well)} succeeded`,
    stopped > 0 && `${count(stopped)} canceled`,
    digest.missedCount > 0 && `${plural(digest.missedCount, "scheduled run")} missed`,
    digest.heldCount > 0 && `${plural(digest.heldCount, "task is", "tasks are")} held for you`,
  ].filter((phrase) => phrase !== false);
}
