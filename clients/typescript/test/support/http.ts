/** HTTP that a test holds the other end of. */
import { Kith, type KithOptions } from "../../src/kith.js";
import { FakeClock } from "./clock.js";

/** What a request is answered: a status and a body, or that there is no answer. */
export interface FakeAnswer {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}

/** A Kith that is answered one thing after the other, and notes what it was asked. */
export function answering(answers: (FakeAnswer | "nothing")[], options: Partial<KithOptions> = {}) {
  const clock = new FakeClock();
  const asked: { request: string; headers: Headers; body: string; at: number }[] = [];
  const fakeFetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init);
    const line = `${request.method} ${request.url.replace("http://kith", "")}`;
    asked.push({ request: line, headers: request.headers, body: await request.text(), at: clock.now });
    const answer = answers.shift();
    if (answer === undefined || answer === "nothing") {
      throw new TypeError("fetch failed");
    }
    const type = answer.status >= 400 ? "application/problem+json" : "application/json";
    const body = answer.body === undefined ? null : JSON.stringify(answer.body);
    return new Response(body, { status: answer.status, headers: { "Content-Type": type, ...answer.headers } });
  };
  const kith = new Kith({ baseUrl: "http://kith", token: "kith_token", fetch: fakeFetch, clock, ...options });
  return { kith, clock, asked };
}

/** A problem as Kith says it. */
export function problem(status: number, code: string, more: object = {}): FakeAnswer {
  const body = {
    type: `urn:kith:problem:${code}`,
    title: "No",
    status,
    detail: "No.",
    code,
    requestId: "r-1",
    ...more,
  };
  return { status, body };
}
