import assert from "node:assert/strict";
import { test } from "node:test";
import { settle } from "../support/clock.js";
import { answering, type FakeAnswer, problem } from "../support/http.js";
import { CHAT, ME, PEER } from "../support/server.js";
import { fakeSockets } from "../support/sockets.js";

const TICKET: FakeAnswer = { status: 201, body: { ticket: "t", url: "ws://kith?ticket=t", expiresAt: "soon" } };
const NOTHING: FakeAnswer = { status: 200, body: { items: [], nextCursor: null } };
const BOB: FakeAnswer = { status: 201, body: { user: { id: PEER }, session: { token: "kith_bob" } } };

/** Alice, in a chat, and what comes after that. */
async function alice(...answers: FakeAnswer[]) {
  const sockets = fakeSockets();
  const told: string[] = [];
  const { kith, clock, asked } = answering([TICKET, NOTHING, ...answers], { WebSocket: sockets.Socket });
  kith.on("sessionEnded", () => told.push(`kith, ${kith.token}`));
  const chat = kith.chat(ME);
  chat.on("sessionEnded", () => told.push(`chat, ${kith.token}`));
  chat.start();
  await settle();
  sockets.last.open();
  await settle();
  /** What was asked since, and as whom. */
  const since = () =>
    asked.slice(2).map(({ request, headers }) => `${request} as ${headers.get("Authorization")?.slice(7)}`);
  return { kith, chat, clock, sockets, told, since };
}

test("a chat ends with its session, and whoever signs in next says nothing of it", async () => {
  const { kith, chat, clock, sockets, since } = await alice({ status: 204 }, BOB);
  sockets.last.break();
  const waiting = chat.send(PEER, "Nobody is to say this but Alice.");
  await kith.signOut();
  await kith.signIn({ login: "bob", password: "…" });
  await clock.pass(3_600_000);
  assert.deepEqual([chat.state, waiting.status, waiting.error?.code], ["ended", "failed", "unauthenticated"]);
  assert.deepEqual(since(), ["DELETE /v1/sessions/current as kith_token", "POST /v1/sessions as undefined"]);
  assert.deepEqual([sockets.made.length, clock.waiting, kith.token], [1, 0, "kith_bob"]);
});

test("a chat ends when another session begins, also if it was stopped", async () => {
  for (const isStopped of [false, true]) {
    const { kith, chat, sockets, told, since } = await alice(BOB, problem(401, "unauthenticated"));
    if (isStopped) {
      chat.stop();
    }
    await kith.signIn({ login: "bob", password: "…" });
    assert.equal(chat.state, isStopped ? "idle" : "ended");
    chat.start();
    assert.equal(chat.state, "ended");
    // Nor does it change anything as Bob; and that Alice's session has ended is nothing to him.
    await assert.rejects(chat.edit({ conversationId: CHAT, seq: 1 }, "Changed"), { code: "unauthenticated" });
    assert.equal(since().at(-1), `PATCH /v1/conversations/${CHAT}/messages/1 as kith_token`);
    assert.deepEqual([told, kith.token, sockets.made.length], [["chat, kith_bob"], "kith_bob", 1]);
  }
});

test("that the session has ended is told by both, whichever of them hears it", async () => {
  const heard = await alice();
  heard.sockets.last.hear({ type: "signedOut" });
  assert.deepEqual([...heard.told].sort(), ["chat, undefined", "kith, undefined"]);
  const answered = await alice(problem(401, "unauthenticated"));
  await assert.rejects(answered.kith.get("/v1/me"), { code: "unauthenticated" });
  assert.deepEqual([...answered.told].sort(), ["chat, undefined", "kith, undefined"]);
  assert.equal(answered.chat.state, "ended");
});

test("a chat that nobody is signed in for does not begin", async () => {
  const sockets = fakeSockets();
  const { kith, asked } = answering([], { token: undefined, WebSocket: sockets.Socket });
  const chat = kith.chat(ME);
  chat.start();
  await settle();
  assert.deepEqual([chat.state, asked.length], ["ended", 0]);
});
