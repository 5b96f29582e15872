import assert from "node:assert/strict";
import { test } from "node:test";
import { KithError } from "../../src/errors.js";
import { Kith } from "../../src/kith.js";
import type { FakeClock } from "../support/clock.js";
import { answering, problem } from "../support/http.js";

const POST = { id: "p", text: "Hello" };

/** What comes of something, once as much time has passed as it takes. */
async function outcome<T>(clock: FakeClock, promise: Promise<T>): Promise<T | KithError> {
  const settled = promise.catch((error: unknown) => KithError.of(error));
  await clock.pass(120_000);
  return settled;
}

test("a problem is thrown with all that it says", async () => {
  const errors = [{ pointer: "/text", detail: "must not be blank" }];
  const { kith, asked } = answering([problem(422, "invalid-input", { errors })]);
  await assert.rejects(kith.post("/v1/posts", { body: { text: " " } }), {
    name: "KithError",
    code: "invalid-input",
    status: 422,
    message: "No.",
    errors,
    requestId: "r-1",
  });
  assert.equal(asked[0]?.headers.get("Authorization"), "Bearer kith_token");
});

test("what API Gateway says itself has the code that fits", async () => {
  for (const [status, code] of [
    [403, "forbidden"],
    [413, "body-too-large"],
    [418, "unknown"],
  ] as const) {
    const { kith } = answering([{ status, body: { message: "In its own words" } }]);
    await assert.rejects(kith.get("/v1/me"), { code, status, message: "In its own words" });
  }
});

test("what may be repeated is sent again while no answer comes, and a few times only", async () => {
  const { kith, clock, asked } = answering(["nothing", "nothing", { status: 200, body: { id: "me" } }]);
  assert.deepEqual(await outcome(clock, kith.get("/v1/me")), { id: "me" });
  assert.deepEqual(
    asked.map(({ at }) => at),
    [0, 100, 300],
  );
  const gone = answering([]);
  const error = await outcome(gone.clock, gone.kith.get("/v1/me"));
  assert(error instanceof KithError && error.code === "network" && error.status === 0);
  assert.equal(gone.asked.length, 4);
});

test("what may not be repeated is sent once, unless it was throttled", async () => {
  const lost = answering(["nothing"]);
  await assert.rejects(lost.kith.post("/v1/friend-requests", { body: { to: "b" } }), { code: "network" });
  assert.equal(lost.asked.length, 1);
  const throttled = answering([
    { status: 429, headers: { "Retry-After": "3" } },
    { status: 201, body: POST },
  ]);
  const sent = throttled.kith.post("/v1/friend-requests", { body: { to: "b" } });
  assert.deepEqual(await outcome(throttled.clock, sent), POST);
  assert((throttled.asked[1]?.at ?? 0) >= 3000);
});

test("somebody who would have to wait for long is told so at once", async () => {
  const { kith, asked } = answering([{ ...problem(429, "rate-limited"), headers: { "Retry-After": "900" } }]);
  await assert.rejects(kith.get("/v1/me"), { code: "rate-limited", retryAfter: 900 });
  assert.equal(asked.length, 1);
});

test("an answer that breaks off is none, and one that is not Kith's says so", async () => {
  let tries = 0;
  const breaking: typeof fetch = async () => {
    tries += 1;
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('{"id":"m'));
        if (tries === 1) {
          controller.error(new TypeError("terminated"));
        } else {
          controller.enqueue(new TextEncoder().encode('e"}'));
          controller.close();
        }
      },
    });
    return new Response(body, { headers: { "Content-Type": "application/json" } });
  };
  const kith = new Kith({ baseUrl: "http://kith", fetch: breaking, retry: { first: 1 } });
  assert.equal((await kith.get("/v1/me")).id, "me");
  assert.equal(tries, 2);
  const page = new Kith({ baseUrl: "http://kith", fetch: async () => new Response("<h1>Sign in to the hotel</h1>") });
  await assert.rejects(page.get("/v1/me"), { name: "KithError", code: "unknown" });
});

test("an answer without content is one, also where a browser gives it an empty body", async () => {
  const empty: typeof fetch = async () => {
    const response = new Response(null, { status: 204 });
    return Object.defineProperty(response, "body", { value: new ReadableStream() });
  };
  const kith = new Kith({ baseUrl: "http://kith", fetch: empty });
  assert.equal(await kith.delete("/v1/sessions"), undefined);
});

