/** What is to be sent: in order, once, whatever happens to the connection. */
import { Backoff } from "../backoff.js";
import { KithError } from "../errors.js";
import { type Clock, randomId } from "../runtime.js";
import type { Message } from "../types.js";
import { conversationIdOf } from "./api.js";
import type { ErrorFrame } from "./frames.js";
import type { Link } from "./link.js";
import type { ChatTimings } from "./options.js";
import { OutgoingMessage, type PendingMessage } from "./outgoing.js";

/** API Gateway closes a connection over which a larger message comes. The frame around a text takes the rest. */
const LARGEST_TEXT = 28 * 1024;
const LONGEST_CLIENT_ID = 64;

/** A bug on the other side does not pass: after so many tries it is a failure. */
const TRIES_OF_INTERNAL = 5;

/** One conversation's queue. Its first message is the one that is being sent, if one is. */
interface Lane {
  queue: OutgoingMessage[];
  /** Through which connection the first one was said, and what ends the wait for its answer. */
  inFlight: { link: Link; cancel: () => void } | undefined;
  /** What ends the pause that the server asked for. */
  cancelPause: (() => void) | undefined;
  backoff: Backoff;
}

/**
 * Messages go out one after the other, within a conversation: what is sent on one connection may be worked
 * on at the same time, so the next one waits for the answer to the one before. What was not answered is
 * sent again, with the same client id, on the same connection or the next one: the server answers what it
 * has, if it has it.
 */
export class Outbox {
  readonly #lanes = new Map<string, Lane>();
  #link: Link | undefined;
  /** Why nothing more will be sent. */
  #ended: KithError | undefined;

  constructor(
    private readonly me: string,
    private readonly clock: Clock,
    private readonly timings: ChatTimings,
    private readonly tell: (message: OutgoingMessage) => void,
  ) {}

