/** How long to wait before the next try. */
import type { Clock } from "./runtime.js";

/** Between which bounds, in milliseconds, the pauses grow. */
export interface BackoffLimits {
  /** The first pause is at most this long. */
  first: number;
  /** And none is longer than this. */
  longest: number;
}

/**
 * Exponential backoff with full jitter: any time from nothing up to a bound that doubles with each try.
 * So many clients that lost their connections at once do not come back at once.
 */
export class Backoff {
  #tries = 0;

  constructor(
    private readonly clock: Clock,
    private readonly limits: BackoffLimits,
  ) {}

  /** The next pause in milliseconds; at least `retryAfter` seconds, if the server named some. */
  next(retryAfter = 0): number {
    const bound = Math.min(this.limits.longest, this.limits.first * 2 ** this.#tries);
    this.#tries += 1;
    return retryAfter * 1000 + this.clock.random() * bound;
  }

  /** How many pauses there were since it last went well. */
  get tries(): number {
    return this.#tries;
  }

  /** It went well. */
  reset(): void {
    this.#tries = 0;
  }
}
