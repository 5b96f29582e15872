import assert from "node:assert/strict";
import { test } from "node:test";
import { KithError } from "../../src/errors.js";
import { chatting } from "../support/chatting.js";
import { settle } from "../support/clock.js";

const MINUTE = 60_000;

test("each connection takes a ticket of its own", async () => {
  const { connect, sockets, clock, states } = chatting();
  await connect();
  sockets.last.break();
  await clock.pass(1000);
  sockets.last.open();
  assert.deepEqual(
    sockets.made.map(({ url }) => url),
    ["ws://kith?ticket=1", "ws://kith?ticket=2"],
  );
  assert.deepEqual(states, ["connecting", "connected", "waiting", "connecting", "connected"]);
});

test("the pauses between tries double, up to a bound, and are cut to a random part", async () => {
  const { chat, clock, sockets } = chatting({ timings: { reconnect: { first: 1000, longest: 8000 } } });
  chat.start();
  await settle();
  const pauses: number[] = [];
  for (let tries = 0; tries < 6; tries += 1) {
    const before = { now: clock.now, made: sockets.made.length };
    sockets.last.break();
    while (sockets.made.length === before.made) {
      await clock.pass(250);
    }
    pauses.push(clock.now - before.now);
  }
  // Chance says a half.
  assert.deepEqual(pauses, [500, 1000, 2000, 4000, 4000, 4000]);
});

test("a connection that was of use is followed by another one soon", async () => {
  const { connect, clock, sockets } = chatting();
  await connect();
  for (let times = 0; times < 5; times += 1) {
    const { length } = sockets.made;
    sockets.last.break();
    await clock.pass(250);
    assert.equal(sockets.made.length, length + 1);
    sockets.last.open();
    await settle();
  }
});

test("it pings before the gateway takes the connection for idle", async () => {
  const { connect, clock, sockets } = chatting();
  await connect();
  for (let pings = 1; pings <= 6; pings += 1) {
    await clock.pass(5 * MINUTE);
    assert.equal(sockets.last.said("ping").length, pings);
    sockets.last.hear({ type: "pong", at: "now" });
  }
  assert.equal(sockets.made.length, 1);
});

test("a connection that answers no ping is dead, and replaced", async () => {
  const { connect, clock, sockets, chat } = chatting();
  await connect();
  await clock.pass(5 * MINUTE + 14_000);
  assert.equal(chat.state, "connected");
  await clock.pass(1000);
  assert.equal(chat.state, "waiting");
  assert.equal(sockets.last.isClosed, true);
  await clock.pass(1000);
  assert.equal(sockets.made.length, 2);
});

test("a dead connection is noticed in time, however often somebody asks", async () => {
  const { connect, clock, chat } = chatting();
  await connect();
  for (let asked = 0; asked < 5; asked += 1) {
    chat.nudge();
    await clock.pass(3000);
  }
  assert.equal(chat.state, "waiting");
});

test("a connection that does not open in time is given up", async () => {
  const { chat, clock, sockets } = chatting();
  chat.start();
  await clock.pass(15_000);
  assert.equal(chat.state, "waiting");
  await clock.pass(1000);
  assert.equal(sockets.made.length, 2);
});

test("before it is two hours old, a connection is replaced without a moment without one", async () => {
  const { connect, clock, sockets, states, chat } = chatting({ timings: { ping: 3 * 60 * MINUTE } });
  await connect();
  const [first] = sockets.made;
  await clock.pass(105 * MINUTE);
  assert.equal(sockets.made.length, 2);
  assert.equal(first?.isClosed, false);
  sockets.last.open();
  assert.equal(first?.isClosed, true);
  chat.markRead("01A-01B", 1);
  assert.equal(sockets.last.said("read").length, 1);
  await clock.pass(104 * MINUTE);
  assert.equal(sockets.made.length, 2);
  assert.deepEqual(states, ["connecting", "connected"]);
});

test("what was said through the old connection is waited for, and said again if it is not answered", async () => {
  const { connect, clock, sockets, chat, server } = chatting({ timings: { ping: 3 * 60 * MINUTE } });
  await connect();
  const [first] = sockets.made;
  await clock.pass(105 * MINUTE - 1000);
  const answered = chat.send("01B", "Hello", "a");
  const lost = chat.send("01C", "Hello", "b");
  await clock.pass(1000);
  sockets.last.open();
  assert.equal(first?.isClosed, false);
  first?.hear({ type: "ack", clientId: "a", message: server.say({ senderId: "01A", clientId: "a" }) });
  assert.equal(answered.status, "sent");
  assert.equal(first?.isClosed, false);
  await clock.pass(35_000);
  assert.equal(first?.isClosed, true);
  assert.deepEqual(
    sockets.last.said("send").map(({ clientId }) => clientId),
    ["b"],
  );
  assert.equal(lost.status, "sending");
});

test("a renewal that fails leaves the old connection, and is tried again", async () => {
  const { connect, clock, sockets, states } = chatting({ timings: { ping: 3 * 60 * MINUTE } });
  await connect();
  await clock.pass(105 * MINUTE);
  sockets.last.break();
  await clock.pass(1000);
  assert.equal(sockets.made.length, 3);
  assert.deepEqual(states, ["connecting", "connected"]);
});

