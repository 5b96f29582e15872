import assert from "node:assert/strict";
import { test } from "node:test";
import { chatting } from "../support/chatting.js";
import { settle } from "../support/clock.js";
import { CHAT, ME, PEER } from "../support/server.js";

const said = (sockets: ReturnType<typeof chatting>["sockets"]) =>
  sockets.last.said("send").map(({ clientId }) => clientId);

/** The answer to a message of one's own. */
function ack(server: ReturnType<typeof chatting>["server"], clientId: string) {
  return { type: "ack", clientId, message: server.say({ senderId: ME, clientId }) };
}

function refusal(clientId: string, code: string, more: object = {}) {
  const problem = { type: `urn:kith:problem:${code}`, title: "No", status: 403, detail: "No.", code, requestId: "r" };
  return { type: "error", action: "send", clientId, problem, ...more };
}

test("messages to one person wait for each other's answers, and those to another one do not", async () => {
  const { chat, connect, sockets, server } = chatting();
  await connect();
  const [one, two] = [chat.send(PEER, "1", "a"), chat.send(PEER, "2", "b")];
  chat.send("01C", "3", "c");
  assert.deepEqual(said(sockets), ["a", "c"]);
  assert.deepEqual([one.status, two.status], ["sending", "queued"]);
  sockets.last.hear(ack(server, "a"));
  assert.deepEqual(said(sockets), ["a", "c", "b"]);
  assert.equal((await one.sent).seq, 1);
});

test("what was written without a connection goes out once there is one", async () => {
  const { chat, connect, sockets } = chatting();
  const early = chat.send(PEER, "1", "a");
  assert.equal(early.status, "queued");
  assert.deepEqual(chat.pending, [early]);
  await connect();
  assert.deepEqual(said(sockets), ["a"]);
});

test("what was not answered is sent again under the same client id, and before what is behind it", async () => {
  const { chat, connect, sockets, clock } = chatting();
  await connect();
  chat.send(PEER, "1", "a");
  chat.send(PEER, "2", "b");
  sockets.last.break();
  await clock.pass(1000);
  sockets.last.open();
  assert.deepEqual(said(sockets), ["a"]);
});

test("no answer in time says that the connection is dead", async () => {
  const { chat, connect, sockets, clock } = chatting();
  await connect();
  chat.send(PEER, "1", "a");
  await clock.pass(35_000);
  assert.equal(sockets.last.isClosed, true);
  await clock.pass(1000);
  sockets.last.open();
  assert.deepEqual(said(sockets), ["a"]);
});

test("a message that is found in the history was sent, even if its answer never comes", async () => {
  const { chat, connect, sockets, server, clock, told } = chatting();
  await connect();
  const lost = chat.send(PEER, "1", "a");
  server.say({ senderId: ME, clientId: "a" });
  sockets.last.break();
  await clock.pass(1000);
  sockets.last.open();
  await settle();
  assert.equal(lost.status, "sent");
  assert.deepEqual(told, ["message 1 text 1"]);
});

test("a rate limit is waited for, and holds back what is behind it", async () => {
  const { chat, connect, sockets, clock, server } = chatting();
  await connect();
  const limited = chat.send(PEER, "1", "a");
  chat.send(PEER, "2", "b");
  sockets.last.hear(refusal("a", "rate-limited", { retryAfter: 20 }));
  assert.equal(limited.status, "queued");
  await clock.pass(20_000);
  assert.deepEqual(said(sockets), ["a"]);
  await clock.pass(500);
  assert.deepEqual(said(sockets), ["a", "a"]);
  sockets.last.hear(ack(server, "a"));
  assert.deepEqual(said(sockets), ["a", "a", "b"]);
});

test("stop leaves no pause behind, and start sends what was to wait", async () => {
  const { chat, connect, sockets, clock } = chatting();
  await connect();
  const limited = chat.send(PEER, "1", "a");
  sockets.last.hear(refusal("a", "rate-limited", { retryAfter: 20 }));
  chat.typing(PEER);
  chat.stop();
  assert.equal(clock.waiting, 0);
  await connect();
  assert.equal(limited.status, "sending");
  chat.typing(PEER);
  assert.deepEqual(
    sockets.last.sent.map(({ action }) => action),
    ["send", "typing"],
  );
});

test("a refusal is the end of that message, and the next one has its turn", async () => {
  const { chat, connect, sockets } = chatting();
  await connect();
  const refused = chat.send(PEER, "1", "a");
  chat.send(PEER, "2", "b");
  sockets.last.hear(refusal("a", "not-friends"));
  await assert.rejects(refused.sent, { name: "KithError", code: "not-friends", status: 403, requestId: "r" });
  assert.equal(refused.status, "failed");
  assert.deepEqual(said(sockets), ["a", "b"]);
});

