/** A conversation as the server has it, for tests without a server. */
import type { ChatApi } from "../../src/chat/api.js";
import { KithError } from "../../src/errors.js";
import type { Conversation, History, Message } from "../../src/types.js";

export const ME = "01A";
export const PEER = "01B";
export const CHAT = `${ME}-${PEER}`;

/** A message of the other one's, unless something else is said. */
export function message(seq: number, more: Partial<Message> = {}): Message {
  return {
    id: `${CHAT}-${seq}`,
    conversationId: CHAT,
    seq,
    revision: 0,
    clientId: `c${seq}`,
    senderId: PEER,
    text: `text ${seq}`,
    createdAt: at(seq),
    editedAt: null,
    deletedAt: null,
    ...more,
  };
}

/** So many seconds into the day. */
export function at(seconds: number): string {
  return new Date(Date.UTC(2026, 4, 4) + seconds * 1000).toISOString();
}

/** Answers from what it was given, and notes what it was asked. */
export class FakeServer implements ChatApi {
  messages: Message[] = [];
  lastRevision = 0;
  readonly asked: string[] = [];
  tickets = 0;
  /** Whether tickets are asked for in vain, until that is given up. */
  hangs = false;
  /** What the next requests fail with. */
  readonly failures: KithError[] = [];

  async takeTicket(signal: AbortSignal): Promise<string> {
    this.tickets += 1;
    this.#failIfToldTo();
    if (this.hangs) {
      await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    }
    return `ws://kith?ticket=${this.tickets}`;
  }

  async conversations(limit: number): Promise<{ items: Conversation[]; nextCursor: null }> {
    this.asked.push(`list ${limit}`);
    this.#failIfToldTo();
    return { items: this.messages.length > 0 ? [this.conversation()] : [], nextCursor: null };
  }

  async history(id: string, span: object, limit: number): Promise<History> {
    const [[by, bound] = ["latest", 0]] = Object.entries(span) as [string, number][];
    this.asked.push(`${by} ${bound}`);
    this.#failIfToldTo();
    if (id !== CHAT) {
      throw new KithError({ code: "not-found", status: 404, detail: "There is no such thing." });
    }
    const pages: Record<string, () => Message[]> = {
      latest: () => this.messages.slice(-limit),
      before: () => this.messages.filter(({ seq }) => seq < bound).slice(-limit),
      after: () => this.messages.filter(({ seq }) => seq > bound).slice(0, limit),
      changedAfter: () => {
        const changed = this.messages.filter(({ revision }) => revision > bound);
        return changed.sort((one, other) => one.revision - other.revision).slice(0, limit);
      },
    };
    const { lastRevision } = this;
    return { items: pages[by]?.() ?? [], lastSeq: this.messages.at(-1)?.seq ?? 0, lastRevision };
  }

  async edit(_id: string, seq: number, text: string): Promise<Message> {
    return this.change(seq, { text, editedAt: at(0) });
  }

  async delete(_id: string, seq: number): Promise<void> {
    this.change(seq, { text: null, deletedAt: at(0) });
  }

  /** Somebody says something. */
  say(more: Partial<Message> = {}): Message {
    const said = message(this.messages.length + 1, more);
    this.messages.push(said);
    return said;
  }

  /** Somebody changes something. */
  change(seq: number, change: Partial<Message>): Message {
    this.lastRevision += 1;
    const changed = { ...(this.messages[seq - 1] ?? message(seq)), ...change, revision: this.lastRevision };
    this.messages = this.messages.map((one) => (one.seq === seq ? changed : one));
    return changed;
  }

  conversation(): Conversation {
    const lastMessage = this.messages.at(-1) ?? null;
    const lastSeq = lastMessage?.seq ?? 0;
    return {
      id: CHAT,
      peer: { id: PEER, username: "bob", name: "Bob", avatar: null },
      lastMessage,
      lastSeq,
      lastRevision: this.lastRevision,
      readSeq: 0,
      peerReadSeq: 0,
      unreadCount: lastSeq,
      updatedAt: at(lastSeq),
    };
  }

  #failIfToldTo(): void {
    const failure = this.failures.shift();
    if (failure !== undefined) {
      throw failure;
    }
  }
}
