import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { ChatClient } from "../../src/chat/client.js";
import type { ConversationView } from "../../src/chat/view.js";
import type { Message } from "../../src/types.js";
import { Network } from "../support/network.js";
import { befriend, connected, PATIENCE, type Person, register, until, wholeHistory } from "../support/people.js";
import { randoms } from "../support/randoms.js";
import { type Stack, startStack } from "../support/stack.js";

const MESSAGES_EACH = 500;
const DISCONNECTS = 100;
const SEED = Number(process.env["KITH_SEED"] ?? Date.now() % 100_000);

const timings = { reconnect: { first: 20, longest: 200 }, gap: 50, ack: 1000, pong: 500, ping: 2000 };

/** What one side is told, and makes of it. */
class Listener {
  readonly messages: Message[] = [];
  readonly changes = { edited: 0, deleted: 0 };

  constructor(chat: ChatClient) {
    chat.on("message", (message) => {
      assert.equal(message.seq, this.messages.length + 1, "each message comes once, in the order of seq");
      this.messages.push(message);
    });
    for (const kind of ["edited", "deleted"] as const) {
      chat.on(kind, (message) => {
        const before = this.messages[message.seq - 1];
        assert(before !== undefined && before.revision < message.revision, "a change is newer than what was told");
        this.messages[message.seq - 1] = message;
        this.changes[kind] += 1;
      });
    }
  }
}

interface Side extends Person {
  network: Network;
  chat: ChatClient;
  listener: Listener;
  view: ConversationView;
}

async function side(stack: Stack): Promise<Side> {
  const network = await Network.before(stack.sockets);
  const person = await register(stack.http, { WebSocket: network.WebSocket });
  const chat = person.kith.chat(person.me.id, { timings });
  return { ...person, network, chat, listener: new Listener(chat), view: chat.open(person.me.id) };
}

/** Says all it has to say, in bursts, and changes some of it. */
async function talk(from: Side, to: Side, random: () => number): Promise<void> {
  for (let said = 0; said < MESSAGES_EACH; ) {
    const burst = Array.from({ length: Math.min(1 + Math.floor(random() * 8), MESSAGES_EACH - said) }, () => {
      said += 1;
      return from.chat.send(to.me.id, `${said} of ${from.me.username}`);
    });
    for (const { sent } of burst) {
      const message = await sent;
      if (message.seq % 10 === 0) {
        await from.chat.edit(message, `${message.text}, changed`);
      } else if (message.seq % 25 === 1) {
        await from.chat.delete(message);
      }
    }
  }
}

/** Lets the network fail in one of its ways, and then work again. */
async function disconnect({ network, chat }: Side, random: () => number): Promise<void> {
  await until("somebody is connected", () => chat.state === "connected" && network.isInUse);
  const { cuts } = network;
  const fate = (["cut", "lose", "pass"] as const)[Math.floor(random() * 3)] ?? "cut";
  const direction = random() < 0.5 ? "up" : "down";
  network.fates[direction] = fate;
  await new Promise((resolve) => setTimeout(resolve, random() * 30));
  network.cut();
  network.fates[direction] = "pass";
  assert(network.cuts > cuts);
}

test(`nothing is lost or doubled over ${DISCONNECTS} disconnects (KITH_SEED=${SEED})`, PATIENCE, async () => {
  const stack = await startStack();
  after(() => stack.stop());
  const alice = await side(stack);
  const bob = await side(stack);
  const sides = [alice, bob];
  await befriend(alice, bob);
  alice.view = alice.chat.open(bob.me.id);
  bob.view = bob.chat.open(alice.me.id);
  await Promise.all(sides.map(({ chat }) => connected(chat)));
  await Promise.all(sides.map(({ view }) => view.load()));

  let isTalking = true;
  const talks = Promise.all([talk(alice, bob, randoms(SEED, 1)), talk(bob, alice, randoms(SEED, 2))]).finally(() => {
    isTalking = false;
  });
  // One for each of those who act at once: see `randoms`.
  const random = randoms(SEED, 0);
  let disconnects = 0;
  for (; disconnects < DISCONNECTS; disconnects += 1) {
    await disconnect(random() < 0.5 ? alice : bob, random);
  }
  assert(isTalking, "they talked for as long as the storm lasted");
  await talks;

  const history = await wholeHistory(alice, alice.view.id);
  const isDone = ({ listener }: Side) => {
    const revisions = listener.messages.reduce((sum, { revision }) => sum + revision, 0);
    return listener.messages.length === history.length && revisions === history.reduce((sum, m) => sum + m.revision, 0);
  };
  await until("both sides have heard everything", () => sides.every(isDone));

  assert.equal(history.length, 2 * MESSAGES_EACH);
  assert.equal(new Set(history.map((message) => message.clientId)).size, 2 * MESSAGES_EACH);
  for (const { me, listener, view, chat } of sides) {
    const own = history.filter(({ senderId, deletedAt }) => senderId === me.id && deletedAt === null);
    const order = own.map(({ text }) => Number(text?.split(" ")[0]));
    assert.deepEqual(
      order,
      [...order].sort((one, other) => one - other),
      "in the order in which they were said",
    );
    assert.deepEqual(listener.messages, history, "what was told is the history");
    assert.deepEqual(view.messages, history, "what is shown is the history");
    assert.deepEqual([chat.pending, view.outgoing], [[], []]);
    assert(listener.changes.edited > 0 && listener.changes.deleted > 0);
  }
  for (const { chat, network } of sides) {
    chat.stop();
    await network.close();
  }
});
