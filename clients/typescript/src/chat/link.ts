/** One connection to the WebSocket API, from its opening to its end. */
import type { Clock, SocketConstructor, SocketLike } from "../runtime.js";
import { type ClientFrame, parseFrame, type ServerFrame } from "./frames.js";
import type { ChatTimings } from "./options.js";

/** Who hears of it. */
export interface LinkListener {
  opened(link: Link): void;
  heard(frame: ServerFrame, link: Link): void;
  /** It pinged, as it does from time to time. */
  pinged(link: Link): void;
  /** It has ended, or never began. Said once, and nothing after it. */
  closed(link: Link): void;
}

/** Pings, and takes a connection for dead that does not answer: TCP itself would notice much later, if ever. */
export class Link {
  readonly #socket: SocketLike;
  #state: "opening" | "open" | "closed" = "opening";
  #cancelPing = () => {};
  /** Ends the wait for something to be heard, if something is waited for. */
  #cancelDeadline: (() => void) | undefined;

  constructor(
    Socket: SocketConstructor,
    url: string,
    private readonly clock: Clock,
    private readonly timings: ChatTimings,
    private readonly listener: LinkListener,
  ) {
    this.#socket = new Socket(url);
    this.#socket.addEventListener("open", () => this.#opened());
    this.#socket.addEventListener("message", (event: { data?: unknown }) => this.#heard(event.data));
    this.#socket.addEventListener("close", () => this.close());
    // Of what went wrong nothing is said; `close` follows.
    this.#socket.addEventListener("error", () => {});
    this.#expectSomething(timings.connect);
  }

  /** Whether something can be said. */
  get isOpen(): boolean {
    return this.#state === "open";
  }

  /** Says something. Whether it arrives only an answer tells. */
  send(frame: ClientFrame): void {
    if (this.isOpen) {
      this.#socket.send(JSON.stringify(frame));
    }
  }

  /** Asks whether it is alive; if it says nothing for a while, it ends. */
  probe(): void {
    this.send({ action: "ping" });
    this.#expectSomething(this.timings.pong);
  }

  /** Ends it at once, without waiting for the other side to agree. */
  close(): void {
    if (this.#state === "closed") {
      return;
    }
    this.#state = "closed";
    this.#cancelPing();
    this.#heardSomething();
    try {
      this.#socket.close();
    } catch {
      // One that is only being opened cannot always be closed: nobody listens to it any more.
    }
    this.listener.closed(this);
  }

  #opened(): void {
    if (this.#state !== "opening") {
      return;
    }
    this.#state = "open";
    this.#heardSomething();
    this.#pingLater();
    this.listener.opened(this);
  }

  #heard(data: unknown): void {
    if (!this.isOpen) {
      return;
    }
    this.#heardSomething();
    const frame = parseFrame(data);
    if (frame !== undefined) {
      this.listener.heard(frame, this);
    }
  }

  #pingLater(): void {
    this.#cancelPing = this.clock.after(this.timings.ping, () => {
      this.probe();
      this.#pingLater();
      this.listener.pinged(this);
    });
  }

  /** What is waited for already is not waited for any longer: asking often must not keep a dead one alive. */
  #expectSomething(within: number): void {
    this.#cancelDeadline ??= this.clock.after(within, () => this.close());
  }

  #heardSomething(): void {
    this.#cancelDeadline?.();
    this.#cancelDeadline = undefined;
  }
}
