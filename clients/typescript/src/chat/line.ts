/** A connection that is always there: made anew when it breaks, and before it is too old. */
import { Backoff } from "../backoff.js";
import { KithError } from "../errors.js";
import type { Clock, SocketConstructor } from "../runtime.js";
import type { ChatState } from "./events.js";
import type { ServerFrame } from "./frames.js";
import { Link } from "./link.js";
import type { ChatTimings } from "./options.js";

/** Who hears of it. */
export interface LineListener {
  state(state: ChatState): void;
  /** What is said from now on goes through this one. */
  up(link: Link): void;
  /** What was not answered through this one never will be. */
  down(link: Link): void;
  heard(frame: ServerFrame, link: Link): void;
  pinged(): void;
  /** Whether an answer is to come through this one. */
  isAwaited(link: Link): boolean;
  failed(error: KithError): void;
}

/** What it takes to connect. */
export interface LineParts {
  /** Takes a new ticket and answers the URL to connect to: each connection needs one of its own. */
  takeTicket(signal: AbortSignal): Promise<string>;
  Socket: SocketConstructor;
  clock: Clock;
  timings: ChatTimings;
}

/**
 * Keeps one connection open. Before it is two hours old a second one is made, and once that is open the
 * first is closed, when what was said through it is answered: so nothing is interrupted.
 *
 * A browser cannot see why a connection could not be made. That the session has ended is learnt from the
 * ticket's 401, or heard as `signedOut`; either ends all of this.
 */
export class Line {
  #state: ChatState = "idle";
  #current: Link | undefined;
  /** One that is being opened. */
  #next: Link | undefined;
  /** One that has a successor and is waited for. */
  #old: Link | undefined;
  #running = new AbortController();
  /** Gives up the request for a ticket, if there is one under way. */
  #ticket: AbortController | undefined;
  #cancelRetry = () => {};
  #cancelRenewal = () => {};
  #cancelOld = () => {};
  readonly #backoff: Backoff;

  constructor(
    private readonly parts: LineParts,
    private readonly listener: LineListener,
  ) {
    this.#backoff = new Backoff(parts.clock, parts.timings.reconnect);
  }

  get state(): ChatState {
    return this.#state;
  }

  /** The connection through which things are said; undefined if there is none. */
  get current(): Link | undefined {
    return this.#current;
  }

  /** Connects, unless it is about to. */
  start(): void {
    if (this.#state === "idle") {
      this.#running = new AbortController();
      this.#connect();
    }
  }

  /** Closes everything. `start` begins again. */
  stop(): void {
    this.#finish("idle");
  }

  /** Closes everything, as the session has ended. */
  end(): void {
    this.#finish("ended");
  }

  /** The connection has proven to be of use: the next try after it breaks comes soon. */
  worked(): void {
    this.#backoff.reset();
  }

  /**
   * Something has changed, such as the network or that somebody looks again: tries at once. A ticket that
   * is asked for already is asked for anew, as that request may hang in a network that is gone.
   */
  nudge(): void {
    const hangs = this.#state === "connecting" && this.#ticket !== undefined;
    if (this.#state === "waiting" || hangs) {
      this.#backoff.reset();
      this.#cancelRetry();
      this.#giveUpTicket();
      this.#connect();
    } else {
      this.#current?.probe();
    }
  }

  /** There is no network: what is open is dead, whatever it says. */
  drop(): void {
    this.#next?.close();
    this.#old?.close();
    this.#current?.close();
  }

  #connect(): void {
    if (this.#ticket !== undefined || this.#next !== undefined) {
      return;
    }
    this.#ticket = new AbortController();
    const { signal } = this.#ticket;
    if (this.#current === undefined) {
      this.#become("connecting");
    }
    // Whoever heard that may have stopped everything, and even have started it again.
    if (signal.aborted) {
      return;
    }
    this.parts
      .takeTicket(signal)
      .then((url) => {
        if (!signal.aborted) {
          this.#ticket = undefined;
          this.#next = this.#open(url);
        }
      })
      .catch((error: unknown) => {
        // What was given up meanwhile is none of this one's business: another may be running.
        if (!signal.aborted) {
          this.#ticket = undefined;
          this.#refused(error);
        }
      });
  }

  #giveUpTicket(): void {
    this.#ticket?.abort();
    this.#ticket = undefined;
  }

  #open(url: string): Link {
    const { Socket, clock, timings } = this.parts;
    return new Link(Socket, url, clock, timings, {
      opened: (link) => this.#opened(link),
      heard: (frame, link) => this.#heard(frame, link),
      pinged: () => this.listener.pinged(),
      closed: (link) => this.#closed(link),
    });
  }

  #refused(error: unknown): void {
    const known = KithError.of(error);
    if (known.code === "unauthenticated") {
      this.end();
      return;
    }
    this.listener.failed(known);
    this.#retryLater(known.retryAfter);
  }

  #opened(link: Link): void {
    const { clock, timings } = this.parts;
    this.#next = undefined;
    this.#retire(this.#current);
    this.#current = link;
    this.#cancelRenewal();
    const age = timings.renew - clock.random() * timings.renewSpread;
    this.#cancelRenewal = clock.after(age, () => this.#connect());
    this.#become("connected");
    // Whoever heard that may have closed it.
    if (link === this.#current) {
      this.listener.up(link);
    }
  }

  /** Lets one go that has a successor, as soon as nothing is awaited through it, or in a while. */
  #retire(link: Link | undefined): void {
    if (link === undefined) {
      return;
    }
    this.#old?.close();
    this.#old = link;
    this.#cancelOld = this.parts.clock.after(this.parts.timings.ack, () => link.close());
    this.#closeIfDone(link);
  }

  #closeIfDone(link: Link): void {
    if (link === this.#old && !this.listener.isAwaited(link)) {
      link.close();
    }
  }

  #heard(frame: ServerFrame, link: Link): void {
    if (frame.type === "signedOut") {
      this.end();
      return;
    }
    this.listener.heard(frame, link);
    this.#closeIfDone(link);
  }

  #closed(link: Link): void {
    if (link === this.#next) {
      this.#next = undefined;
      this.#retryLater();
      return;
    }
    if (link === this.#old) {
      this.#old = undefined;
      this.#cancelOld();
    } else if (link === this.#current) {
      this.#current = undefined;
      this.#cancelRenewal();
      if (this.#next !== undefined || this.#ticket !== undefined) {
        this.#become("connecting");
      } else {
        this.#retryLater();
      }
    }
    this.listener.down(link);
  }

  #retryLater(retryAfter?: number): void {
    const { signal } = this.#running;
    const isSettled = () => signal.aborted || this.#ticket !== undefined;
    if (this.#current === undefined && !isSettled()) {
      this.#become("waiting");
    }
    // Whoever was told of that, or of what failed, may have stopped everything, or be trying again already.
    if (isSettled()) {
      return;
    }
    this.#cancelRetry();
    this.#cancelRetry = this.parts.clock.after(this.#backoff.next(retryAfter), () => this.#connect());
  }

  #finish(state: "idle" | "ended"): void {
    if (this.#state === "ended" || this.#state === state) {
      return;
    }
    this.#running.abort();
    this.#giveUpTicket();
    this.#cancelRetry();
    this.#cancelRenewal();
    this.drop();
    this.#become(state);
  }

  #become(state: ChatState): void {
    if (this.#state !== state) {
      this.#state = state;
      this.listener.state(state);
    }
  }
}
