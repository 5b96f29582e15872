import assert from "node:assert/strict";
import { test } from "node:test";
import type { ChatEvents } from "../../src/chat/events.js";
import type { Notification, Presence } from "../../src/index.js";
import { chatting } from "../support/chatting.js";
import { answering } from "../support/http.js";
import { CHAT, message, PEER } from "../support/server.js";

test("whatever else is pushed is told as it is, and what is unknown is ignored", async () => {
  const { chat, connect, sockets, server } = chatting();
  const told: [string, unknown][] = [];
  const names = ["typing", "read", "conversation", "notification", "presence", "me"] as const;
  for (const name of names) {
    chat.on(name, (value: ChatEvents[typeof name]) => told.push([name, value]));
  }
  await connect();
  const conversation = server.conversation();
  const notification = { id: "n1", type: "like", actor: { id: PEER }, object: {}, createdAt: "now", seen: false };
  const frames = [
    { type: "typing", conversationId: CHAT, userId: PEER },
    { type: "read", conversationId: CHAT, userId: PEER, seq: 1 },
    { type: "conversation", conversation },
    { type: "notification", notification },
    { type: "presence", userId: PEER, online: true },
    { type: "me", me: { id: "01A" } },
  ];
  for (const frame of [{ type: "later" }, ...frames, "not JSON", { type: "me" }]) {
    sockets.last.hear(frame);
  }
  assert.deepEqual(told, [
    ["typing", { conversationId: CHAT, userId: PEER }],
    ["read", { conversationId: CHAT, userId: PEER, seq: 1 }],
    ["conversation", conversation],
    ["notification", notification],
    ["presence", { userId: PEER, online: true }],
    ["me", { id: "01A" }],
  ]);
  assert.equal(chat.state, "connected");
});

test("what is pushed of notifications and presence has the types of what is listed", async () => {
  const { chat, connect, sockets } = chatting();
  const actor = { id: PEER, username: "bob", name: "Bob", avatar: null };
  const listed = { id: "n1", actor, type: "like", object: { postId: "p" }, createdAt: "now", seen: true };
  const { kith } = answering([
    { status: 200, body: { items: [listed], nextCursor: null } },
    { status: 200, body: { items: [{ userId: PEER, online: false, lastSeenAt: "now" }] } },
  ]);
  const all: Notification[] = [];
  for await (const notification of kith.list("/v1/notifications")) {
    all.push(notification);
  }
  const { items } = await kith.get("/v1/presence", { params: { query: { users: [PEER] } } });
  const online = new Map(items.map(({ userId, online }: Presence) => [userId, online]));
  chat.on("notification", (notification) => all.unshift(notification));
  chat.on("presence", ({ userId, online: isOnline }) => online.set(userId, isOnline));
  await connect();
  const pushed = { ...listed, id: "n2", type: "comment", object: { postId: "p", commentId: "c" } };
  sockets.last.hear({ type: "notification", notification: pushed });
  sockets.last.hear({ type: "presence", userId: PEER, online: true });
  // The type says what it is about.
  const comments = all.flatMap((one) => (one.type === "comment" ? [one.object.commentId] : []));
  assert.deepEqual([comments, all.map(({ id }) => id), online.get(PEER)], [["c"], ["n2", "n1"], true]);
});

test("an error that belongs to no message is told, and changes nothing", async () => {
  const { chat, connect, sockets } = chatting();
  const errors: string[] = [];
  chat.on("error", ({ code }) => errors.push(code));
  await connect();
  const problem = { type: "x", title: "No", status: 404, detail: "No.", code: "not-found", requestId: "r" };
  sockets.last.hear({ type: "error", action: "typing", problem });
  assert.deepEqual([errors, chat.state], [["not-found"], "connected"]);
});

test("it looks every five minutes whether it missed a push", async () => {
  const { connect, clock, server, sockets, told } = chatting();
  await connect();
  server.say();
  server.say();
  await clock.pass(299_000);
  assert.deepEqual(told, []);
  await clock.pass(1000);
  sockets.last.hear({ type: "pong", at: "now" });
  assert.deepEqual(told, ["message 1 text 1", "message 2 text 2"]);
});

test("a connection that breaks while it catches up is followed by one that catches up", async () => {
  const { connect, clock, server, sockets, told, chat } = chatting();
  let synced = 0;
  chat.on("synced", () => {
    synced += 1;
  });
  chat.start();
  await clock.pass(0);
  sockets.last.open();
  sockets.last.break();
  server.say();
  await clock.pass(1000);
  await connect();
  sockets.last.hear({ type: "message", message: message(1) });
  assert.deepEqual([synced, chat.state], [1, "connected"]);
  assert.deepEqual(told, ["message 1 text 1"]);
});
