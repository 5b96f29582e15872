/** What a chat client can be told. */
import type { BackoffLimits } from "../backoff.js";
import type { ChatPosition } from "./position.js";

/** Times in milliseconds. */
export interface ChatTimings {
  /** How often it pings, and looks whether it missed something. API Gateway closes what is idle for ten minutes. */
  ping: number;
  /** How long it waits for something to come back, before it takes the connection for dead. */
  pong: number;
  /** How long it waits for a connection to open. */
  connect: number;
  /** How long it waits for the answer to a message: API Gateway gives up after 29 s. */
  ack: number;
  /** After how long it makes a new connection. API Gateway ends each after two hours. */
  renew: number;
  /** By how much less, at random, so that not all do so at once. */
  renewSpread: number;
  /** How long what is missing may be on its way, before it is fetched. */
  gap: number;
  /** How often, at most, it says that somebody is typing. */
  typing: number;
  /** The pauses between tries to connect. */
  reconnect: BackoffLimits;
}

const MINUTE = 60_000;

/** The times unless others are given. */
export const CHAT_TIMINGS: ChatTimings = {
  ping: 5 * MINUTE,
  pong: 15_000,
  connect: 15_000,
  ack: 35_000,
  renew: 110 * MINUTE,
  renewSpread: 10 * MINUTE,
  gap: 250,
  typing: 3000,
  reconnect: { first: 500, longest: 30_000 },
};

/** What a {@link ChatClient} may be told. */
export interface ChatOptions {
  /** How far it was when it was last asked for its `position`: it goes on from there. */
  since?: ChatPosition | undefined;
  /** Other times than the usual ones. */
  timings?: Partial<ChatTimings> | undefined;
}
