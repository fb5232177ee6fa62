// The one error class that every Backend method rejects with. Match on `code`, never on the message.
import type { ApiErrorBody, ApiErrorCode, FieldError } from "./types";

export class ApiError extends Error {
  readonly code: ApiErrorCode;
  readonly field?: string;
  readonly body: ApiErrorBody;

  constructor(body: ApiErrorBody) {
    super(body.message);
    this.name = "ApiError";
    this.code = body.error;
    this.field = body.error === "InvalidRequest" ? body.field : undefined;
    this.body = body;
  }

  /** Every field that is wrong, in the backend's order; none when it is about something else. */
  get problems(): readonly FieldError[] {
    if (this.body.error !== "InvalidRequest") return [];
    const { field, message, others = [] } = this.body;
    return [{ field, message }, ...others];
  }

  /** Whether the same may succeed a little later with nothing done about it. */
  get passes(): boolean {
    return this.code === "Unavailable" || this.code === "Internal" || this.code === "RateLimited";
  }

  /** Turns whatever an invoke rejected with into an ApiError; what has no known shape becomes `Internal`. */
  static from(thrown: unknown): ApiError {
    if (thrown instanceof ApiError) return thrown;
    if (typeof thrown === "object" && thrown !== null && "error" in thrown && "message" in thrown) {
      return new ApiError(thrown as ApiErrorBody);
    }
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return new ApiError({ error: "Internal", incident: "", message });
  }
}
