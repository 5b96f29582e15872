import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { ChatClient } from "../../src/chat/client.js";
import type { ChatEvents } from "../../src/chat/events.js";
import { Kith } from "../../src/kith.js";
import { picture } from "../support/browser.js";
import { Network } from "../support/network.js";
import {
  befriend,
  connected,
  PASSWORD,
  PATIENCE,
  type Person,
  register,
  repeatedUntil,
  until,
  wholeHistory,
} from "../support/people.js";
import { type Stack, startStack } from "../support/stack.js";

describe("the client and the local stack", () => {
  let stack: Stack;
  const open: ChatClient[] = [];

  before(async () => {
    stack = await startStack();
  });
  after(async () => {
    for (const chat of open) {
      chat.stop();
    }
    await stack?.stop();
  });

  /** Two friends. */
  async function friends(): Promise<[Person, Person]> {
    const [alice, bob] = [await register(stack.http), await register(stack.http)];
    await befriend(alice, bob);
    return [alice, bob];
  }

  /** Somebody's chat, connected. */
  async function chatOf({ kith, me }: Person, timings = {}): Promise<ChatClient> {
    const chat = kith.chat(me.id, { timings });
    open.push(chat);
    await connected(chat);
    return chat;
  }

  /** The next of its events. */
  function next<Name extends keyof ChatEvents>(chat: ChatClient, name: Name): Promise<ChatEvents[Name]> {
    return new Promise((resolve) => {
      const unlisten = chat.on(name, (value) => {
        unlisten();
        resolve(value);
      });
    });
  }

  test("what one does, the other one and one's own other devices hear", PATIENCE, async () => {
    const [alice, bob] = await friends();
    // Whoever misses a push of a message sees soon that it did.
    const timings = { ping: 2000, typing: 500 };
    const phone = await chatOf(alice, timings);
    const [laptop, bobs] = [await chatOf(alice, timings), await chatOf(bob, timings)];

    const typing = await repeatedUntil(next(bobs, "typing"), () => phone.typing(bob.me.id));
    assert.equal(typing.userId, alice.me.id);

    const heard = Promise.all([next(bobs, "message"), next(laptop, "message"), next(phone, "message")]);
    const sent = await phone.send(bob.me.id, "Take some more tea.").sent;
    assert.deepEqual(await heard, [sent, sent, sent]);

    // A marker that does not move is told to nobody: the next try takes another message.
    const { conversationId } = sent;
    let last = 0;
    const read = await repeatedUntil(Promise.all([next(phone, "read"), next(laptop, "read")]), async () => {
      last = last === 0 ? sent.seq : (await phone.send(bob.me.id, "And some more.").sent).seq;
      bobs.markRead(conversationId, last);
    });
    for (const { seq, ...marker } of read) {
      assert.deepEqual(marker, { conversationId, userId: bob.me.id });
      assert(seq >= sent.seq && seq <= last);
    }

    const edits = Promise.all([next(bobs, "edited"), next(laptop, "edited")]);
    const edited = await phone.edit(sent, "Take some less tea.");
    assert.deepEqual(await edits, [edited, edited]);

    const deletions = Promise.all([next(bobs, "deleted"), next(phone, "deleted")]);
    await phone.delete(sent);
    for (const { text, deletedAt, revision } of await deletions) {
      assert.deepEqual([text, deletedAt !== null, revision], [null, true, 2]);
    }
    assert.deepEqual(phone.position?.places[conversationId], { seq: last, revision: 2 });
  });

  test("who is no friend any more is told so, and what was said to others goes out", PATIENCE, async () => {
    const [alice, bob] = await friends();
    const carol = await register(stack.http);
    await befriend(alice, carol);
    const chat = await chatOf(alice);
    await bob.kith.delete("/v1/friends/{userId}", { params: { path: { userId: alice.me.id } } });
    const refused = chat.send(bob.me.id, "Hello?");
    const lost = chat.send("01JZZ3W0Q5E8T4C9M2R7B6N1KD", "Is anybody there?");
    const sent = chat.send(carol.me.id, "Hello!");
    await assert.rejects(refused.sent, { name: "KithError", code: "not-friends", status: 403 });
    await assert.rejects(lost.sent, { name: "KithError", code: "not-found", status: 404 });
    assert.equal((await sent.sent).seq, 1);
  });

  test("a session that is ended elsewhere is told, and the client does not come back", PATIENCE, async () => {
    const [alice] = await friends();
    const chat = await chatOf(alice);
    const elsewhere = new Kith({ baseUrl: stack.http });
    await elsewhere.signIn({ login: alice.me.username, password: PASSWORD });
    const ended = Promise.all([
      next(chat, "sessionEnded"),
      new Promise<void>((resolve) => alice.kith.on("sessionEnded", () => resolve())),
    ]);
    await elsewhere.delete("/v1/sessions");
    await ended;
    assert.deepEqual([chat.state, alice.kith.token], ["ended", undefined]);
    await assert.rejects(chat.send(alice.me.id, "Hello?").sent, { code: "unauthenticated" });
  });

  test("a session that ended while it was away is learnt of from the ticket", PATIENCE, async () => {
    const network = await Network.before(stack.sockets);
    const alice = await register(stack.http, { WebSocket: network.WebSocket });
    const chat = await chatOf(alice, { reconnect: { first: 10, longest: 50 } });
    const ended = Promise.all([
      next(chat, "sessionEnded"),
      new Promise<void>((resolve) => alice.kith.on("sessionEnded", () => resolve())),
    ]);
    network.fates.down = "lose";
    const elsewhere = new Kith({ baseUrl: stack.http });
    await elsewhere.signIn({ login: alice.me.username, password: PASSWORD });
    await elsewhere.delete("/v1/sessions");
    network.cut();
    await ended;
    await network.close();
  });

  test("a network that swallows everything is noticed, and what was swallowed is sent again", PATIENCE, async () => {
    const network = await Network.before(stack.sockets);
    const [alice, bob] = [await register(stack.http, { WebSocket: network.WebSocket }), await register(stack.http)];
    await befriend(alice, bob);
    const chat = await chatOf(alice, { ping: 100, pong: 200, reconnect: { first: 10, longest: 50 } });
    network.fates.up = "lose";
    const swallowed = chat.send(bob.me.id, "Hello?");
    await until("it noticed", () => chat.state !== "connected");
    assert.equal(swallowed.status, "queued");
    network.fates.up = "pass";
    const { seq, conversationId } = await swallowed.sent;
    assert.equal(seq, 1);
    assert.equal((await wholeHistory(alice, conversationId)).length, 1);
    chat.stop();
    await network.close();
  });

  test("connections are renewed while people talk, and nobody notices", PATIENCE, async () => {
    const [alice, bob] = await friends();
    const timings = { renew: 40, renewSpread: 20, gap: 50 };
    const [alices, bobs] = [await chatOf(alice, timings), await chatOf(bob, timings)];
    const states: string[] = [];
    alices.on("state", (state) => states.push(state));
    const heard: number[] = [];
    bobs.on("message", ({ seq }) => heard.push(seq));
    for (let said = 1; said <= 200; said += 1) {
      await alices.send(bob.me.id, `${said}`).sent;
    }
    await until("all of it was heard", () => heard.length === 200);
    assert.deepEqual(
      heard,
      Array.from({ length: 200 }, (_, index) => index + 1),
    );
    assert.deepEqual(states, []);
    alices.stop();
    bobs.stop();
  });

  test(
    "a client that is started anew goes on where the one before was, and sends what that one could not",
    PATIENCE,
    async () => {
      const [alice, bob] = await friends();
      const first = await chatOf(alice);
      const bobs = await chatOf(bob);
      const sent = await first.send(bob.me.id, "one").sent;
      first.stop();
      first.send(bob.me.id, "two");
      const kept = JSON.stringify({
        since: first.position,
        pending: first.pending.map(({ to, text, clientId }) => ({ to, text, clientId })),
      });
      await bobs.send(alice.me.id, "three").sent;
      await alice.kith.patch("/v1/conversations/{conversationId}/messages/{seq}", {
        params: { path: { conversationId: sent.conversationId, seq: sent.seq } },
        body: { text: "One." },
      });

      const { since, pending } = JSON.parse(kept);
      const second = alice.kith.chat(alice.me.id, { since });
      open.push(second);
      const heard: (string | null)[] = [];
      second.on("message", ({ text }) => heard.push(text));
      second.on("edited", ({ text }) => heard.push(text));
      const outgoing = pending.map(({ to, text, clientId }: Record<"to" | "text" | "clientId", string>) =>
        second.send(to, text, clientId),
      );
      await connected(second);
      await outgoing[0].sent;
      await until("it caught up", () => heard.length === 3);
      assert.deepEqual([...heard].sort(), ["One.", "three", "two"]);
    },
  );

  test("a post whose answer was lost is written once", PATIENCE, async () => {
    let lost = 0;
    const losing: typeof fetch = async (...request) => {
      const response = await fetch(...request);
      const method = request[0] instanceof Request ? request[0].method : "GET";
      if (method === "POST" && lost < 2 && response.url.endsWith("/posts")) {
        lost += 1;
        throw new TypeError("fetch failed");
      }
      return response;
    };
    const alice = await register(stack.http, { fetch: losing, retry: { first: 1 } });
    const post = await alice.kith.createPost({ text: "Down, down, down." });
    assert.equal(lost, 2);
    const posts: string[] = [];
    for await (const { id } of alice.kith.list("/v1/feed")) {
      posts.push(id);
    }
    assert.deepEqual(posts, [post.id]);
    const comment = await alice.kith.createComment(post.id, "Would the fall never come to an end?", "key");
    assert.equal((await alice.kith.createComment(post.id, comment.text, "key")).id, comment.id);
  });

  test("a list is read to its end, whatever the size of its pages", PATIENCE, async () => {
    const { kith, me } = await register(stack.http);
    for (let post = 1; post <= 7; post += 1) {
      await kith.createPost({ text: `${post}` });
    }
    const params = { path: { userId: me.id }, query: { limit: 3 } };
    const texts: string[] = [];
    for await (const { text } of kith.list("/v1/users/{userId}/posts", { params })) {
      texts.push(text);
    }
    assert.deepEqual(texts, ["7", "6", "5", "4", "3", "2", "1"]);
  });

  test("one asks for several friends at once whether they are there", PATIENCE, async () => {
    const [alice, bob] = await friends();
    const carol = await register(stack.http);
    await befriend(alice, carol);
    await chatOf(bob);
    const users = [bob.me.id, carol.me.id];
    const { items } = await alice.kith.get("/v1/presence", { params: { query: { users } } });
    const online = new Map(items.map(({ userId, online }) => [userId, online]));
    assert.deepEqual(
      users.map((id) => online.get(id)),
      [true, false],
    );
  });

  test("a picture is uploaded, and one that is none says so", PATIENCE, async () => {
    const { kith } = await register(stack.http);
    const me = await kith.uploadAvatar(new Blob([new Uint8Array(picture(10, 20, 30))], { type: "image/png" }));
    const shown = await fetch(me.avatar?.small ?? "");
    assert.deepEqual([shown.status, shown.headers.get("Content-Type")], [200, "image/jpeg"]);
    const other = new Blob(["GIF89a and so on"], { type: "image/png" });
    await assert.rejects(kith.uploadAvatar(other), {
      code: "upload-failed",
      message: "This is no PNG, JPEG or WebP picture.",
    });
    await assert.rejects(kith.uploadAvatar(new Blob(["x"], { type: "text/plain" })), { code: "invalid-input" });
  });

  test("a conditional read is told apart", PATIENCE, async () => {
    const { kith } = await register(stack.http);
    const { response } = await kith.http.GET("/v1/me");
    const etag = response.headers.get("ETag") ?? "";
    const params = { header: { "If-None-Match": etag } };
    assert.equal((await kith.http.GET("/v1/me", { params })).response.status, 304);
    await assert.rejects(kith.get("/v1/me", { params }), { status: 304 });
  });
});
