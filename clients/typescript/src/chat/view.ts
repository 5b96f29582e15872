/** A conversation to be shown. */
import { Emitter } from "../emitter.js";
import type { Message } from "../types.js";
import type { ChatApi } from "./api.js";
import type { ChatClient } from "./client.js";
import type { OutgoingMessage } from "./outgoing.js";

const PAGE = 50;

/** What a view tells. */
export interface ViewEvents {
  /** There is something else to be shown. */
  change: undefined;
}

/**
 * The messages of a conversation, without gaps from some message on to the last one, and what is on its
 * way behind them. `load` reads the latest, `loadOlder` goes back; from then on it keeps itself up to date.
 */
export class ConversationView {
  readonly #events = new Emitter<ViewEvents>();
  /** Everything that was heard of, also of messages that are not shown yet. */
  readonly #known = new Map<number, Message>();
  readonly #outgoing = new Map<string, OutgoingMessage>();
  readonly #unlisten: (() => void)[];
  /** From which message on it is shown; undefined until it is loaded. */
  #from: number | undefined;

  constructor(
    private readonly chat: ChatClient,
    private readonly api: ChatApi,
    /** Which. */
    readonly id: string,
  ) {
    for (const message of chat.pendingIn(id)) {
      this.#outgoing.set(message.clientId, message);
    }
    const heard = (message: Message) => {
      if (message.conversationId === id) {
        this.#keep(message);
        this.#events.emit("change", undefined);
      }
    };
    this.#unlisten = [
      chat.on("message", heard),
      chat.on("edited", heard),
      chat.on("deleted", heard),
      chat.on("outgoing", (message) => this.#isGoing(message)),
    ];
  }

  /** Listens until the function that it returns is called. */
  on<Name extends keyof ViewEvents>(name: Name, listener: (value: ViewEvents[Name]) => void): () => void {
    return this.#events.on(name, listener);
  }

  /** What was said, the oldest first. */
  get messages(): Message[] {
    const from = this.#from ?? Number.POSITIVE_INFINITY;
    const shown = [...this.#known.values()].filter(({ seq }) => seq >= from);
    return shown.sort((one, other) => one.seq - other.seq);
  }

  /** What is on its way, or failed, in the order in which it was written. */
  get outgoing(): OutgoingMessage[] {
    return [...this.#outgoing.values()];
  }

  /** Whether there are messages before those that are shown. */
  get hasOlder(): boolean {
    return this.#from !== undefined && this.#from > 1;
  }

  /** Reads the latest messages. */
  async load(): Promise<void> {
    const { items, lastSeq, lastRevision } = await this.api.history(this.id, {}, PAGE);
    this.#keepAll(items);
    this.#from = Math.min(this.#from ?? Number.POSITIVE_INFINITY, items[0]?.seq ?? 1);
    // The page has every change up to the revision that it names: whatever comes after that will be told.
    this.chat.follow(this.id, { seq: lastSeq, revision: lastRevision });
    this.#events.emit("change", undefined);
  }

  /** Reads messages before those that are shown. */
  async loadOlder(): Promise<void> {
    const before = this.#from;
    if (before === undefined || before <= 1) {
      return;
    }
    const { items } = await this.api.history(this.id, { before }, PAGE);
    this.#keepAll(items);
    this.#from = Math.min(this.#from ?? before, items[0]?.seq ?? 1);
    this.#events.emit("change", undefined);
  }

  /** Forgets a message that failed. */
  dismiss(message: OutgoingMessage): void {
    if (message.status === "failed" && this.#outgoing.delete(message.clientId)) {
      this.#events.emit("change", undefined);
    }
  }

  /** Stops listening. */
  close(): void {
    for (const unlisten of this.#unlisten) {
      unlisten();
    }
  }

  #keepAll(messages: Message[]): void {
    for (const message of messages) {
      this.#keep(message);
    }
  }

  /** What was read or told earlier may come later: the revision says which is newer. */
  #keep(message: Message): void {
    const other = this.#known.get(message.seq);
    if (other === undefined || other.revision <= message.revision) {
      this.#known.set(message.seq, message);
    }
    if (message.senderId === this.chat.userId) {
      this.#outgoing.delete(message.clientId);
    }
  }

  #isGoing(message: OutgoingMessage): void {
    if (message.conversationId !== this.id) {
      return;
    }
    // A message that is sent stays until it is there: one before it may have to be fetched first.
    const isThere = message.status === "sent" && this.#hasOwn(message.clientId);
    if (!isThere) {
      this.#outgoing.set(message.clientId, message);
    }
    this.#events.emit("change", undefined);
  }

  #hasOwn(clientId: string): boolean {
    const { userId } = this.chat;
    return [...this.#known.values()].some((one) => one.clientId === clientId && one.senderId === userId);
  }
}
