import assert from "node:assert/strict";
import { test } from "node:test";
import { Backoff } from "../../src/backoff.js";
import { parseFrame } from "../../src/chat/frames.js";
import { Emitter } from "../../src/emitter.js";
import { Kith } from "../../src/kith.js";
import { randomId } from "../../src/runtime.js";
import { FakeClock } from "../support/clock.js";
import { message } from "../support/server.js";

/** Lets something be missing from the surroundings, or from a part of them. */
function without<T>(name: string, run: () => T, place: object = globalThis): T {
  const there = Object.getOwnPropertyDescriptor(place, name);
  Reflect.deleteProperty(place, name);
  try {
    return run();
  } finally {
    if (there !== undefined) {
      Object.defineProperty(place, name, there);
    }
  }
}

test("without a WebSocket, one sentence says what to do", () => {
  const kith = new Kith({ baseUrl: "http://kith" });
  const sentence =
    "There is no WebSocket here: Node has it from version 22 on, or pass that of the package ws as `WebSocket`.";
  assert.throws(() => without("WebSocket", () => kith.chat("01A")), { name: "Error", message: sentence });
});

test("without fetch, one sentence says what to do", () => {
  const sentence = "There is no fetch here: use Node 20.3 or newer, or pass one as `fetch`.";
  assert.throws(() => without("fetch", () => new Kith({ baseUrl: "http://kith" })), { message: sentence });
});

test("without what older versions of Node have not, one sentence says what to do", () => {
  const make = () => new Kith({ baseUrl: "http://kith", fetch, WebSocket: class {} as never });
  const sentence = (name: string) => `There is no ${name} here: use Node 20.3 or newer, or a browser of 2024 or later.`;
  assert.throws(() => without("crypto", make), { name: "Error", message: sentence("crypto") });
  assert.throws(() => without("AbortSignal", make), { name: "Error", message: sentence("AbortSignal.any") });
  assert.throws(() => without("any", make, AbortSignal), { name: "Error", message: sentence("AbortSignal.any") });
  make();
});

test("ids differ, also where there is no randomUUID", () => {
  const plain = { ...crypto, getRandomValues: crypto.getRandomValues.bind(crypto), randomUUID: undefined };
  const there = Object.getOwnPropertyDescriptor(globalThis, "crypto");
  Object.defineProperty(globalThis, "crypto", { value: plain, configurable: true });
  const ids = [randomId(), randomId()];
  Object.defineProperty(globalThis, "crypto", there ?? {});
  ids.push(randomId());
  assert.equal(new Set(ids).size, 3);
  assert(ids.every((id) => id.length === 36));
});

test("backoff is anything from nothing to a bound that doubles", () => {
  const clock = new FakeClock();
  const backoff = new Backoff(clock, { first: 100, longest: 1000 });
  clock.chance = 0;
  assert.equal(backoff.next(), 0);
  clock.chance = 0.999_999;
  const bounds = Array.from({ length: 5 }, () => Math.round(backoff.next()));
  assert.deepEqual(bounds, [200, 400, 800, 1000, 1000]);
  backoff.reset();
  assert.equal(Math.round(backoff.next(2)), 2100);
});

test("a frame is what it says, or nothing", () => {
  const frames: [unknown, string | undefined][] = [
    [{ type: "pong", at: "now" }, "pong"],
    [{ type: "message", message: message(1) }, "message"],
    [{ message: "Internal server error", connectionId: "x" }, "gateway"],
    [{ type: "somethingNew", of: "later" }, undefined],
    [{ type: "toString" }, undefined],
    [{ type: "message" }, undefined],
    [{ type: "message", message: null }, undefined],
    [{ type: "read", conversationId: "c", userId: "u", seq: "1" }, undefined],
    [{ type: "error", problem: {} }, undefined],
    [{}, undefined],
    [[], undefined],
    [null, undefined],
    [7, undefined],
  ];
  for (const [frame, type] of frames) {
    assert.equal(parseFrame(JSON.stringify(frame))?.type, type, JSON.stringify(frame));
  }
  assert.equal(parseFrame("{"), undefined);
  assert.equal(parseFrame(new ArrayBuffer(2)), undefined);
});

test("a listener that throws keeps nobody else from hearing, and its error is not swallowed", (context) => {
  const later: (() => void)[] = [];
  context.mock.method(globalThis, "queueMicrotask", (callback: () => void) => later.push(callback));
  const emitter = new Emitter<{ event: number }>();
  const heard: number[] = [];
  emitter.on("event", () => {
    throw new Error("a listener's own");
  });
  const unlisten = emitter.on("event", (value) => heard.push(value));
  emitter.emit("event", 1);
  unlisten();
  emitter.emit("event", 2);
  assert.deepEqual(heard, [1]);
  assert.throws(() => later[0]?.(), /a listener's own/);
});
