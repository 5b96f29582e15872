import assert from "node:assert/strict";
import { test } from "node:test";
import { KithError } from "../../src/errors.js";
import { chatting } from "../support/chatting.js";
import { settle } from "../support/clock.js";
import { at, CHAT, FakeServer, message } from "../support/server.js";

test("what was there before it first connected is not new", async () => {
  const { connect, server, told, sockets } = chatting();
  server.say();
  server.say();
  await connect();
  assert.deepEqual(told, []);
  sockets.last.hear({ type: "message", message: server.say() });
  assert.deepEqual(told, ["message 3 text 3"]);
});

test("what happened while it was not connected is fetched, and only that", async () => {
  const { connect, server, told, sockets, clock } = chatting();
  server.say();
  server.say();
  await connect();
  sockets.last.break();
  server.say();
  server.change(1, { text: "changed" });
  server.change(2, { text: null, deletedAt: at(9) });
  server.asked.length = 0;
  await clock.pass(1000);
  sockets.last.open();
  await settle();
  assert.deepEqual(told, ["message 3 text 3", "edited 1 changed", "deleted 2 null"]);
  assert.deepEqual(server.asked, ["list 20", "after 2", "changedAfter 0"]);
});

test("a gap in seq is given a moment to close, and then fetched", async () => {
  const { connect, server, told, sockets, clock } = chatting();
  await connect();
  server.say();
  sockets.last.hear({ type: "message", message: server.say() });
  sockets.last.hear({ type: "message", message: message(1) });
  await clock.pass(1000);
  assert.deepEqual(server.asked, ["list 100", "latest 0"]);
  server.say();
  sockets.last.hear({ type: "message", message: server.say() });
  await clock.pass(249);
  assert.equal(told.length, 2);
  await clock.pass(1);
  assert.deepEqual(told.slice(2), ["message 3 text 3", "message 4 text 4"]);
  assert.equal(server.asked.at(-1), "after 2");
});

test("a gap in revision is fetched, however many pages it takes", async () => {
  const { connect, server, told, sockets, clock } = chatting();
  for (let seq = 1; seq <= 250; seq += 1) {
    server.say();
  }
  await connect();
  for (let seq = 1; seq <= 249; seq += 1) {
    server.change(seq, { text: "changed" });
  }
  sockets.last.hear({ type: "messageEdited", message: server.change(250, { text: "last" }) });
  assert.deepEqual(told, ["edited 250 last"]);
  await clock.pass(1000);
  assert.equal(told.length, 250);
  assert.deepEqual(server.asked.slice(1), ["changedAfter 0", "changedAfter 100", "changedAfter 200"]);
});

test("a conversation push that is ahead is a gap, too", async () => {
  const { connect, server, told, sockets, clock } = chatting();
  await connect();
  server.say();
  sockets.last.hear({ type: "conversation", conversation: server.conversation() });
  await clock.pass(250);
  assert.deepEqual(told, ["message 1 text 1"]);
});

test("a read marker that is ahead is a gap, too, whosever it is", async () => {
  const { connect, server, told, sockets, clock } = chatting();
  await connect();
  server.say();
  server.say();
  sockets.last.hear({ type: "read", conversationId: CHAT, userId: "01A", seq: 2 });
  await clock.pass(250);
  assert.deepEqual(told, ["message 1 text 1", "message 2 text 2"]);
  server.say();
  sockets.last.hear({ type: "read", conversationId: CHAT, userId: "01B", seq: 3 });
  await clock.pass(250);
  assert.deepEqual(told.slice(2), ["message 3 text 3"]);
  server.asked.length = 0;
  sockets.last.hear({ type: "read", conversationId: CHAT, userId: "01A", seq: 3 });
  // There is nothing in a conversation that was read up to nowhere.
  sockets.last.hear({ type: "read", conversationId: "01A-01C", userId: "01A", seq: 0 });
  await clock.pass(1000);
  assert.deepEqual(server.asked, []);
});

