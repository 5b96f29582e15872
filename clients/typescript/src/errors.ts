/** What goes wrong, as one class. */
import type { InvalidValue, Problem, ProblemCode } from "./types.js";

/**
 * What to decide by: a code of Kith's, or one of the client's own.
 *
 * - `network`: no answer came; whether the request was carried out is not known.
 * - `upload-failed`: the picture could not be put where Kith said, or cannot be used.
 * - `cancelled`: a message was taken back before it was sent.
 * - `unknown`: an answer that is none of Kith's, such as a proxy's.
 */
export type ErrorCode = ProblemCode | "network" | "upload-failed" | "cancelled" | "unknown";

/** What is known of a failure. */
export interface Failure {
  code: ErrorCode;
  /** The status of the answer; 0 if there was none. */
  status: number;
  /** A sentence for people. */
  detail: string;
  errors?: InvalidValue[] | undefined;
  retryAfter?: number | undefined;
  requestId?: string | undefined;
  cause?: unknown;
}

/** A request that failed. Decide by `code`; `message` is a sentence for people. */
export class KithError extends Error {
  override readonly name = "KithError";
  readonly code: ErrorCode;
  /** The status of the answer; 0 if there was none. */
  readonly status: number;
  /** The values that were refused; empty unless the code is `invalid-input` or one like it. */
  readonly errors: readonly InvalidValue[];
  /** In how many seconds it may be tried again, if that is known. */
  readonly retryAfter: number | undefined;
  /** What to name when asking for help. */
  readonly requestId: string | undefined;

  constructor(failure: Failure) {
    super(failure.detail, failure.cause === undefined ? undefined : { cause: failure.cause });
    this.code = failure.code;
    this.status = failure.status;
    this.errors = failure.errors ?? [];
    this.retryAfter = failure.retryAfter;
    this.requestId = failure.requestId;
  }

  /** A problem, as RFC 9457 has it; over a WebSocket, `retryAfter` stands beside it. */
  static fromProblem(problem: Problem, retryAfter?: number): KithError {
    const { code, status, detail, errors, requestId } = problem;
    return new KithError({ code, status, detail, errors, requestId, retryAfter });
  }

  /** An answer that is no success. What API Gateway says itself, in its own words, gets the code that fits. */
  static async fromResponse(response: Response): Promise<KithError> {
    const text = await response.text().catch(() => "");
    const body = parse(text);
    const retryAfter = seconds(response.headers.get("Retry-After"));
    if (isProblem(body)) {
      return KithError.fromProblem(body, retryAfter);
    }
    const { status } = response;
    const detail = typeof body?.["message"] === "string" ? body["message"] : response.statusText;
    return new KithError({
      code: GATEWAY_CODES[status] ?? "unknown",
      status,
      detail: detail || `The answer was ${status}.`,
      retryAfter,
    });
  }

  /** Whatever was thrown, as one of these. */
  static of(thrown: unknown): KithError {
    return thrown instanceof KithError ? thrown : KithError.network(thrown);
  }

  /** That no answer came. */
  static network(cause: unknown): KithError {
    return new KithError({ code: "network", status: 0, detail: "Kith could not be reached.", cause });
  }
}

/** What API Gateway's own answers mean: they are `{"message"}`, without a code. */
const GATEWAY_CODES: Readonly<Record<number, ErrorCode>> = {
  401: "unauthenticated",
  403: "forbidden",
  404: "not-found",
  413: "body-too-large",
  429: "rate-limited",
  500: "internal",
  502: "unavailable",
  503: "unavailable",
  504: "unavailable",
};

/** Whether this is a problem as Kith says it. */
export function isProblem(value: unknown): value is Problem {
  if (typeof value !== "object" || value === null) {
    return false;
  }
  const { code, status, detail } = value as Partial<Record<keyof Problem, unknown>>;
  return typeof code === "string" && typeof status === "number" && typeof detail === "string";
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function seconds(header: string | null): number | undefined {
  return header !== null && /^\d+$/.test(header) ? Number(header) : undefined;
}
