/** The chat client: one connection, everything that happens on it, and nothing lost when it breaks. */
import { Backoff } from "../backoff.js";
import { Emitter } from "../emitter.js";
import { KithError } from "../errors.js";
import type { Clock, SocketConstructor } from "../runtime.js";
import type { Message } from "../types.js";
import { type ChatApi, type ChatSession, conversationIdOf } from "./api.js";
import { watchSurroundings } from "./browser.js";
import type { ChatEvents, ChatState } from "./events.js";
import type { ServerFrame } from "./frames.js";
import { Line } from "./line.js";
import type { Link } from "./link.js";
import { CHAT_TIMINGS, type ChatOptions, type ChatTimings } from "./options.js";
import { Outbox } from "./outbox.js";
import type { OutgoingMessage } from "./outgoing.js";
import type { ChatPosition, Place } from "./position.js";
import { ReadMarkers } from "./reads.js";
import { Sync } from "./sync.js";
import { ConversationView } from "./view.js";

/** What a chat client is made of. */
export interface ChatParts {
  api: ChatApi;
  /** It ends with this. */
  session: ChatSession;
  clock: Clock;
  Socket: SocketConstructor;
  /** Who is signed in. */
  userId: string;
}

/**
 * Chat in real time.
 *
 * - `line.ts` keeps a connection, `outbox.ts` sends in order and once, `sync.ts` catches up with what was
 *   missed, and `track.ts` tells what of all that arrives is new.
 * - A push is a hint, and the history is the truth: a push may come twice, late or never. Each `message`
 *   event comes once and in the order of `seq`, from when the client first connected on.
 */
export class ChatClient {
  /** Who is signed in. */
  readonly userId: string;
  readonly #api: ChatApi;
  readonly #session: ChatSession;
  readonly #clock: Clock;
  readonly #timings: ChatTimings;
  readonly #events = new Emitter<ChatEvents>();
  readonly #line: Line;
  readonly #outbox: Outbox;
  readonly #reads = new ReadMarkers();
  readonly #sync: Sync;
  readonly #syncBackoff: Backoff;
  /** To whom it said a moment ago that somebody is typing, and what ends that moment. */
  readonly #typing = new Map<string, () => void>();
  #isSyncing = false;
  #syncAgain = false;
  #cancelResync = () => {};
  #unwatch = () => {};
  readonly #sessionIsOver = () => this.#line.end();

