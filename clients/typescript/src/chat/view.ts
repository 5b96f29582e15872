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
  /** Whether it was to be loaded, and could not be. */
  #isUnloaded = false;

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
        this.#changed();
      }
    };
    this.#unlisten = [
      chat.on("message", heard),
      chat.on("edited", heard),
      chat.on("deleted", heard),
      chat.on("outgoing", (message) => this.#isGoing(message)),
      chat.on("synced", () => this.#loadIfUnloaded()),
    ];
  }

  /** Listens until the function that it returns is called. */
  on<Name extends keyof ViewEvents>(name: Name, listener: (value: ViewEvents[Name]) => void): () => void {
    return this.#events.on(name, listener);
  }

  /** What was said, the oldest first. Where it was read anew, and what was missed before is not there yet, from behind that gap on. */
  get messages(): Message[] {
    const from = this.#from ?? Number.POSITIVE_INFINITY;
    const loaded = [...this.#known.values()].filter(({ seq }) => seq >= from);
    loaded.sort((one, other) => one.seq - other.seq);
    const behindGap = loaded.findLastIndex(({ seq }, index) => index > 0 && loaded[index - 1]?.seq !== seq - 1);
    return loaded.slice(Math.max(behindGap, 0));
  }

  /** What is on its way, failed, or sent but not among the messages yet, in the order in which it was written. */
  get outgoing(): OutgoingMessage[] {
    return [...this.#outgoing.values()];
  }

  /** Whether there are messages before those that are shown. */
  get hasOlder(): boolean {
    return this.#from !== undefined && this.#from > 1;
  }

  /** Reads the latest messages. If that fails, it is done once more when the chat has next caught up. */
  async load(): Promise<void> {
    const { items, lastSeq, lastRevision } = await this.api.history(this.id, {}, PAGE).catch((error: unknown) => {
      this.#isUnloaded = true;
      throw error;
    });
    this.#isUnloaded = false;
    this.#keepAll(items);
    this.#from = Math.min(this.#from ?? Number.POSITIVE_INFINITY, items[0]?.seq ?? 1);
    // The page has every change up to the revision that it names: whatever comes after that will be told.
    this.chat.follow(this.id, { seq: lastSeq, revision: lastRevision });
    this.#changed();
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
    this.#changed();
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
  }

  #loadIfUnloaded(): void {
    if (this.#isUnloaded) {
      // Whoever asked first was told that it failed; it is tried for as long as it does.
      this.load().catch(() => {});
    }
  }

  #isGoing(message: OutgoingMessage): void {
    if (message.conversationId !== this.id) {
      return;
    }
    this.#outgoing.set(message.clientId, message);
    this.#changed();
  }

  /** Something else is to be shown. What is on its way stays there until it is among the messages, and no longer. */
  #changed(): void {
    for (const message of this.#outgoing.values()) {
      if (this.#isThere(message)) {
        this.#outgoing.delete(message.clientId);
      }
    }
    this.#events.emit("change", undefined);
  }

  /**
   * Whether a message on its way is among the messages, or before them. It may be there before that is
   * known: an answer was lost. And it may not be there yet when it is sent: one before it may have to be
   * fetched first.
   */
  #isThere({ clientId, message }: OutgoingMessage): boolean {
    const from = this.#from;
    if (from === undefined) {
      return false;
    }
    const { userId } = this.chat;
    const isOwn = (one: Message) => one.clientId === clientId && one.senderId === userId;
    return (message !== undefined && message.seq < from) || [...this.#known.values()].some(isOwn);
  }
}
