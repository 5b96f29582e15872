import assert from "node:assert/strict";
import { test } from "node:test";
import { KithError } from "../../src/errors.js";
import { chatting } from "../support/chatting.js";
import { settle } from "../support/clock.js";
import { at, ME, PEER } from "../support/server.js";

const seqs = (messages: { seq: number }[]) => messages.map(({ seq }) => seq);
const count = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

test("a view shows what is there, what comes, and what is on its way", async () => {
  const { chat, connect, server, sockets } = chatting();
  for (let seq = 1; seq <= 60; seq += 1) {
    server.say();
  }
  await connect();
  const view = chat.open("01B");
  await view.load();
  assert.deepEqual([view.messages.length, view.hasOlder], [50, true]);
  sockets.last.hear({ type: "messageEdited", message: server.change(3, { text: "changed" }) });
  assert.equal(view.messages.length, 50);
  await view.loadOlder();
  assert.deepEqual([view.messages.length, view.hasOlder], [60, false]);
  assert.equal(view.messages[2]?.text, "changed");
  const echo = chat.send("01B", "Hello", "a");
  assert.deepEqual(view.outgoing, [echo]);
  const own = server.say({ senderId: "01A", clientId: "a" });
  sockets.last.hear({ type: "ack", clientId: "a", message: own });
  assert.deepEqual(view.outgoing, []);
  assert.deepEqual(view.messages.at(-1), own);
});

test("a conversation that nobody followed is, from when it is shown", async () => {
  const { chat, connect, server, sockets, clock, told } = chatting({
    since: { syncedTo: at(500), floor: at(500), places: {} },
  });
  server.say();
  await connect();
  const view = chat.open("01B");
  await view.load();
  sockets.last.break();
  server.change(1, { text: "changed" });
  await clock.pass(1000);
  sockets.last.open();
  await settle();
  assert.deepEqual(told, ["edited 1 changed"]);
  assert.equal(view.messages[0]?.text, "changed");
});

test("a view that could not be loaded is once the chat has caught up, and loses nothing meanwhile", async () => {
  const { chat, server, sockets } = chatting();
  server.say();
  const view = chat.open(PEER);
  server.failures.push(KithError.network("gone"));
  await assert.rejects(view.load(), { code: "network" });
  const echo = chat.send(PEER, "Hello", "a");
  chat.start();
  await settle();
  // The first time, it cannot catch up either.
  server.failures.push(KithError.network("gone"));
  sockets.last.open();
  const own = server.say({ senderId: ME, clientId: "a" });
  sockets.last.hear({ type: "ack", clientId: "a", message: own });
  await settle();
  assert.deepEqual([view.messages, view.outgoing, echo.status], [[], [echo], "sent"]);
  sockets.last.break();
  chat.nudge();
  await settle();
  sockets.last.open();
  await settle();
  assert.deepEqual([seqs(view.messages), view.outgoing], [[1, 2], []]);
  // Once is enough.
  server.asked.length = 0;
  sockets.last.break();
  chat.nudge();
  await settle();
  sockets.last.open();
  await settle();
  assert.deepEqual(server.asked, ["list 20"]);
});

test("a message that had arrived before it is sent again is shown once", async () => {
  const { chat, connect, server, sockets } = chatting();
  const own = server.say({ senderId: ME, clientId: "a" });
  const echo = chat.send(PEER, "Hello", "a");
  const view = chat.open(PEER);
  assert.deepEqual(view.outgoing, [echo]);
  await view.load();
  assert.deepEqual([view.messages, view.outgoing], [[own], []]);
  await connect();
  assert.equal(echo.status, "sending");
  assert.deepEqual(view.outgoing, []);
  sockets.last.hear({ type: "ack", clientId: "a", message: own });
  assert.deepEqual([view.messages, view.outgoing, echo.status], [[own], [], "sent"]);
});

test("nor is it shown behind messages that it stands long before", async () => {
  const { chat, connect, server, sockets } = chatting();
  const own = server.say({ senderId: ME, clientId: "a" });
  for (let seq = 2; seq <= 60; seq += 1) {
    server.say();
  }
  const echo = chat.send(PEER, "Hello", "a");
  const view = chat.open(PEER);
  await view.load();
  await connect();
  assert.deepEqual(view.outgoing, [echo]);
  sockets.last.hear({ type: "ack", clientId: "a", message: own });
  assert.deepEqual([seqs(view.messages), view.outgoing], [count(11, 60), []]);
});

test("a view that is loaded again leaves no gap behind what it showed before", async () => {
  const { chat, connect, server, clock, told } = chatting();
  for (let seq = 1; seq <= 10; seq += 1) {
    server.say();
  }
  await connect();
  const view = chat.open(PEER);
  await view.load();
  // All of these pushes are lost.
  for (let seq = 11; seq <= 100; seq += 1) {
    server.say();
  }
  server.change(2, { text: "changed" });
  await view.load();
  assert.deepEqual(seqs(view.messages), count(51, 100));
  await clock.pass(250);
  assert.deepEqual(seqs(view.messages), count(1, 100));
  assert.equal(view.messages[1]?.text, "changed");
  assert.equal(told.length, 91);
});
