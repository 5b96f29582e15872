/** Sending a request again, where that is safe. */
import { Backoff, type BackoffLimits } from "./backoff.js";
import { KithError } from "./errors.js";
import { type Clock, pause } from "./runtime.js";

/** How a request is tried. */
export interface RetryRules extends BackoffLimits {
  /** How often at most. */
  tries: number;
  /** For how many milliseconds an answer is waited for: API Gateway gives up after 30 s itself. */
  timeout: number;
  /** What is to wait for longer than this, in seconds, fails at once: somebody may be looking at it. */
  patience: number;
}

/** The rules unless others are given. */
export const RETRY_RULES: RetryRules = { first: 200, longest: 5000, tries: 4, timeout: 35_000, patience: 10 };

/** What it takes to send requests. */
export interface Sender {
  fetch: typeof fetch;
  clock: Clock;
  rules: RetryRules;
}

/**
 * Sends a request and answers what comes of it, success or not.
 *
 * What is throttled (429) was not carried out, so it is sent again. If no answer came, or one of 500
 * and above, nobody knows whether it was: that is sent again only if it is `repeatable`, which is to say
 * that twice is as good as once.
 *
 * A DELETE that finds nothing (404) after a try without an answer has done its work: it answers 204.
 *
 * @throws KithError `network` if no answer came, and the signal's reason if it was aborted.
 */
export async function sendWithRetries(sender: Sender, request: Request, repeatable: boolean): Promise<Response> {
  const { clock, rules } = sender;
  const backoff = new Backoff(clock, rules);
  let unanswered = false;
  for (;;) {
    const { response, error } = await once(sender, request.clone());
    if (response === undefined) {
      unanswered = true;
      if (!repeatable || backoff.tries + 1 >= rules.tries) {
        throw KithError.network(error);
      }
      await pause(clock, backoff.next(), request.signal);
      continue;
    }
    if (response.status === 404 && unanswered && request.method === "DELETE") {
      return new Response(null, { status: 204 });
    }
    const retryAfter = Number(response.headers.get("Retry-After") ?? 0) || 0;
    const again = response.status === 429 || (repeatable && isPassing(response));
    if (!again || retryAfter > rules.patience || backoff.tries + 1 >= rules.tries) {
      return response;
    }
    unanswered ||= response.status !== 429;
    await pause(clock, backoff.next(retryAfter), request.signal);
  }
}

/** One try: an answer, or why there is none. One that breaks off is none. */
async function once({ fetch, rules }: Sender, request: Request): Promise<{ response?: Response; error?: unknown }> {
  const signal = AbortSignal.any([request.signal, AbortSignal.timeout(rules.timeout)]);
  try {
    return { response: await whole(await fetch(request, { signal })) };
  } catch (error) {
    if (request.signal.aborted) {
      throw request.signal.reason;
    }
    return { error };
  }
}

/** The same answer, with all of its body here. An empty one is none: a 204, say, may not have one. */
async function whole(response: Response): Promise<Response> {
  const { status, statusText, headers } = response;
  const body = await response.arrayBuffer();
  return new Response(body.byteLength > 0 ? body : null, { status, statusText, headers });
}

/** Whether the next try may go better: a 500 that is a problem of Kith's is a bug, and stays one. */
function isPassing(response: Response): boolean {
  const isProblem = response.headers.get("Content-Type")?.includes("problem+json") ?? false;
  return response.status > 500 || (response.status === 500 && !isProblem);
}
