// A connection as it is filled in and tried: what was typed, what is wrong with it and where, and what the machine at the other end
// has answered. The rules and the trying are the backend's; a token goes there and does not come back.
import type { Backend } from "../api/backend";
import { ApiError } from "../api/errors";
import type { Connection, ConnectionTest, ListedMachine } from "../api/types";
import { sentence } from "../submit/errors";

export type ConnectionField = "name" | "url" | "token" | "fingerprint";
export type Outcome = ConnectionTest | { outcome: "unreachable"; problem: string };

export class ConnectionDraft {
  name = $state("");
  url = $state("");
  /** Empty on a connection that has one: it stays. */
  token = $state("");
  fingerprint = $state("");
  errors = $state<Partial<Record<ConnectionField, string>>>({});
  busy = $state<"testing" | "saving" | undefined>(undefined);
  outcome = $state.raw<Outcome | undefined>(undefined);
  https = $derived(/^\s*https:/i.test(this.url));
  /** ssh asks its own keys; the socket at its end needs no token. */
  ssh = $derived(/^\s*ssh:/i.test(this.url));

  constructor(
    readonly backend: Backend,
    readonly before?: ListedMachine,
  ) {
    this.name = before?.name ?? "";
    this.url = before?.url ?? "";
    this.fingerprint = before?.fingerprint ?? "";
  }

  get connection(): Connection {
    const fingerprint = this.https ? this.fingerprint.trim() : "";
    return { name: this.name.trim(), url: this.url.trim(), ...(fingerprint && { fingerprint }) };
  }

  /** Something was typed: what was said of it before counts no more. */
  typed(field: ConnectionField) {
    delete this.errors[field];
    this.outcome = undefined;
  }

  /** True when the machine answers as it should. */
  async test(): Promise<boolean> {
    this.outcome = undefined;
    this.errors = {};
    this.busy = "testing";
    try {
      this.outcome = await this.backend.testConnection(this.connection, this.#sent);
      return this.outcome.outcome === "reached";
    } catch (thrown) {
      this.#refused(thrown);
      return false;
    } finally {
      this.busy = undefined;
    }
  }

  /** The person has compared the fingerprint: from now on this certificate is the one. */
  async trust(): Promise<boolean> {
    if (this.outcome?.outcome !== "unknownCertificate") return false;
    this.fingerprint = this.outcome.fingerprint;
    return this.test();
  }

  /** Keeps it; true when it is kept. What is wrong is said, and what cannot be reached is kept only when told to, with `anyway`. */
  async save(anyway = false): Promise<boolean> {
    if (!anyway && !(await this.test())) return false;
    this.busy = "saving";
    try {
      await this.backend.saveConnection(this.connection, this.#sent, this.before === undefined);
      return true;
    } catch (thrown) {
      this.#refused(thrown);
      return false;
    } finally {
      this.busy = undefined;
    }
  }

  get #sent(): string | undefined {
    if (this.ssh) return "";
    const kept = this.before?.hasToken && this.before.url === this.url.trim();
    return kept && this.token.trim() === "" ? undefined : this.token;
  }

  #refused(thrown: unknown) {
    const error = ApiError.from(thrown);
    const placed = error.problems.filter((problem) => isField(problem.field));
    for (const { field, message } of placed as { field: ConnectionField; message: string }[])
      this.errors[field] ??= (this[field].trim() === "" ? MISSING[field] : undefined) ?? sentence(message);
    if (placed.length === 0) this.outcome = { outcome: "unreachable", problem: sentence(error.message) };
  }
}

const MISSING: Partial<Record<ConnectionField, string>> = { name: "Enter a name", url: "Enter an address" };

const isField = (field: string | undefined): field is ConnectionField =>
  field === "name" || field === "url" || field === "token" || field === "fingerprint";