test("a ticket's 401 ends everything, and there are no more tries", async () => {
  const { chat, clock, server, sockets, states } = chatting();
  let ended = 0;
  chat.on("sessionEnded", () => {
    ended += 1;
  });
  const waiting = chat.send("01B", "Hello");
  server.failures.push(new KithError({ code: "unauthenticated", status: 401, detail: "No." }));
  chat.start();
  await clock.pass(60 * MINUTE);
  assert.deepEqual([ended, sockets.made.length, server.tickets], [1, 0, 1]);
  assert.deepEqual(states, ["connecting", "ended"]);
  await assert.rejects(waiting.sent, { code: "unauthenticated" });
  await assert.rejects(chat.send("01B", "Too late").sent, { code: "unauthenticated" });
  chat.start();
  assert.equal(chat.state, "ended");
});

test("signedOut ends everything", async () => {
  const { connect, chat, clock, sockets } = chatting();
  await connect();
  sockets.last.hear({ type: "signedOut" });
  sockets.last.break();
  await clock.pass(60 * MINUTE);
  assert.equal(chat.state, "ended");
  assert.equal(sockets.made.length, 1);
});

test("a throttled ticket is waited for as long as the server says", async () => {
  const { chat, clock, server, sockets } = chatting();
  server.failures.push(new KithError({ code: "rate-limited", status: 429, detail: "Slower.", retryAfter: 40 }));
  chat.start();
  await clock.pass(40_000);
  assert.equal(sockets.made.length, 0);
  await clock.pass(500);
  assert.equal(sockets.made.length, 1);
});

test("a nudge tries at once, and looks whether a connection is alive", async () => {
  const { connect, chat, clock, server, sockets } = chatting();
  server.failures.push(new KithError({ code: "rate-limited", status: 429, detail: "Slower.", retryAfter: 40 }));
  chat.start();
  await settle();
  assert.equal(chat.state, "waiting");
  chat.nudge();
  await connect();
  assert.equal(chat.state, "connected");
  chat.nudge();
  assert.equal(sockets.last.said("ping").length, 1);
  await clock.pass(15_000);
  assert.equal(chat.state, "waiting");
});

test("stop leaves nothing behind, and start begins again", async () => {
  const { connect, chat, clock, sockets } = chatting();
  await connect();
  chat.stop();
  assert.equal(chat.state, "idle");
  assert.equal(sockets.last.isClosed, true);
  assert.equal(clock.waiting, 0);
  await connect();
  assert.equal(chat.state, "connected");
  assert.equal(sockets.made.length, 2);
});

for (const state of ["connecting", "connected", "waiting"] as const) {
  test(`who hears that it is ${state} can stop it, and start it again`, async () => {
    const { connect, chat, clock, server, sockets, states } = chatting();
    const unlisten = chat.on("state", (now) => {
      if (now === state) {
        chat.stop();
      }
    });
    chat.start();
    await settle();
    sockets.made[0]?.open();
    await settle();
    sockets.made[0]?.break();
    await clock.pass(60 * MINUTE);
    assert.deepEqual([chat.state, states.at(-1), clock.waiting], ["idle", "idle", 0]);
    assert.equal(server.tickets, state === "connecting" ? 0 : 1);
    unlisten();
    await connect();
    assert.equal(chat.state, "connected");
  });

  test(`who hears that it is ${state} can stop and start it at once`, async () => {
    const { chat, clock, server, sockets } = chatting();
    const unlisten = chat.on("state", (now) => {
      if (now === state) {
        unlisten();
        chat.stop();
        chat.start();
      }
    });
    chat.start();
    await settle();
    sockets.last.open();
    await settle();
    if (state === "waiting") {
      sockets.last.break();
    }
    await settle();
    sockets.last.open();
    await clock.pass(4 * MINUTE);
    assert.equal(chat.state, "connected");
    assert.deepEqual([server.tickets, sockets.made.length], state === "connecting" ? [1, 1] : [2, 2]);
  });
}

test("who hears of an error can stop and start it at once", async () => {
  const { connect, chat, clock, server, states } = chatting();
  server.failures.push(KithError.network("gone"));
  chat.on("error", () => {
    chat.stop();
    chat.start();
  });
  chat.start();
  await settle();
  await connect();
  await clock.pass(MINUTE);
  assert.deepEqual(states, ["connecting", "idle", "connecting", "connected"]);
  assert.equal(server.tickets, 2);
});

test("a nudge while a ticket is asked for in vain asks for another one", async () => {
  const { chat, clock, server, sockets } = chatting();
  server.hangs = true;
  chat.start();
  await clock.pass(MINUTE);
  server.hangs = false;
  chat.nudge();
  await settle();
  sockets.last.open();
  assert.deepEqual([chat.state, server.tickets, sockets.made.length], ["connected", 2, 1]);
});

test("a nudge leaves a connection that is being opened", async () => {
  const { chat, server, sockets } = chatting();
  chat.start();
  await settle();
  chat.nudge();
  await settle();
  assert.deepEqual([server.tickets, sockets.made.length, sockets.last.isClosed], [1, 1, false]);
});
