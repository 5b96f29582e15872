/** People of a test. */
import { WebSocket } from "ws";
import type { ChatClient } from "../../src/chat/client.js";
import { Kith, type KithOptions } from "../../src/kith.js";
import type { Me, Message } from "../../src/types.js";

export const PASSWORD = "copper-Tuba-1967-drizzle";
let count = 0;

export interface Person {
  kith: Kith;
  me: Me;
}

/** Somebody new. */
export async function register(http: string, options: Partial<KithOptions> = {}): Promise<Person> {
  count += 1;
  const username = `person_${count}_${Date.now().toString(36)}`;
  const kith = new Kith({ baseUrl: http, WebSocket, ...options });
  const me = await kith.register({ username, email: `${username}@example.com`, password: PASSWORD });
  return { kith, me };
}

/** Two people become friends. */
export async function befriend(one: Person, other: Person): Promise<void> {
  const { id: requestId } = await one.kith.post("/v1/friend-requests", { body: { to: other.me.id } });
  const params = { path: { requestId } };
  await other.kith.patch("/v1/friend-requests/{requestId}", { params, body: { status: "accepted" } });
}

/** All messages of a conversation, as the server has them. */
export async function wholeHistory({ kith }: Person, conversationId: string): Promise<Message[]> {
  const all: Message[] = [];
  for (;;) {
    const query = { after: all.at(-1)?.seq ?? 0, limit: 100 };
    const params = { path: { conversationId }, query };
    const { items } = await kith.get("/v1/conversations/{conversationId}/messages", { params });
    if (items.length === 0) {
      return all;
    }
    all.push(...items);
  }
}

/** How long a story may take, on a machine that has other things to do, too. package.json says so of a file of them, with its stack. */
export const PATIENCE = { timeout: 300_000 };

/** Waits until something holds, for two minutes at most. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 120_000;
  while (!(await holds())) {
    if (Date.now() > end) {
      throw new Error(`It never came about that ${what}.`);
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Does something, and again from time to time, until it is heard of: a push that is late is dropped, and nobody repeats it. */
export async function repeatedUntil<T>(heard: Promise<T>, act: () => unknown): Promise<T> {
  for (;;) {
    await act();
    const later = new Promise<undefined>((resolve) => setTimeout(resolve, 1000));
    const answer = await Promise.race([heard.then((value) => ({ value })), later]);
    if (answer !== undefined) {
      return answer.value;
    }
  }
}

/** Connects, and waits until it has caught up. */
export async function connected(chat: ChatClient): Promise<void> {
  const synced = new Promise<void>((resolve) => chat.on("synced", () => resolve()));
  chat.start();
  await synced;
}