test("a fetch that fails is tried again while the connection lasts", async () => {
  const { chat, connect, server, told, sockets, clock } = chatting();
  const errors: string[] = [];
  chat.on("error", ({ code }) => errors.push(code));
  server.say();
  await connect();
  server.say();
  server.failures.push(KithError.network("gone"), KithError.network("gone"));
  sockets.last.hear({ type: "message", message: server.say() });
  await clock.pass(5000);
  assert.deepEqual(told, ["message 2 text 2", "message 3 text 3"]);
  assert.deepEqual(errors, ["network", "network"]);
});

test("a request that finds the session ended ends everything", async () => {
  const { chat, connect, server, sockets, clock } = chatting();
  await connect();
  server.failures.push(new KithError({ code: "unauthenticated", status: 401, detail: "No." }));
  sockets.last.hear({ type: "message", message: server.say() });
  sockets.last.hear({ type: "message", message: message(3) });
  await clock.pass(60_000);
  assert.equal(chat.state, "ended");
  assert.equal(clock.waiting, 0);
});

test("it lists back to a minute before it last caught up, by the server's own times", async () => {
  const asked: (string | undefined)[] = [];
  class ManyConversations extends FakeServer {
    override async conversations(limit: number, cursor?: string): Promise<never> {
      asked.push(cursor);
      // One for every ten seconds, the newest first.
      const from = Number(cursor ?? 0);
      const items = Array.from({ length: limit }, (_, index) => ({
        ...this.conversation(),
        id: `01A-x${from + index}`,
        updatedAt: at(10_000 - 10 * (from + index)),
      }));
      return { items, nextCursor: String(from + limit) } as never;
    }
  }
  const { connect, sockets, clock, chat } = chatting({}, new ManyConversations());
  await connect();
  assert.equal(chat.position?.floor, at(10_000 - 990));
  assert.deepEqual(asked, [undefined]);
  sockets.last.break();
  await clock.pass(1000);
  sockets.last.open();
  await settle();
  // Seven are within the minute: one page of twenty.
  assert.deepEqual(asked, [undefined, undefined]);
  assert.equal(chat.position?.syncedTo, at(10_000));
});

test("it goes on from a position that was kept", async () => {
  const server = new FakeServer();
  server.say();
  const before = chatting({}, server);
  await before.connect();
  const since = JSON.parse(JSON.stringify(before.chat.position));
  before.chat.stop();
  server.say();
  server.change(1, { text: "changed" });
  const { connect, told } = chatting({ since }, server);
  await connect();
  assert.deepEqual(told, ["message 2 text 2", "edited 1 changed"]);
});

test("in a conversation that it did not know, what was said after it first connected is new", async () => {
  const { connect, server, told, sockets, clock } = chatting({
    since: { syncedTo: at(2), floor: at(2), places: {} },
  });
  for (let seq = 1; seq <= 250; seq += 1) {
    server.say();
  }
  await connect();
  assert.equal(told.length, 248);
  assert.equal(told[0], "message 3 text 3");
  sockets.last.hear({ type: "message", message: server.say() });
  await clock.pass(1000);
  assert.equal(told.at(-1), "message 251 text 251");
});

test("what is pushed while it catches up for the first time is told", async () => {
  const { chat, server, sockets, told } = chatting();
  server.say();
  chat.start();
  await settle();
  sockets.last.open();
  sockets.last.hear({ type: "message", message: server.say() });
  await settle();
  assert.deepEqual(told, ["message 2 text 2"]);
});

test("a conversation that is not there any more is not asked for again and again", async () => {
  const { connect, server, sockets, clock } = chatting();
  await connect();
  sockets.last.hear({ type: "message", message: message(5, { conversationId: "01A-gone" }) });
  await clock.pass(60_000);
  assert.deepEqual(server.asked, ["list 100", "latest 0"]);
});

test("the id of a conversation is that of both people, whoever asks", () => {
  const { chat } = chatting();
  assert.equal(chat.open("01B").id, CHAT);
});