  /** Everything that is not sent yet, in its order. */
  get pending(): OutgoingMessage[] {
    return [...this.#lanes.values()].flatMap((lane) => lane.queue);
  }

  /** What of that is for one conversation. */
  pendingIn(conversationId: string): OutgoingMessage[] {
    return [...(this.#lanes.get(conversationId)?.queue ?? [])];
  }

  /** Takes a message to be sent as soon as it may be. */
  add({ to, text, clientId: given }: Omit<PendingMessage, "clientId"> & { clientId?: string }): OutgoingMessage {
    const conversationId = conversationIdOf(this.me, to);
    const clientId = given ?? randomId();
    if (this.pending.some((other) => other.clientId === clientId)) {
      throw new Error(`There is a message on its way with the client id ${clientId} already.`);
    }
    const message = new OutgoingMessage(conversationId, to, clientId, text, this.tell);
    if (given !== undefined) {
      // It was kept, perhaps, by a client that had sent it and did not hear of it any more.
      message.mayHaveArrived();
    }
    const refusal = this.#ended ?? refuse(message);
    if (refusal !== undefined) {
      message.fails(refusal);
      return message;
    }
    const lane = this.#lane(conversationId);
    lane.queue.push(message);
    this.tell(message);
    this.#pump(lane);
    return message;
  }

  /** Takes a message back, if it was never sent: what may have arrived cannot be. */
  cancel(message: OutgoingMessage): boolean {
    const lane = this.#lanes.get(message.conversationId);
    if (lane === undefined || message.wasTried || !lane.queue.includes(message)) {
      return false;
    }
    this.#fail(lane, message, new KithError({ code: "cancelled", status: 0, detail: "It was taken back." }));
    return true;
  }

  /** There is a connection, perhaps in place of another one. */
  up(link: Link): void {
    this.#link = link;
    for (const lane of this.#lanes.values()) {
      this.#pump(lane);
    }
  }

  /** A connection has ended: what was said through it, and not answered, is said again. */
  down(link: Link): void {
    if (this.#link === link) {
      this.#link = undefined;
    }
    for (const lane of this.#lanes.values()) {
      if (lane.inFlight?.link === link) {
        this.#putBack(lane);
        this.#pump(lane);
      }
    }
  }

  /** Whether an answer is to come through a connection. */
  isAwaited(link: Link): boolean {
    return [...this.#lanes.values()].some((lane) => lane.inFlight?.link === link);
  }

  /** A message of one's own is in the conversation, which is what an answer says, or a page that was fetched. */
  arrived(message: Message): void {
    const lane = this.#lanes.get(message.conversationId);
    const own = lane?.queue.find((own) => own.clientId === message.clientId);
    if (lane === undefined || own === undefined || message.senderId !== this.me) {
      return;
    }
    this.#remove(lane, own);
    lane.backoff.reset();
    own.succeeds(message);
    this.#pump(lane);
  }

  /** A message was refused; for good, or for a while. */
  refused({ clientId, problem, retryAfter }: ErrorFrame): void {
    const lane = [...this.#lanes.values()].find((lane) => lane.queue[0]?.clientId === clientId);
    const message = lane?.queue[0];
    if (lane === undefined || message === undefined) {
      return;
    }
    const isTired = problem.code === "internal" && lane.backoff.tries >= TRIES_OF_INTERNAL;
    if (isTired || !PASSING.has(problem.code)) {
      this.#fail(lane, message, KithError.fromProblem(problem, retryAfter));
    } else if (lane.inFlight !== undefined) {
      this.#pauseLane(lane, retryAfter);
    }
  }

  /** Something that was said through a connection failed as a whole; what, nobody knows. */
  somethingFailed(link: Link): void {
    for (const lane of this.#lanes.values()) {
      if (lane.inFlight?.link === link) {
        this.#pauseLane(lane);
      }
    }
  }

  /** Nothing is sent until there is a connection again, so no pause is waited for: if it was too short, that is said once more. */
  rest(): void {
    for (const lane of this.#lanes.values()) {
      lane.cancelPause?.();
      lane.cancelPause = undefined;
    }
  }

  /** Nothing more will be sent. */
  end(error: KithError): void {
    this.#ended = error;
    this.rest();
    for (const lane of this.#lanes.values()) {
      for (const message of [...lane.queue]) {
        this.#remove(lane, message);
        message.fails(error);
      }
    }
    this.#lanes.clear();
  }

  #lane(conversationId: string): Lane {
    let lane = this.#lanes.get(conversationId);
    if (lane === undefined) {
      const backoff = new Backoff(this.clock, this.timings.reconnect);
      lane = { queue: [], inFlight: undefined, cancelPause: undefined, backoff };
      this.#lanes.set(conversationId, lane);
    }
    return lane;
  }

  /** Sends the next one, if there is one, and nothing that it has to wait for. */
  #pump(lane: Lane): void {
    const [message] = lane.queue;
    const link = this.#link;
    if (message === undefined || !link?.isOpen || lane.inFlight !== undefined || lane.cancelPause !== undefined) {
      return;
    }
    // No answer in time says that the connection is dead: it is closed, and so this one is put back.
    const cancel = this.clock.after(this.timings.ack, () => link.close());
    lane.inFlight = { link, cancel };
    const { to, clientId, text } = message;
    link.send({ action: "send", to, clientId, text });
    message.becomes("sending");
  }

  #putBack(lane: Lane): void {
    lane.inFlight?.cancel();
    lane.inFlight = undefined;
    lane.queue[0]?.becomes("queued");
  }

  #pauseLane(lane: Lane, retryAfter?: number): void {
    this.#putBack(lane);
    lane.cancelPause?.();
    lane.cancelPause = this.clock.after(lane.backoff.next(retryAfter), () => {
      lane.cancelPause = undefined;
      this.#pump(lane);
    });
  }

  #fail(lane: Lane, message: OutgoingMessage, error: KithError): void {
    this.#remove(lane, message);
    message.fails(error);
    this.#pump(lane);
  }

  #remove(lane: Lane, message: OutgoingMessage): void {
    if (lane.queue[0] === message) {
      lane.inFlight?.cancel();
      lane.inFlight = undefined;
    }
    lane.queue = lane.queue.filter((other) => other !== message);
  }
}

/** What passes. A session that has ended shows when the next ticket is taken, and not here. */
const PASSING: ReadonlySet<string> = new Set(["rate-limited", "unavailable", "internal", "unauthenticated"]);

/** Why a message cannot even be tried: it would not be refused, but end the connection, again and again. */
function refuse({ clientId, text, to }: OutgoingMessage): KithError | undefined {
  const size = (value: string) => new TextEncoder().encode(JSON.stringify(value)).length;
  const errors = [];
  if (size(text) > LARGEST_TEXT) {
    errors.push({ pointer: "/text", detail: "must have at most 28 KiB" });
  }
  if (clientId.length > LONGEST_CLIENT_ID) {
    errors.push({ pointer: "/clientId", detail: `must have at most ${LONGEST_CLIENT_ID} characters` });
  }
  if (to.length > LONGEST_CLIENT_ID) {
    errors.push({ pointer: "/to", detail: "must be the id of a person" });
  }
  if (errors.length === 0) {
    return undefined;
  }
  return new KithError({ code: "invalid-input", status: 422, detail: "The message cannot be sent.", errors });
}
