/** A message on its way out. */
import type { KithError } from "../errors.js";
import type { Message } from "../types.js";

/** As much of a message that was not sent yet as is needed to send it later, after a reload even. */
export interface PendingMessage {
  to: string;
  clientId: string;
  text: string;
}

/**
 * How it stands with it: `queued` until its turn comes and whenever the connection breaks; `sending` until
 * it is answered; then `sent`, or `failed`.
 */
export type OutgoingStatus = "queued" | "sending" | "sent" | "failed";

/** A message of one's own, from when it is written on: the local echo. */
export class OutgoingMessage implements PendingMessage {
  #status: OutgoingStatus = "queued";
  #wasTried = false;
  #error: KithError | undefined;
  #message: Message | undefined;
  #resolve!: (message: Message) => void;
  #reject!: (error: KithError) => void;
  /** The message as the server has it, once it is sent. Rejected with a KithError if it never will be. */
  readonly sent: Promise<Message>;

  constructor(
    readonly conversationId: string,
    readonly to: string,
    readonly clientId: string,
    readonly text: string,
    private readonly tell: (message: OutgoingMessage) => void,
  ) {
    this.sent = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Whoever listens for the status need not wait for this, too.
    this.sent.catch(() => {});
  }

  get status(): OutgoingStatus {
    return this.#status;
  }

  /** Whether it was ever given to a connection, here or before it came here: then it may have arrived, whatever became of the answer. */
  get wasTried(): boolean {
    return this.#wasTried;
  }

  /** The message as the server answered it, once it is sent. */
  get message(): Message | undefined {
    return this.#message;
  }

  /** Why it failed. */
  get error(): KithError | undefined {
    return this.#error;
  }

  /** For the outbox. */
  mayHaveArrived(): void {
    this.#wasTried = true;
  }

  /** For the outbox. */
  becomes(status: "queued" | "sending"): void {
    this.#wasTried ||= status === "sending";
    this.#change(status);
  }

  /** For the outbox. */
  succeeds(message: Message): void {
    this.#message = message;
    this.#change("sent");
    this.#resolve(message);
  }

  /** For the outbox. */
  fails(error: KithError): void {
    this.#error = error;
    this.#change("failed");
    this.#reject(error);
  }

  #change(status: OutgoingStatus): void {
    if (this.#status !== status) {
      this.#status = status;
      this.tell(this);
    }
  }
}