  constructor({ api, session, clock, Socket, userId }: ChatParts, options: ChatOptions = {}) {
    const timings = { ...CHAT_TIMINGS, ...options.timings };
    this.userId = userId;
    this.#api = api;
    this.#session = session;
    this.#clock = clock;
    this.#timings = timings;
    this.#syncBackoff = new Backoff(clock, timings.reconnect);
    this.#outbox = new Outbox(userId, clock, timings, (message) => this.#events.emit("outgoing", message));
    const failed = (error: KithError) => this.#failed(error);
    this.#sync = new Sync(
      api,
      clock,
      timings,
      {
        message: (message) => this.#isNew(message),
        changed: (message) => this.#events.emit(message.deletedAt === null ? "edited" : "deleted", message),
        conversation: (conversation) => this.#events.emit("conversation", conversation),
        failed,
      },
      options.since,
    );
    const takeTicket = (signal: AbortSignal) => api.takeTicket(signal);
    this.#line = new Line(
      { takeTicket, Socket, clock, timings },
      {
        state: (state) => this.#became(state),
        up: (link) => this.#up(link),
        down: (link) => this.#outbox.down(link),
        heard: (frame, link) => this.#heard(frame, link),
        pinged: () => this.#catchUp(),
        isAwaited: (link) => this.#outbox.isAwaited(link),
        failed,
      },
    );
  }

  /** Listens until the function that it returns is called. */
  on<Name extends keyof ChatEvents>(name: Name, listener: (value: ChatEvents[Name]) => void): () => void {
    return this.#events.on(name, listener);
  }

  /** How it stands with the connection. */
  get state(): ChatState {
    return this.#line.state;
  }

  /** How far it is, to be kept and given to the next one as `since`; undefined until it first caught up. */
  get position(): ChatPosition | undefined {
    return this.#sync.position;
  }

  /** Own messages that are not sent yet: to be kept, and given to `send` of the next client with their client ids. */
  get pending(): OutgoingMessage[] {
    return this.#outbox.pending;
  }

  /** Connects, and stays connected until `stop`, or until the session ends. If that has ended already, so has this. */
  start(): void {
    if (this.state !== "idle") {
      return;
    }
    if (this.#session.over.aborted) {
      this.#line.end();
      return;
    }
    this.#session.over.addEventListener("abort", this.#sessionIsOver);
    this.#sync.start();
    this.#unwatch = watchSurroundings({ nudge: () => this.nudge(), offline: () => this.#line.drop() });
    this.#line.start();
  }

  /** Disconnects. What is not sent yet stays, and goes out after the next `start`. */
  stop(): void {
    this.#line.stop();
  }

  /** Looks at once whether the connection is alive, or makes one: when the network may have changed. In a browser it does so by itself. */
  nudge(): void {
    this.#line.nudge();
  }

  /**
   * Sends a message to a friend, as soon as there is a connection, and behind what was sent to them before.
   * What is answered here is the local echo; its `sent` is the message as the server has it. A client id is
   * given for what was kept: what arrived under it before does not arrive again.
   */
  send(to: string, text: string, clientId?: string): OutgoingMessage {
    return this.#outbox.add({ to, text, ...(clientId !== undefined && { clientId }) });
  }

  /**
   * Takes a message back that was never sent. Answers whether it could be; if not, `delete` it later. One
   * that a client id was given for cannot be, as it may have been sent before.
   */
  cancel(message: OutgoingMessage): boolean {
    return this.#outbox.cancel(message);
  }

  /** What is not sent yet in a conversation. */
  pendingIn(conversationId: string): OutgoingMessage[] {
    return this.#outbox.pendingIn(conversationId);
  }

  /** Changes what a message of one's own says. */
  async edit(message: Pick<Message, "conversationId" | "seq">, text: string): Promise<Message> {
    const edited = await this.#api.edit(message.conversationId, message.seq, text);
    this.#sync.heard(edited);
    return edited;
  }

  /** Deletes a message of one's own. `deleted` tells of it, as of any other. */
  delete({ conversationId, seq }: Pick<Message, "conversationId" | "seq">): Promise<void> {
    return this.#api.delete(conversationId, seq);
  }

  /** One has read a conversation up to here. Past the end means the end. */
  markRead(conversationId: string, seq: number): void {
    this.#reads.mark(conversationId, seq, this.#sync.lastSeq(conversationId), this.#line.current);
  }

  /** One is typing. Call it at every key: it is said every few seconds, and not kept for later. */
  typing(to: string): void {
    const link = this.#line.current;
    if (link === undefined || this.#typing.has(to)) {
      return;
    }
    const over = this.#clock.after(this.#timings.typing, () => this.#typing.delete(to));
    this.#typing.set(to, over);
    link.send({ action: "typing", to });
  }

  /** The conversation with somebody, to be shown: its messages in their order, and what is on its way. */
  open(peerId: string): ConversationView {
    return new ConversationView(this, this.#api, conversationIdOf(this.userId, peerId));
  }

  /** For views: who has read a conversation's latest page follows it from there. */
  follow(conversationId: string, place: Place): void {
    this.#sync.follow(conversationId, place);
  }

  #became(state: ChatState): void {
    if (state === "idle" || state === "ended") {
      this.#session.over.removeEventListener("abort", this.#sessionIsOver);
      this.#unwatch();
      this.#cancelResync();
      this.#sync.stop();
      this.#outbox.rest();
      this.#forgetTyping();
    }
    if (state === "ended") {
      // Whoever listens to Kith itself hears of it, too, and its token is of no use any more.
      this.#session.ended();
    }
    this.#events.emit("state", state);
    if (state === "ended") {
      const detail = "The session has ended.";
      this.#outbox.end(new KithError({ code: "unauthenticated", status: 401, detail }));
      this.#events.emit("sessionEnded", undefined);
    }
  }

  #forgetTyping(): void {
    for (const cancel of this.#typing.values()) {
      cancel();
    }
    this.#typing.clear();
  }

  #up(link: Link): void {
    this.#outbox.up(link);
    this.#reads.up(link);
    this.#catchUp();
  }

  /** Catches up, and once more if somebody asked meanwhile: what they ask for may have come after the list. */
  #catchUp(): void {
    this.#syncAgain = this.#isSyncing;
    if (this.#isSyncing) {
      return;
    }
    this.#cancelResync();
    this.#isSyncing = true;
    this.#sync
      .catchUp()
      .then(
        () => this.#synced(),
        (error: unknown) => this.#unsynced(error),
      )
      .finally(() => {
        this.#isSyncing = false;
        if (this.#syncAgain) {
          this.#catchUp();
        }
      });
  }

  #synced(): void {
    this.#syncBackoff.reset();
    if (this.state === "connected" && !this.#syncAgain) {
      this.#line.worked();
      this.#events.emit("synced", undefined);
    }
  }

  #unsynced(error: unknown): void {
    // Without a connection, the next one begins with it.
    if (this.state !== "connected") {
      return;
    }
    const known = KithError.of(error);
    this.#failed(known);
    if (this.state === "connected") {
      this.#cancelResync = this.#clock.after(this.#syncBackoff.next(known.retryAfter), () => this.#catchUp());
    }
  }

  /** A request failed that nobody waits for. That the session has ended may show there first. */
  #failed(error: KithError): void {
    if (error.code === "unauthenticated") {
      this.#line.end();
    } else {
      this.#events.emit("error", error);
    }
  }

  #isNew(message: Message): void {
    this.#events.emit("message", message);
    // It may have been fetched before its answer came, or instead of it.
    this.#outbox.arrived(message);
  }

  #heard(frame: ServerFrame, link: Link): void {
    switch (frame.type) {
      case "ack":
        this.#sync.heard(frame.message);
        this.#outbox.arrived(frame.message);
        break;
      case "message":
      case "messageEdited":
      case "messageDeleted":
        this.#sync.heard(frame.message);
        break;
      case "conversation":
        this.#events.emit("conversation", frame.conversation);
        this.#sync.told(frame.conversation);
        break;
      case "read": {
        const { conversationId, userId, seq } = frame;
        if (userId === this.userId) {
          this.#reads.confirmed(conversationId, seq);
        }
        this.#sync.readTo(conversationId, seq);
        this.#events.emit("read", { conversationId, userId, seq });
        break;
      }
      case "typing":
        this.#events.emit("typing", { conversationId: frame.conversationId, userId: frame.userId });
        break;
      case "notification":
        this.#events.emit("notification", frame.notification);
        break;
      case "presence":
        this.#events.emit("presence", { userId: frame.userId, online: frame.online });
        break;
      case "me":
        this.#events.emit("me", frame.me);
        break;
      case "error":
        if (frame.action === "send" && frame.clientId !== undefined) {
          this.#outbox.refused(frame);
        } else {
          this.#events.emit("error", KithError.fromProblem(frame.problem, frame.retryAfter));
        }
        break;
      case "gateway":
        this.#outbox.somethingFailed(link);
        break;
      case "pong":
      case "signedOut":
        break;
    }
  }
}