test("a post is written once: it is sent again under the same key", async () => {
  const { kith, clock, asked } = answering(["nothing", problem(503, "unavailable"), { status: 201, body: POST }]);
  assert.deepEqual(await outcome(clock, kith.createPost({ text: "Hello" })), POST);
  const keys = asked.map(({ headers }) => headers.get("Idempotency-Key"));
  assert.equal(keys.length, 3);
  assert.equal(new Set(keys).size, 1);
  assert(asked.every(({ body }) => body === '{"text":"Hello"}'));
});

test("a bug is no reason to try again, and a function that crashed is", async () => {
  const bug = answering([problem(500, "internal")]);
  await assert.rejects(bug.kith.get("/v1/me"), { code: "internal" });
  const headers = { "Content-Type": "application/json" };
  const crash = answering([
    { status: 500, body: { message: "Internal Server Error" }, headers },
    { status: 200, body: {} },
  ]);
  assert.deepEqual(await outcome(crash.clock, crash.kith.get("/v1/me")), {});
});

test("a DELETE that finds nothing after a lost answer has done its work", async () => {
  const { kith, clock } = answering(["nothing", problem(404, "not-found")]);
  const params = { path: { postId: "p" } };
  assert.equal(await outcome(clock, kith.delete("/v1/posts/{postId}", { params })), undefined);
  const absent = answering([problem(404, "not-found")]);
  await assert.rejects(absent.kith.delete("/v1/posts/{postId}", { params }), { code: "not-found" });
});

test("the end of the session is told once, and the token is forgotten", async () => {
  const { kith } = answering([problem(401, "unauthenticated"), problem(401, "unauthenticated")]);
  let ended = 0;
  kith.on("sessionEnded", () => {
    ended += 1;
  });
  await Promise.allSettled([kith.get("/v1/me"), kith.get("/v1/feed")]);
  assert.deepEqual([ended, kith.token], [1, undefined]);
});

test("a wrong password is not the end of a session", async () => {
  const { kith } = answering([problem(401, "invalid-credentials")]);
  kith.on("sessionEnded", () => assert.fail());
  await assert.rejects(kith.signIn({ login: "a", password: "b" }), { code: "invalid-credentials" });
  assert.equal(kith.token, "kith_token");
});

test("signing out forgets the token whatever comes of it", async () => {
  const { kith, asked } = answering([problem(401, "unauthenticated")]);
  await kith.signOut();
  assert.equal(kith.token, undefined);
  assert.equal(asked[0]?.request, "DELETE /v1/sessions/current");
  assert.equal(asked[0]?.headers.get("Authorization"), "Bearer kith_token");
});

test("a list is read page by page, as far as it is asked for", async () => {
  const pages = [
    { status: 200, body: { items: ["a", "b"], nextCursor: "1" } },
    { status: 200, body: { items: [], nextCursor: "2" } },
    { status: 200, body: { items: ["c"], nextCursor: null } },
  ];
  const { kith, asked } = answering([...pages]);
  const items: unknown[] = [];
  for await (const item of kith.list("/v1/users", { params: { query: { query: "al", limit: 2 } } })) {
    items.push(item);
  }
  assert.deepEqual(items, ["a", "b", "c"]);
  assert.deepEqual(
    asked.map(({ request }) => request),
    ["query=al&limit=2", "query=al&limit=2&cursor=1", "query=al&limit=2&cursor=2"].map((q) => `GET /v1/users?${q}`),
  );
  const first = answering([...pages]);
  for await (const item of first.kith.list("/v1/users", { params: { query: { query: "al" } } })) {
    assert.equal(item, "a");
    break;
  }
  assert.equal(first.asked.length, 1);
});

test("several values of one parameter are one parameter, as the document says", async () => {
  const { kith, asked } = answering([{ status: 200, body: { items: [] } }]);
  await kith.get("/v1/presence", { params: { query: { users: ["a", "b"] } } });
  assert.equal(asked[0]?.request, "GET /v1/presence?users=a,b");
});

test("a request can be given up, also while it waits to be sent again", async () => {
  const { kith } = answering([{ status: 503, headers: { "Retry-After": "5" } }]);
  const controller = new AbortController();
  const request = kith.get("/v1/me", { signal: controller.signal });
  setImmediate(() => controller.abort());
  await assert.rejects(request, { name: "AbortError" });
});

test("an answer that does not come in time is none", async () => {
  const never = new Kith({
    baseUrl: "http://kith",
    fetch: (_, init) =>
      new Promise((_, reject) => init?.signal?.addEventListener("abort", () => reject(init.signal?.reason))),
    retry: { timeout: 5, tries: 2, first: 1 },
  });
  // Node lets go of a program in which nothing but such a timer is waited for.
  const alive = setTimeout(() => {}, 5000);
  await assert.rejects(never.get("/v1/me"), { code: "network" });
  clearTimeout(alive);
});
