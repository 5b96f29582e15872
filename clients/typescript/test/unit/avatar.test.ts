import assert from "node:assert/strict";
import { test } from "node:test";
import { chatting } from "../support/chatting.js";
import { answering, type FakeAnswer } from "../support/http.js";

const PICTURE = new Blob([new Uint8Array([1, 2, 3])], { type: "image/png" });
const upload = {
  id: "u1",
  method: "PUT",
  url: "http://s3/key?X-Amz-Signature=x",
  headers: { "Content-Type": "image/png" },
  expiresAt: "later",
};
const WHERE: FakeAnswer = { status: 201, body: { upload } };
const PUT: FakeAnswer = { status: 200 };
const me = (avatarUpload: object | null): FakeAnswer => ({ status: 200, body: { id: "me", avatarUpload } });

test("a picture is put where it is said, with nothing but the headers that were signed, and waited for", async () => {
  const pending = me({ id: "u1", status: "pending", code: null });
  const { kith, clock, asked } = answering([WHERE, PUT, pending, pending, me(null)]);
  const uploaded = kith.uploadAvatar(PICTURE);
  await clock.pass(5000);
  assert.equal((await uploaded).id, "me");
  const [post, put, ...gets] = asked;
  assert.deepEqual(JSON.parse(post?.body ?? ""), { contentType: "image/png", contentLength: 3 });
  assert.equal(put?.request, `PUT ${upload.url}`);
  assert.deepEqual([...(put?.headers ?? [])], [["content-type", "image/png"]]);
  assert.equal(put?.body.length, 3);
  assert.equal(gets.length, 3);
});

test("a picture that cannot be used says why", async () => {
  const { kith } = answering([WHERE, PUT, me({ id: "u1", status: "failed", code: "animated" })]);
  await assert.rejects(kith.uploadAvatar(PICTURE), {
    code: "upload-failed",
    message: "The picture moves: choose one that does not.",
  });
});

test("a picture that storage refuses is a failure", async () => {
  const { kith, asked } = answering([WHERE, { status: 403 }]);
  await assert.rejects(kith.uploadAvatar(PICTURE), { code: "upload-failed", status: 403 });
  assert.equal(asked.length, 2);
});

test("a later upload takes the place of an earlier one", async () => {
  const { kith } = answering([WHERE, PUT, me({ id: "u2", status: "pending", code: null })]);
  assert.equal((await kith.uploadAvatar(PICTURE)).avatarUpload?.id, "u2");
});

test("a picture is not waited for for ever", async () => {
  const pending = Array.from({ length: 60 }, () => me({ id: "u1", status: "pending", code: null }));
  const { kith, clock } = answering([WHERE, PUT, ...pending]);
  const uploaded = assert.rejects(kith.uploadAvatar(PICTURE), { code: "unavailable" });
  await clock.pass(120_000);
  await uploaded;
});

test("what the chat hears of oneself is a reason to look, and costs no patience", async () => {
  const pending = Array.from({ length: 61 }, () => me({ id: "u1", status: "pending", code: null }));
  const { kith, clock, asked } = answering([WHERE, PUT, ...pending, me(null)]);
  const { chat, connect, sockets, clock: chatClock } = chatting();
  await connect();
  const chatTimers = chatClock.waiting;
  const uploaded = kith.uploadAvatar(PICTURE, { chat });
  await clock.pass(0);
  for (let pushes = 1; pushes <= 60; pushes += 1) {
    sockets.last.hear({ type: "me", me: { id: "me" } });
    await clock.pass(100);
    assert.equal(asked.length, 3 + pushes);
    // The pause until the next look, and the end of patience.
    assert.equal(clock.waiting, 2);
  }
  sockets.last.hear({ type: "me", me: { id: "me" } });
  await clock.pass(0);
  assert.equal((await uploaded).id, "me");
  assert.deepEqual([clock.now, clock.waiting, chatClock.waiting], [6000, 0, chatTimers]);
});

test("waiting for a picture can be given up", async () => {
  const { kith, clock } = answering([WHERE, PUT, me({ id: "u1", status: "pending", code: null })]);
  const controller = new AbortController();
  const uploaded = assert.rejects(kith.uploadAvatar(PICTURE, { signal: controller.signal }), { name: "AbortError" });
  await clock.pass(0);
  controller.abort();
  await uploaded;
  assert.equal(clock.waiting, 0);
});