test("a function that crashed does not say over which message: all that wait are sent again", async () => {
  const { chat, connect, sockets, clock } = chatting();
  await connect();
  chat.send(PEER, "1", "a");
  chat.send("01C", "2", "b");
  sockets.last.hear({ message: "Internal server error", connectionId: "x", requestId: "y" });
  await clock.pass(1000);
  assert.deepEqual(said(sockets), ["a", "b", "a", "b"]);
});

test("a bug that stays is a failure in the end, and what passes is not", async () => {
  const { chat, connect, sockets, clock } = chatting();
  await connect();
  const broken = chat.send(PEER, "1", "a");
  const waiting = chat.send("01C", "2", "b");
  for (let tries = 0; tries < 8; tries += 1) {
    sockets.last.hear(refusal("a", "internal"));
    sockets.last.hear(refusal("b", "unavailable"));
    await clock.pass(30_000);
  }
  assert.equal(broken.error?.code, "internal");
  assert.equal(waiting.status, "sending");
});

test("what would end the connection is refused before it is said", async () => {
  const { chat, connect, sockets } = chatting();
  await connect();
  const large = chat.send(PEER, "€".repeat(10_000));
  const odd = chat.send(PEER, "1", "x".repeat(65));
  const sound = chat.send(PEER, "€".repeat(4000), "a");
  await assert.rejects(large.sent, { code: "invalid-input", status: 422 });
  await assert.rejects(odd.sent, { code: "invalid-input" });
  assert.equal(large.error?.errors[0]?.pointer, "/text");
  assert.equal(sound.status, "sending");
  assert.deepEqual(said(sockets), ["a"]);
});

test("a message that was never sent can be taken back, and no other", async () => {
  const { chat, connect, sockets } = chatting();
  await connect();
  const [first, second] = [chat.send(PEER, "1"), chat.send(PEER, "2")];
  assert.equal(chat.cancel(first), false);
  assert.equal(chat.cancel(second), true);
  await assert.rejects(second.sent, { code: "cancelled" });
  sockets.last.break();
  assert.equal(chat.cancel(first), false);
  assert.deepEqual(chat.pendingIn(CHAT), [first]);
});

test("a message that was kept may have arrived, and cannot be taken back", async () => {
  const { chat, connect, sockets } = chatting();
  const kept = chat.send(PEER, "1", "a");
  assert.equal(chat.cancel(kept), false);
  await connect();
  assert.deepEqual([kept.status, said(sockets)], ["sending", ["a"]]);
});

test("one client id is on its way once", async () => {
  const { chat } = chatting();
  chat.send(PEER, "1", "a");
  assert.throws(() => chat.send("01C", "2", "a"), /client id a already/);
});

test("how far one has read is said until it is heard, and only ever forward", async () => {
  const { chat, connect, sockets, clock } = chatting();
  await connect();
  chat.markRead(CHAT, 3);
  chat.markRead(CHAT, 2);
  assert.deepEqual(
    sockets.last.said("read").map(({ seq }) => seq),
    [3],
  );
  sockets.last.break();
  await clock.pass(1000);
  sockets.last.open();
  assert.equal(sockets.last.said("read").length, 1);
  sockets.last.hear({ type: "read", conversationId: CHAT, userId: ME, seq: 3 });
  sockets.last.break();
  await clock.pass(1000);
  sockets.last.open();
  assert.equal(sockets.last.said("read").length, 0);
});

test("a marker past the end is settled by the end, and in the way of no later one", async () => {
  const { chat, connect, sockets, server, clock } = chatting();
  await connect();
  sockets.last.hear({ type: "message", message: server.say() });
  chat.markRead(CHAT, Number.MAX_SAFE_INTEGER);
  sockets.last.hear({ type: "message", message: server.say() });
  sockets.last.hear({ type: "read", conversationId: CHAT, userId: ME, seq: 1 });
  chat.markRead(CHAT, 1);
  chat.markRead(CHAT, 2);
  assert.deepEqual(
    sockets.last.said("read").map(({ seq }) => seq),
    [Number.MAX_SAFE_INTEGER, 2],
  );
  // Another device's marker does not stand for one's own.
  sockets.last.hear({ type: "read", conversationId: CHAT, userId: ME, seq: 1 });
  sockets.last.break();
  await clock.pass(1000);
  sockets.last.open();
  assert.deepEqual(
    sockets.last.said("read").map(({ seq }) => seq),
    [2],
  );
});

test("that somebody types is said every few seconds, and not kept for later", async () => {
  const { chat, connect, sockets, clock } = chatting();
  chat.typing(PEER);
  await connect();
  assert.equal(sockets.last.said("typing").length, 0);
  chat.typing(PEER);
  chat.typing(PEER);
  await clock.pass(3000);
  chat.typing(PEER);
  assert.equal(sockets.last.said("typing").length, 2);
});
