/** Sockets that a test holds the other end of. */
import assert from "node:assert/strict";
import type { ClientFrame } from "../../src/chat/frames.js";
import type { SocketLike } from "../../src/runtime.js";

type Listener = (event: { data?: unknown }) => void;

export class FakeSocket implements SocketLike {
  readonly sent: ClientFrame[] = [];
  isClosed = false;
  readonly #listeners = new Map<string, Listener[]>();

  constructor(readonly url: string) {}

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }

  send(data: string): void {
    this.sent.push(JSON.parse(data) as ClientFrame);
  }

  /** As in a browser, `close` is only heard once the other side has agreed. */
  close(): void {
    this.isClosed = true;
  }

  open(): void {
    this.#tell("open", {});
  }

  hear(frame: unknown): void {
    this.#tell("message", { data: typeof frame === "string" ? frame : JSON.stringify(frame) });
  }

  /** The other side closes, or the network breaks. */
  break(): void {
    this.isClosed = true;
    this.#tell("close", {});
  }

  /** What was sent with this action. */
  said<Action extends ClientFrame["action"]>(action: Action): Extract<ClientFrame, { action: Action }>[] {
    return this.sent.filter((frame): frame is Extract<ClientFrame, { action: Action }> => frame.action === action);
  }

  #tell(type: string, event: { data?: unknown }): void {
    for (const listener of this.#listeners.get(type) ?? []) {
      listener(event);
    }
  }
}

/** Makes a constructor of sockets, and keeps what it made. */
export function fakeSockets() {
  const made: FakeSocket[] = [];
  const Socket = class extends FakeSocket {
    constructor(url: string) {
      super(url);
      made.push(this);
    }
  };
  return {
    Socket,
    made,
    get last(): FakeSocket {
      const last = made.at(-1);
      assert(last, "no connection was made");
      return last;
    },
  };
}
