/** What is taken from the surroundings: `fetch`, `WebSocket`, time and chance. */

/** The events of a socket that are listened to. */
export interface SocketEvents {
  open: unknown;
  message: { data?: unknown };
  close: { code?: number };
  error: unknown;
}

/** As much of a WebSocket as is used. A browser's, Node's, and that of the package `ws` all fit. */
export interface SocketLike {
  send(data: string): void;
  close(code?: number, reason?: string): void;
  // biome-ignore lint/suspicious/noExplicitAny: implementations differ in the events' types, and agree in what is used of them.
  addEventListener(type: any, listener: (event: any) => void): void;
}

/** What makes one. */
export type SocketConstructor = new (url: string) => SocketLike;

/** Time and chance, so that a test can hold them still. */
export interface Clock {
  /** Calls back in so many milliseconds, unless the function that it returns is called before. */
  after(milliseconds: number, callback: () => void): () => void;
  /** A number from 0 up to, but not including, 1. */
  random(): number;
}

/** The real ones. */
export const systemClock: Clock = {
  after(milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  },
  random: Math.random,
};

/** Waits; gives up with the signal's reason if that says so first. */
export function pause(clock: Clock, milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const abort = () => {
      cancel();
      reject(signal?.reason);
    };
    const cancel = clock.after(milliseconds, () => {
      signal?.removeEventListener("abort", abort);
      resolve();
    });
    signal?.addEventListener("abort", abort, { once: true });
  });
}

/**
 * Checks that there is what cannot be passed, so that it is said at once and in words, and not by the call
 * that happens to need it first.
 */
export function checkSurroundings(): void {
  const { crypto, AbortSignal } = globalThis as Partial<typeof globalThis>;
  const missing = [
    typeof crypto?.getRandomValues !== "function" && "crypto",
    typeof AbortSignal?.any !== "function" && "AbortSignal.any",
  ];
  const first = missing.find((name) => name !== false);
  if (first !== undefined) {
    throw new Error(`There is no ${first} here: use Node 20.3 or newer, or a browser of 2024 or later.`);
  }
}

/** The `fetch` to use: the one that is given, or the global one. */
export function findFetch(given: typeof fetch | undefined): typeof fetch {
  const found = given ?? globalThis.fetch;
  if (typeof found !== "function") {
    throw new Error("There is no fetch here: use Node 20.3 or newer, or pass one as `fetch`.");
  }
  return given ?? ((...request) => globalThis.fetch(...request));
}

/** The `WebSocket` to use: the one that is given, or the global one. */
export function findWebSocket(given: SocketConstructor | undefined): SocketConstructor {
  const found = given ?? (globalThis as { WebSocket?: SocketConstructor }).WebSocket;
  if (typeof found !== "function") {
    throw new Error(
      "There is no WebSocket here: Node has it from version 22 on, or pass that of the package ws as `WebSocket`.",
    );
  }
  return found;
}

/** A new id, 36 characters: what `crypto.randomUUID` makes, which browsers keep for pages served by TLS or from localhost. */
export function randomId(): string {
  if (typeof crypto.randomUUID === "function") {
    return crypto.randomUUID();
  }
  const bytes = crypto.getRandomValues(new Uint8Array(18));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
